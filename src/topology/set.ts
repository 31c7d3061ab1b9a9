import { checkOptions } from '../checks.ts';
import type { CsrPattern } from '../csr.ts';
import type { Random } from '../random.ts';
import { randomPattern, removeConnections, sampleFree } from './pattern.ts';
import { PRUNE_OPTIONS, type PruneOptions, pruneSchedule } from './schedule.ts';
import type { Edit, EvolvingLayer, InitialLayer, Topology } from './topology.ts';

/** SET: starts at random and grows at random (Mocanu et al., Nature Communications 2018). */
export function set(options: PruneOptions = {}): Topology<null> {
  const given = checkOptions('topology.set', options, PRUNE_OPTIONS);
  return Object.freeze<Topology<null>>({
    name: 'set',
    ...pruneSchedule(given),
    needs: [],
    init: startAtRandom,
    evolve: (layer, state, random) => ({ edit: growAtRandom(layer, random), state }),
  });
}

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
