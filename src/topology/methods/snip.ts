import type { CsrPattern } from '../../matrix/pattern.ts';
import { type Method, readMethodOptions } from '../method.ts';
import { noPruning } from '../schedule.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { InitialLayer, Topology } from '../topology.ts';

/** SNIP, as published. */
export const snip = {
  name: 'snip',
  about: 'Chooses once, by the gradient before the first step.',
  source: 'Lee et al., ICLR 2019',
  options: {},
  create: createSnip,
} as const satisfies Method;

/**
 * SNIP: of a dense initialisation each layer keeps the nnz weights with the largest |gradient · weight| on
 * the first mini-batch (Lee et al., ICLR 2019), then trains them from their initial values. Until training
 * starts the pattern is a random one.
 * @throws CtreError `E_ARGUMENT` for any option.
 */
export function createSnip(options: Readonly<Record<string, never>> = {}): Topology<null> {
  return Object.freeze<Topology<null>>({
    name: 'snip',
    options: readMethodOptions('topology.snip', {}, options),
    schedule: noPruning,
    needs: ['initialGradient'],
    init: (layer, random) =>
      layer.initial === undefined
        ? startAtRandom(layer, random)
        : { pattern: strongestPattern(layer, layer.initial), state: null },
  });
}

/** The nnz positions of largest |gradient · weight|; ties go to the lower row-major position. */
function strongestPattern(
  { outDim, inDim, nnz }: InitialLayer,
  { weights, gradient }: NonNullable<InitialLayer['initial']>,
): CsrPattern {
  const sensitivity = weights.map((weight, p) => Math.abs(weight * gradient[p]));
  // The nnz-th largest, and how many of its equals are still taken.
  const sorted = sensitivity.slice().sort();
  const threshold = sorted[sorted.length - nnz];
  let ties = nnz - sensitivity.reduce((count, s) => count + (s > threshold ? 1 : 0), 0);
  const indptr = new Int32Array(outDim + 1);
  const indices = new Int32Array(nnz);
  let q = 0;
  for (let r = 0; r < outDim; r++) {
    for (let c = 0; c < inDim; c++) {
      const s = sensitivity[r * inDim + c];
      if (s > threshold || (s === threshold && ties-- > 0)) indices[q++] = c;
    }
    indptr[r + 1] = q;
  }
  return { rows: outDim, cols: inDim, indptr, indices };
}
