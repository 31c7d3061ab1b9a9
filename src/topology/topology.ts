import type { Random } from '../base/random.ts';
import type { CsrPattern, Positions } from '../matrix/pattern.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import type { Work } from '../run/turns.ts';

/**
 * What a pair of neurons is scored by:
 * - `cosine`: the cosine of their activations over some rows: the inputs themselves, hidden neurons after
 *   their activation, outputs after softmax;
 * - `gradient`: the loss's mean gradient by the weight of their connection, over some rows, also where there
 *   is no connection.
 */
export type ScoreKind = 'cosine' | 'gradient';

/** How far training is. All counts are over all calls of `train` on the model. */
export interface Progress {
  /** Steps of the optimiser so far. */
  readonly step: number;
  /** Steps that there will be; Infinity for pieces whose end nobody has said. */
  readonly steps: number;
  /** Epochs that are done. */
  readonly epoch: number;
  /** Epochs that there will be; Infinity likewise. */
  readonly epochs: number;
  /** Whether an epoch has just ended, and the next one has made no step. */
  readonly isEpochEnd: boolean;
  /**
   * Validation accuracy of the last epoch that is done; its training accuracy where there are no validation
   * rows; −1 before the first one. Where epochs are compared by something else, that: the higher the better,
   * so a loss has its sign changed.
   */
  readonly accuracy: number;
  /** Rows trained on in an epoch; of the piece at hand where the epoch's steps are not known. */
  readonly rows: number;
  /** Rows of a step. */
  readonly batchSize: number;
}

/** A layer as a method sees it. Its arrays are copies: the method may keep and write them. */
export interface EvolvingLayer extends LayerShape {
  readonly pattern: CsrPattern;
  /** Weights in CSR order. */
  readonly weights: Float32Array;
  /** The optimiser's arrays for the weights, each in CSR order; none before the first step. */
  optimizerState(): readonly Float32Array[];
}

/** The whole network as a method sees it. */
export interface EvolvingNetwork {
  readonly layers: readonly EvolvingLayer[];
  readonly progress: Progress;
}

/** Some rows of those trained on. It is valid until the update that asked for it ends. */
export interface RowSample {
  readonly length: number;
}

/** What to look for in a layer: the `count` positions outside `kept` of the largest |score|. */
export interface Wanted {
  readonly kept: CsrPattern;
  readonly count: number;
  /**
   * Only |scores| above it count, and fewer positions may be found. Absent: free positions of score 0 make up
   * the number.
   */
  readonly least?: number;
  /** Connections along which neighbours of neighbours are looked for; absent: those there are. */
  readonly along?: CsrPattern;
}

/** Some of a layer's neurons on either side: 1 for each of them, 0 for the others. */
export interface Neurons {
  readonly inputs: Uint8Array;
  readonly outputs: Uint8Array;
}

/**
 * What carries a signal in a layer for one of some rows. An input fires here if it is not 0: with ReLU, if
 * its sum is above 0. With another slope below 0 that is nearly every neuron, and a gradient passes those
 * that do not fire, too: such an output counts as one that fires.
 */
export interface CarryingLayer extends Neurons {
  /**
   * By CSR position, 1 for a connection whose input fires, whose weight is not 0, and from which such
   * connections lead on to an output of the network.
   */
  readonly connections: Uint8Array;
  /** 1 for an input that fires. */
  readonly inputs: Uint8Array;
  /** 1 for an output that fires and whose signal reaches an output of the network. */
  readonly outputs: Uint8Array;
}

/** How `likeliest` looks for positions. */
export interface Likelihood {
  /**
   * `auto`: among listed positions, whose number grows with the neurons; among all where these are no more.
   * `exact`: among all positions, whose number grows with the neurons' square.
   */
  readonly search: 'auto' | 'exact';
  /**
   * Positions listed for each neuron of a layer, on either side; for cosines half as many for each
   * connection, if these are more; for gradients half as many for each neuron.
   */
  readonly pairs: number;
  /**
   * Share of the listed that are neighbours of neighbours of connections; the others are drawn uniformly.
   * Absent: half of them for cosines, none for gradients.
   */
  readonly guided?: number;
  /**
   * By layer, the neurons that positions are drawn among. Absent: those whose scores are not all 0 over the
   * first 128 rows, which takes a pass more.
   */
  readonly among?: readonly (Neurons | undefined)[];
}

/**
 * What a method may ask for. Lists are by layer; undefined for a layer that is left out. Work is a generator:
 * `const scores = yield* tools.scoreAt(…)`.
 */
