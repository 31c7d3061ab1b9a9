import { randomStream } from '../base/random.ts';
import { CARRYING_ROWS } from '../growth/carrying.ts';
import { everyNeuron } from '../growth/neurons.ts';
import { planPasses } from '../growth/pairPasses.ts';
import { chooseSample } from '../growth/sampleChoice.ts';
import { WIRING_ROWS } from '../growth/wiring.ts';
import type { CandidateNeed, Need, Topology } from '../topology/topology.ts';

/** A training, as far as its arithmetic depends on it. */
export interface CountedTraining {
  /** Neurons by layer, the inputs first. */
  readonly dims: readonly number[];
  /** Connections by layer, on average over the epochs. */
  readonly nnz: readonly number[];
  readonly topology: Topology;
  /** Rows that made steps, those for validation left out. */
  readonly rows: number;
  readonly batchSize: number;
  /** Epochs trained. */
  readonly epochs: number;
  /** Epochs that the method's schedule was for. */
  readonly planned: number;
  /** The epochs, from 1, after which an update searched for candidates, and by what. */
  readonly searches: readonly { readonly epoch: number; readonly by: CandidateNeed }[];
}

/** Multiply-adds for each sample of each epoch, on average over a training. */
export interface MultiplyAdds {
  /** One for a connection. */
  readonly forward: number;
  /** Two for a connection; one in the first layer, because the gradient of the inputs is not needed. */
  readonly backward: number;
  /**
   * The searches for new connections, and a gradient to start from: an upper bound, since neurons that never
   * fire are left out of them.
   */
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
export function countMultiplyAdds(training: CountedTraining): MultiplyAdds {
  const { dims, nnz, topology, rows, epochs, searches } = training;
  const all = nnz.map((_, l) => dims[l] * dims[l + 1]);
  const forward = sum(nnz);
  const start = topology.needs.includes('initialGradient') ? COUNTS.initialGradient(training, 0) : 0;
  const updates = searches.map(({ epoch, by }) => COUNTS[by](training, epoch));
  const growth = (start + countWiring(training) + sum(updates)) / (rows * epochs);
  const steps = (connections: readonly number[]): number => 3 * sum(connections) - connections[0];
  return {
    forward,
    backward: steps(nnz) - forward,
    growth,
    total: steps(nnz) + growth,
    dense: steps(all),
  };
}

/** Multiply-adds of what training collects for a method, once. */
const COUNTS: Readonly<Record<Need, (training: CountedTraining, epoch: number) => number>> = {
  activations({ dims, nnz, topology, rows, planned }, epoch) {
    const fraction = topology.schedule.fraction(epoch, planned);
    const searched = nnz.map((count, l) => {
      const pruned = count === dims[l] * dims[l + 1] ? 0 : Math.floor(fraction * count);
      return pruned === 0 ? undefined : { kept: { indices: { length: count - pruned } }, count: pruned };
    });
    const search = topology.search ?? 'auto';
    const sample = chooseSample(search, dims, searched, rows);
    const { passes, pairs } = planSearch(dims, (l) => searched[l] !== undefined, search !== 'exact');
    const every = countCosines(dims, nnz, passes, pairs);
    if (sample === undefined) return rows * every;
    const listed = sample.oversample * sum(searched.map((entry) => entry?.count ?? 0));
    return Math.min(sample.sampleRows, rows) * every + rows * (sum(nnz) + sum(dims) + listed);
  },
  denseGradient({ dims, nnz, rows, batchSize, topology }) {
    const { passes, pairs } = planSearch(dims, (l) => nnz[l] < dims[l] * dims[l + 1], false);
    const samples = Math.min(batchSize * (topology.gradientBatches ?? 1), rows);
    const carrying =
      topology.prunesIdle === undefined ? 0 : Math.min(CARRYING_ROWS, rows) * (sum(nnz) + sum(dims));
    // Every pass goes up and down the network again.
    return samples * (passes * (2 * sum(nnz) - nnz[0]) + pairs) + carrying;
  },
  initialGradient({ dims, nnz, rows, batchSize }) {
    const all = nnz.map((_, l) => dims[l] * dims[l + 1]);
    return Math.min(batchSize, rows) * (3 * sum(all) - all[0]);
  },
};

/** The searches of the wiring before the first step: over a sample. */
function countWiring({ dims, nnz, topology, rows }: CountedTraining): number {
  const { passes, pairs } = planSearch(dims, (l) => nnz[l] < dims[l] * dims[l + 1], true);
  const every = countCosines(dims, nnz, passes, pairs);
  return (topology.wiring ?? 0) * Math.min(WIRING_ROWS, rows) * every;
}

/** For each row: once up the network for the norms, and once more for every pass. */
function countCosines(
  dims: readonly number[],
  nnz: readonly number[],
  passes: number,
  pairs: number,
): number {
  return (1 + passes) * sum(nnz) + sum(dims) + pairs;
}

/** How often the rows go by, and how many pairs of neurons are compared, where all neurons fire. */
function planSearch(
  dims: readonly number[],
  isSearched: (layer: number) => boolean,
  isBounded: boolean,
): { readonly passes: number; readonly pairs: number } {
  const plans = dims.slice(1).map((outDim, l) => {
    const bounded = isBounded ? randomStream(0, 'count') : undefined;
    return isSearched(l) ? planPasses(everyNeuron(outDim), everyNeuron(dims[l]), bounded) : [];
  });
  return {
    passes: Math.max(...plans.map(({ length }) => length)),
    pairs: sum(plans.flat().map((pass) => pass.pairs)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
