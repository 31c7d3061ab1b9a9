import { evolveByPaths } from '../cannistraciHebb.ts';
import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneShare, shareDone, updateIsDue } from '../pruneOptions.ts';
import { drawByWeight, softWeights } from '../softChoice.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** Options of chts. */
export interface ChtsOptions extends PruneOptions {
  /** The inverse of the temperature at the end of the training; it is 1 at its start; 3. */
  readonly sharpness?: number;
}

const chtsOptions = {
  ...pruneOptions,
  sharpness: {
    flag: 'sharpness',
    value: 'p',
    help: 'links are drawn by strength to a power, from 1 to p',
    default: 3,
    kind: 'number',
    bounds: { least: 0, most: 16 },
  },
} as const satisfies MethodOptions<ChtsOptions>;

/** CHTs. */
export const chts = {
  name: 'chts',
  about: 'As cht, but draws the links that go and those that come.',
  source: 'Zhang et al., Preprints 2024',
  options: chtsOptions,
  published: { pruneFraction: 0.3 },
  create: createChts,
} as const satisfies Method;

/**
 * Cannistraci–Hebb training with the soft rule: as cht, but links are drawn, those that stay in proportion
 * to |w|^p and those that grow in proportion to CH3-L3p^p (Zhang et al., Preprints 2024). The temperature
 * 1/p falls over the training: p goes in a line from 1 to `sharpness`. It is rounded to sixteenths.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createChts(options: ChtsOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<ChtsOptions>('topology.chts', chtsOptions, options, chts.published);
  return Object.freeze<Topology<null>>({
    name: 'chts',
    options: checked,
    growInitializer: 'zeros',
    init: startAtRandom,
    isDue: updateIsDue(checked),
    *evolve(network, states, tools) {
      const { progress } = network;
      const power = 1 + shareDone(progress) * (checked.sharpness - 1);
      const edits = yield* evolveByPaths(network, tools, pruneShare(checked, progress), {
        prune({ index, nnz, weights }, count) {
          const random = tools.random(`keep/${index}`);
          const isKept = new Uint8Array(nnz);
          for (const p of drawByWeight(softWeights(weights, power), nnz - count, random)) isKept[p] = 1;
          return Int32Array.from(isKept.keys()).filter((p) => isKept[p] === 0);
        },
        grow: ({ scores }, count, random) => drawByWeight(softWeights(scores, power), count, random),
      });
      return { edits, states };
    },
  });
}
