// Tells what makes a neuron fire: paths of weights from the inputs, and the held-out rows.
import type { CsrMatrix, DenseMatrix } from 'ctre';
import type { NeuronFacts } from './protocol.ts';

/** Rows that are looked at, and those of them that a neuron fires most for. */
const [ROWS, STRONGEST] = [400, 24];
/** Inputs that are named. */
const NAMED = 6;

/** A layer's arrays. */
export interface LayerArrays {
  readonly weights: CsrMatrix;
  readonly bias: Float32Array;
}

/**
 * @param layer 0 for the inputs, then the hidden layers and the outputs.
 * @param x held-out rows, dense, as the network takes them.
 */
export function neuronFacts(
  layers: readonly LayerArrays[],
  layer: number,
  neuron: number,
  x: DenseMatrix,
  labels: Int32Array,
  classes: number,
  { isPicture, isRelu }: { readonly isPicture: boolean; readonly isRelu: boolean },
): NeuronFacts {
  const weights = layers.map((one) => one.weights);
  const rows = Math.min(ROWS, x.rows);
  const activations = Float64Array.from({ length: rows }, (_, row) =>
    activation(
      layers.slice(0, layer),
      x.data.subarray(row * x.cols, (row + 1) * x.cols),
      neuron,
      layer === layers.length,
    ),
  );
  const order = [...activations.keys()]
    .sort((one, other) => activations[other] - activations[one])
    .slice(0, Math.min(STRONGEST, rows));
  const shares = Array.from({ length: classes }, () => 0);
  for (const row of order) shares[labels[row]] += 1 / order.length;
  const paths = pathsTo(weights, layer, neuron);
  const strongest = [...paths.keys()]
    .filter((input) => paths[input] !== 0)
    .sort((one, other) => Math.abs(paths[other]) - Math.abs(paths[one]))
    .slice(0, NAMED);
  const into = layer === 0 ? undefined : weights[layer - 1];
  return {
    incoming: into === undefined ? 0 : into.indptr[neuron + 1] - into.indptr[neuron],
    outgoing: layer === layers.length ? 0 : countOf(weights[layer].indices, neuron),
    // With another activation, what is above 0 says less.
    ...(isRelu && { fires: activations.filter((value) => value > 0).length / rows, classes: shares }),
    inputs: strongest.map((input) => ({ input, weight: paths[input] })),
    ...(isPicture && { weights: Float32Array.from(paths) }),
  };
}

/** What a neuron answers to a row. */
function activation(
  layers: readonly LayerArrays[],
  row: Float32Array,
  neuron: number,
  isOutput: boolean,
): number {
  let values: ArrayLike<number> = row;
  for (let l = 0; l < layers.length; l++) {
    const { weights, bias } = layers[l];
    const { indptr, indices, values: w, rows } = weights;
    const isLast = l === layers.length - 1;
    const next = new Float64Array(rows);
    for (let i = isLast ? neuron : 0; i < (isLast ? neuron + 1 : rows); i++) {
      let sum = bias[i];
      for (let p = indptr[i]; p < indptr[i + 1]; p++) sum += w[p] * values[indices[p]];
      next[i] = isLast && isOutput ? sum : Math.max(0, sum);
    }
    values = next;
  }
  return values[neuron];
}

/** The sum of the products of weights along all paths from each input to a neuron. */
function pathsTo(weights: readonly CsrMatrix[], layer: number, neuron: number): Float64Array {
  let paths = new Float64Array(layer === 0 ? weights[0].cols : weights[layer - 1].rows);
  paths[neuron] = 1;
  for (let l = layer - 1; l >= 0; l--) {
    const { rows, cols, indptr, indices, values } = weights[l];
    const next = new Float64Array(cols);
    for (let i = 0; i < rows; i++) {
      if (paths[i] === 0) continue;
      for (let p = indptr[i]; p < indptr[i + 1]; p++) next[indices[p]] += values[p] * paths[i];
    }
    paths = next;
  }
  return paths;
}

const countOf = (indices: Int32Array, wanted: number): number =>
  indices.reduce((sum, index) => sum + (index === wanted ? 1 : 0), 0);
