import type { Random } from '../base/random.ts';
import { removeConnections } from '../matrix/pattern.ts';
import { sampleFree } from '../matrix/sampling.ts';
import type { Edit, EvolvingLayer } from './topology.ts';

/** Prunes the weakest connections, and grows as many at positions drawn uniformly among those not kept. */
export function growAtRandom({ pattern, weakest }: EvolvingLayer, random: Random): Edit {
  const grow = sampleFree(removeConnections(pattern, weakest), weakest.length, random);
  return { prune: weakest, grow, random: grow };
}