export interface GrowthTools {
  /** The random stream of this update for a purpose; the same name gives the same numbers again. */
  random(purpose: string): Random;
  /**
   * CSR positions of the `count` connections of smallest |strength|, ascending; ties go to the lower one.
   * @param strengths in CSR order; absent: the weights.
   */
  weakest(layer: number, count: number, strengths?: Float32Array): Int32Array;
  /** Rows drawn at random without replacement; all rows where there are no more. */
  sampleRows(count: number, purpose?: string): RowSample;
  /**
   * By layer, what carries a signal for one of the rows. Over these rows the loss's gradient is 0 at every
   * position, connected or not, whose input or output does not.
   */
  carrying(rows: RowSample): Work<readonly CarryingLayer[]>;
  /** By layer of neurons, the inputs first: activations [neurons, rows], row-major. */
  activations(rows: RowSample): Work<readonly Float32Array[]>;
  /** By layer: the loss's mean gradient by every weight there is, in CSR order. */
  gradients(rows: RowSample): Work<readonly Float32Array[]>;
  /**
   * By layer: Σ |x| over the rows of every input, and Σ |δ| of every output, where δ is the loss's gradient
   * at the neuron's sum; with `signed`, |Σ ±x| and |Σ ±δ|, with one random sign a row.
   */
  neuronSums(rows: RowSample, kind: 'absolute' | 'signed'): Work<readonly NeuronSums[]>;
  /** Scores of listed positions, each list in row-major order. */
  scoreAt(
    positions: readonly (Positions | undefined)[],
    by: ScoreKind,
    rows: RowSample,
  ): Work<readonly (Float32Array | undefined)[]>;
  /**
   * Positions of large |score| in row-major order, as many as are wanted. Ties go to the lower row-major
   * position of W, `[outDim, inDim]`.
   */
  likeliest(
    wanted: readonly (Wanted | undefined)[],
    by: ScoreKind,
    rows: RowSample,
    how: Likelihood,
  ): Work<readonly (Positions | undefined)[]>;
}

/** Sums over rows, of one layer's neurons on either side. */
export interface NeuronSums {
  readonly inputs: Float64Array;
  readonly outputs: Float64Array;
}

/** What a method may ask for before the first step. */
export interface StartTools extends GrowthTools {
  /**
   * Of a dense network of the same shape, drawn by the model's initialiser: its weights and their mean
   * gradient over the rows, `[outDim, inDim]` row-major. Takes the memory of the dense network.
   */
  initialGradients(
    rows: RowSample,
  ): Work<readonly { readonly weights: Float32Array; readonly gradient: Float32Array }[]>;
  /**
   * Gives layers a pattern with weights in CSR order; the whole network keeps its number of connections. The
   * arrays of a network that was handed over before stay as they were.
   */
  replace(
    layers: readonly ({ readonly pattern: CsrPattern; readonly weights: Float32Array } | undefined)[],
  ): void;
}

/** A change of a layer's pattern. */
export interface Edit {
  /** CSR positions to remove, ascending. */
  readonly prune: Int32Array;
  /**
   * Positions to connect, in row-major order, none of them kept. A connection that the same edit prunes and
   * grows stays: it keeps its weight and its optimiser's state.
   */
  readonly grow: Positions;
  /** Those of the grown that were drawn at random, in row-major order. */
  readonly random: Positions;
}

/** What an update comes to. */
export interface Evolved<S> {
  /**
   * By layer; undefined for one that stays as it is. All edits together grow as many connections as they
   * prune; a layer may lose some to another one, and keeps at least one.
   */
  readonly edits: readonly (Edit | undefined)[];
  readonly states: readonly S[];
  /** Whether fewer may be grown than pruned, in all layers together; absent: not. */
  readonly shrinks?: boolean;
  /** What the grown were found by; absent where none were searched for. */
  readonly by?: ScoreKind;
}

/**
 * A topology method: where connections are at first, and how they move. S is what it remembers of a layer
 * from one update to the next. S has to be JSON, since checkpoints save it. A method that is an object
 * literal may have no other property than these; an instance of a class may have properties of its own.
 */
export interface Topology<S = unknown> {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * The name of the initialiser that new connections get where the caller chooses none; `uniform` if absent.
   */
  readonly growInitializer?: string;
  /** The first pattern has every connection, whatever the density asked for. */
  readonly startsFull?: boolean;
  /** `start` chooses the first pattern, so none can be given. */
  readonly choosesPattern?: boolean;
  /**
   * A layer's first pattern, of layer.nnz connections, or of all. Where the connections are given, as in a
   * model's file, layer.nnz is 0, and only the state is taken.
   */
  init(layer: LayerShape, random: Random): { readonly pattern: CsrPattern; readonly state: S };
  /**
   * What is done once, before the first step, with the rows at hand. Absent: nothing.
   * @returns the states.
   */
  start?(
    network: EvolvingNetwork,
    states: readonly S[],
    tools: StartTools,
  ): Work<readonly S[]> | readonly S[];
  /**
   * Whether an update is due: asked before every step but the first. Absent: at the end of every epoch. No
   * update comes after the last step.
   */
  isDue?(progress: Progress, layers: readonly LayerShape[]): boolean;
  /** One update; absent where the pattern is fixed. */
  evolve?(network: EvolvingNetwork, states: readonly S[], tools: GrowthTools): Work<Evolved<S>> | Evolved<S>;
  /**
   * A layer's state once the layer has got more outputs, with connections of their own; absent: it stays.
   * @param before the layer without them.
   */
  resize?(state: S, before: LayerShape, after: LayerShape): S;
  /**
   * A layer's state from a checkpoint, checked; absent where the method remembers nothing.
   * @throws CtreError `E_FORMAT` for anything that is no state.
   */
  restore?(state: unknown): S;
}
