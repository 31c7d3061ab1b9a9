// A network in plain loops over dense matrices, in float64, with the error that float32 may make
// (rounding.ts).
import type { Random } from '../../src/base/random.ts';
import { CsrMatrix, type ModelOptions, SparseMLP } from '../../src/index.ts';
import { Approximate } from './rounding.ts';

/** A layer's weights by rows of output neurons; 0 where there is no connection. */
export interface DenseLayer {
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** Layers of float32 numbers, each with a share of its connections. */
export function drawLayers(
  dims: readonly number[],
  density: readonly number[],
  random: Random,
): DenseLayer[] {
  return density.map((share, l) => ({
    weights: Array.from({ length: dims[l + 1] }, () =>
      Array.from({ length: dims[l] }, () =>
        random.next() < share ? Math.fround(2 * random.next() - 1) || 1 : 0,
      ),
    ),
    bias: Array.from({ length: dims[l + 1] }, () => Math.fround(random.next() - 0.5)),
  }));
}

/** The same network as a model. */
export function openLayers(layers: readonly DenseLayer[], options: ModelOptions = {}): Promise<SparseMLP> {
  return SparseMLP.fromWeights(
    layers.map(({ weights, bias }) => ({
      weights: CsrMatrix.fromDense({
        rows: weights.length,
        cols: weights[0].length,
        data: Float32Array.from(weights.flat()),
      }),
      bias,
    })),
    options,
  );
}

/** What every layer makes of its input, before its activation; by default that is ReLU. */
export function sumsOf(
  layers: readonly DenseLayer[],
  row: readonly Approximate[],
  activation = rectify,
): Approximate[][] {
  let input = row;
  return layers.map(({ weights, bias }) => {
    const sums = weights.map((list, i) => {
      const terms = list.flatMap((w, j) => (w === 0 ? [] : [[new Approximate(w), input[j]] as const]));
      return Approximate.inner(new Approximate(bias[i]), terms);
    });
    input = sums.map(activation);
    return sums;
  });
}

function rectify({ value, error }: Approximate): Approximate {
  return new Approximate(Math.max(0, value), error);
}

/** Probabilities of logits. */
export function softmaxOf(logits: readonly Approximate[]): Approximate[] {
  const top = logits.reduce((most, z) => (z.value > most.value ? z : most));
  const powers = logits.map((z) => z.minus(top).exp());
  const total = powers.reduce((sum, power) => sum.plus(power));
  return powers.map((power) => power.over(total));
}
