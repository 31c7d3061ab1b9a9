import type { CsrPattern } from '../../matrix/pattern.ts';
import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { countsByRank, strongest } from '../ranking.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** Options of snip. */
export interface SnipOptions {
  /**
   * `layer` (the default): each layer keeps as many connections as the density asks for. `network`, as
   * published: one ranking of all; a layer keeps at least one connection, and has every one only if the
   * density asks for every one.
   */
  readonly ranking?: 'layer' | 'network';
}

const snipOptions = {
  ranking: {
    flag: 'snip-ranking',
    value: 'kind',
    help: 'of connections: in each layer, or in the whole network',
    default: 'layer',
    kind: 'choice',
    choices: ['layer', 'network'],
  },
} as const satisfies MethodOptions<SnipOptions>;

/** SNIP. */
export const snip = {
  name: 'snip',
  about: 'Chooses once, by the gradient before the first step.',
  source: 'Lee et al., ICLR 2019',
  options: snipOptions,
  published: { ranking: 'network' },
  create: createSnip,
} as const satisfies Method;

/**
 * SNIP: of a dense initialisation the weights with the largest |gradient · weight| on one mini-batch stay
 * (Lee et al., ICLR 2019). They are trained from their initial values. Until training starts the pattern is a
 * random one. Its start takes the time and the memory of a dense network.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createSnip(options: SnipOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<SnipOptions>('topology.snip', snipOptions, options, snip.published);
  return Object.freeze<Topology<null>>({
    name: 'snip',
    options: checked,
    choosesPattern: true,
    init: startAtRandom,
    *start({ layers, progress }, states, tools) {
      const initial = yield* tools.initialGradients(tools.sampleRows(progress.batchSize));
      const sensitivities = initial.map(({ weights, gradient }) =>
        weights.map((weight, p) => weight * gradient[p]),
      );
      const asked = layers.map(({ nnz }) => nnz);
      const limits = layers.map(({ inDim, outDim, nnz }) => {
        const all = inDim * outDim;
        return { least: 1, most: nnz === all ? all : all - 1 };
      });
      const total = asked.reduce((sum, count) => sum + count, 0);
      const counts = checked.ranking === 'layer' ? asked : countsByRank(sensitivities, total, limits);
      yield;
      tools.replace(
        layers.map(({ inDim, outDim }, l) => {
          const kept = strongest(sensitivities[l], counts[l]);
          const { weights } = initial[l];
          return {
            pattern: patternAt(outDim, inDim, kept),
            weights: Float32Array.from(kept, (p) => weights[p]),
          };
        }),
      );
      return states;
    },
  });
}

/** The pattern of row-major positions, ascending. */
function patternAt(rows: number, cols: number, positions: Int32Array): CsrPattern {
  const indptr = new Int32Array(rows + 1);
  const indices = new Int32Array(positions.length);
  positions.forEach((position, q) => {
    indptr[Math.floor(position / cols) + 1]++;
    indices[q] = position % cols;
  });
  for (let r = 0; r < rows; r++) indptr[r + 1] += indptr[r];
  return { rows, cols, indptr, indices };
}
