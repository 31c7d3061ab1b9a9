import type { MultiplyAdds } from '../train/multiplyAdds.ts';

/** One training of a comparison: what differs between them. */
export interface Cell {
  /** The dataset's name. */
  readonly dataset: string;
  readonly hidden: readonly number[];
  /** ε; null where the density is given in another way. */
  readonly epsilon: number | null;
  readonly method: string;
  readonly seed: number;
  /** Of a method of one's own: tells one content of its module from another. */
  readonly module?: string;
}

/** A training that came to its end. Lists by epoch begin with the first one. */
export interface FinishedCell extends Cell {
  /** Tells one content of the dataset from another. */
  readonly data: string;
  /** What was learnt, where that is not cross-entropy. Where it is numbers, all accuracies here are R². */
  readonly loss?: string;
  readonly inputs: number;
  /** Outputs, whatever was learnt. */
  readonly classes: number;
  readonly nnz: number;
  readonly nnzByLayer: readonly number[];
  readonly density: number;
  readonly trainRows: number;
  readonly testRows: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  /** Null without validation. */
  readonly bestValAccuracy: number | null;
  /** At the first epoch of the best validation accuracy. */
  readonly testAccuracy: number;
  readonly finalTestAccuracy: number;
  readonly multiplyAdds: MultiplyAdds;
  /** Pairs of neurons that were scored to find new connections, before the first step and in all updates. */
  readonly pairs: number;
  /** ITOP's share of positions ever connected, over all layers that are sparse; null where none is. */
  readonly explorationRate: number | null;
  /** The share of hidden neurons that are dead after the last epoch, see `Looks.dead`; 0 without any. */
  readonly deadNeurons: number;
  /** Of all epochs, steps, updates and scores among them. */
  readonly seconds: number;
  /** Of the steps alone. */
  readonly trainSeconds: number;
  /** Of what the method did before the first step. */
  readonly startSeconds: number;
  /** Of all updates. */
  readonly evolveSeconds: number;
  readonly curves: {
    readonly loss: readonly number[];
    readonly accuracy: readonly number[];
    readonly valAccuracy: readonly (number | null)[];
    /** Tested at epochs of a new best validation accuracy and at the last one only; null elsewhere. */
    readonly testAccuracy: readonly (number | null)[];
  };
  /** Counts of the updates; null where the topology stays. */
  readonly evolution: EvolutionCounts | null;
  readonly looks: Looks;
}

/** What is counted of an update, see EditCounts. */
export type EvolutionCount = 'pruned' | 'regrown' | 'grown' | 'random';

/** Sums over the updates of each epoch that had some, by layer. */
export interface EvolutionCounts extends Readonly<Record<EvolutionCount, readonly (readonly number[])[]>> {
  readonly epochs: readonly number[];
  /** Updates in each of these epochs. */
  readonly updates: readonly number[];
}

/**
 * The network at the end of some epochs, before the update of the topology that follows. Epoch 0 is before
 * training.
 */
export interface Looks {
  readonly epochs: readonly number[];
  /** Inputs without a connection. */
  readonly unusedInputs: readonly number[];
  /** Hidden neurons without an input, by hidden layer. */
  readonly noInput: readonly (readonly number[])[];
  /** Hidden neurons without an output, by hidden layer. */
  readonly noOutput: readonly (readonly number[])[];
  /** Hidden neurons that fire for none of `sampleRows` training rows, by hidden layer. */
  readonly silent: readonly (readonly number[])[];
  /**
   * Hidden neurons that cannot matter, by hidden layer: without an input, without an output, or that fire for
   * none of `sampleRows` training rows. The latter counts with ReLU alone: with any other slope below 0 a
   * signal passes them all the same.
   */
  readonly dead: readonly (readonly number[])[];
  readonly sampleRows: number;
  readonly degrees: { readonly first: Degrees; readonly last: Degrees };
  /** Mean connections of the features that matter, repeat these, and mean nothing, where it is known. */
  readonly groups?: {
    readonly informative: readonly number[];
    readonly redundant: readonly number[];
    readonly noise: readonly number[];
  };
  /** Connections of every input at some of the epochs, where the inputs are a picture's pixels. */
  readonly picture?: {
    readonly width: number;
    readonly height: number;
    readonly epochs: readonly number[];
    readonly connections: readonly (readonly number[])[];
  };
}

/** How many neurons have how many connections: pairs of connections and neurons, ascending. */
export interface Degrees {
  readonly inputs: readonly (readonly [connections: number, neurons: number])[];
  /** Inputs and outputs of hidden neurons together. */
  readonly hidden: readonly (readonly [connections: number, neurons: number])[];
}

/** A training that did not: its loss was no finite number any more. */
export interface FailedCell extends Cell {
  readonly data: string;
  readonly failed: string;
}

export type CellRecord = FinishedCell | FailedCell;

export function isFinished(record: CellRecord): record is FinishedCell {
  return !('failed' in record);
}

/** Equal for two cells only if they are the same. */
export function cellKey({ dataset, hidden, epsilon, method, seed }: Cell): string {
  return JSON.stringify([dataset, hidden, epsilon, method, seed]);
}

/** What cells have to share to be compared: all but method and seed. */
export function groupKey({ dataset, hidden, epsilon }: Cell): string {
  return JSON.stringify([dataset, hidden, epsilon]);
}
