import { CtreError } from '../base/errors.ts';
import type { F64Block, Region } from '../engine/region.ts';
import type { Gradient } from '../nn/layer.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';

/** Pieces of one array at most. */
const MOST_PIECES = 64;
/** Elements of a piece at least: fewer are not worth a job. */
const LEAST_LENGTH = 4096;

/** A piece of one layer's gradient. */
interface ArrayPiece {
  readonly layer: number;
  readonly array: keyof Gradient;
  readonly begin: number;
  readonly length: number;
}

/**
 * Scales down gradients whose Euclidean norm, over the weights and biases of all layers, is above a bound
 * (Pascanu et al. 2013). The pieces that squares are added up in depend on nothing but the sizes of the
 * layers, so that the bits do not depend on the threads.
 */
export class GradientClip {
  readonly #layers: readonly LayerShape[];
  readonly #most: number;
  /** The sum of squares of every piece. */
  readonly #sums: F64Block;

  /** @throws CtreError `E_MEMORY`. */
  constructor(region: Region, layers: readonly LayerShape[], most: number) {
    this.#layers = layers;
    this.#most = most;
    this.#sums = region.f64(2 * layers.length * MOST_PIECES);
  }

  /**
   * Adds the gradients of all tiles to the first one's, in the order of the tiles, and measures the sum.
   * @returns what to scale it by: 1 where its norm is within the bound.
   * @throws CtreError `E_DIVERGED` for a norm that is not finite.
   */
  *measure(
    executor: Executor,
    [first, ...others]: readonly (readonly Gradient[])[],
    epoch: number,
  ): Work<number> {
    // Updates of the topology change how many connections a layer has.
    const pieces = this.#layers.flatMap(({ nnz, outDim }, layer) => [
      ...cut(layer, 'weights', nnz),
      ...cut(layer, 'bias', outDim),
    ]);
    const sums = this.#sums;
    yield* executor.run(pieces.length, (kernels, index) => {
      const { layer, array, begin, length } = pieces[index];
      const to = first[layer][array].at(begin);
      for (const other of others) kernels.addTo(to, other[layer][array].at(begin), length);
      kernels.squareSum(to, length, sums.at(index));
    });
    const squares = sums.view.subarray(0, pieces.length).reduce((total, sum) => total + sum, 0);
    const norm = Math.sqrt(squares);
    if (Number.isFinite(norm)) return norm > this.#most ? this.#most / norm : 1;
    throw new CtreError(
      'E_DIVERGED',
      `the gradient is no longer finite in epoch ${epoch}; use a smaller learning rate or ` +
        'smaller initial weights, or scale the features',
    );
  }
}

/** An array's pieces, of about the same length. */
function cut(layer: number, array: ArrayPiece['array'], elements: number): ArrayPiece[] {
  const length = Math.max(LEAST_LENGTH, Math.ceil(elements / MOST_PIECES));
  return Array.from({ length: Math.ceil(elements / length) }, (_, piece) => {
    const begin = piece * length;
    return { layer, array, begin, length: Math.min(length, elements - begin) };
  });
}
