/** A training, as far as its arithmetic depends on it. */
export interface CountedTraining {
  /** Neurons by layer, the inputs first. */
  readonly dims: readonly number[];
  /** Connections by layer, on average over the epochs. */
  readonly nnz: readonly number[];
  /** Rows that made steps, those for validation left out. */
  readonly rows: number;
  /** Epochs trained. */
  readonly epochs: number;
  /** Multiply-adds of all that was done for the topology method, before the first step and in updates. */
  readonly growth: number;
}

/** Multiply-adds for each sample of each epoch, on average over a training. */
export interface MultiplyAdds {
  /** One for a connection. */
  readonly forward: number;
  /** Two for a connection; one in the first layer, because the gradient of the inputs is not needed. */
  readonly backward: number;
  /** What choosing connections took: scores of pairs of neurons, and the passes over rows for them. */
  readonly growth: number;
  readonly total: number;
  /** Forward and backward of a network of the same shape with every connection. */
  readonly dense: number;
}

/**
 * Counts the multiplications by weights and between activations. What grows with neurons or connections of a
 * whole batch only (biases, ReLU, softmax, the optimiser, choosing the smallest weights) is left out on both
 * sides.
 */
export function countMultiplyAdds({ dims, nnz, rows, epochs, growth }: CountedTraining): MultiplyAdds {
  const steps = (connections: readonly number[]): number => 3 * sum(connections) - connections[0];
  const forward = sum(nnz);
  const each = growth / (rows * epochs);
  return {
    forward,
    backward: steps(nnz) - forward,
    growth: each,
    total: steps(nnz) + each,
    dense: steps(nnz.map((_, l) => dims[l] * dims[l + 1])),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
