import type { Random } from '../base/random.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import { removeConnections } from '../matrix/pattern.ts';
import { randomPattern, sampleFree } from '../matrix/sampling.ts';
import type { Edit, EvolvingLayer, InitialLayer } from './topology.ts';

/** An Erdős–Rényi pattern: the start of every sparse method. */
export function startAtRandom(
  { outDim, inDim, nnz }: InitialLayer,
  random: Random,
): { pattern: CsrPattern; state: null } {
  return { pattern: randomPattern(outDim, inDim, nnz, random), state: null };
}

/** The weakest connections go, as many come at positions uniform among those not kept. */
export function growAtRandom({ pattern, weakest }: EvolvingLayer, random: Random): Edit {
  const grow = sampleFree(removeConnections(pattern, weakest), weakest.length, random);
  return { prune: weakest, grow, random: grow };
}
