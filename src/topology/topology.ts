import type { Random } from '../base/random.ts';
import type { CsrPattern, Positions } from '../matrix/pattern.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import type { CosineSearch } from './cosineSearchOption.ts';
import type { Schedule } from './schedule.ts';

/**
 * What a method needs of training:
 * - `activations`: candidates are the positions of largest |cosine| between the activations of their two
 *   neurons;
 * - `denseGradient`: candidates are the positions of largest |gradient|, the mean over `gradientBatches`
 *   mini-batches;
 * - `initialGradient`: `init` is called once more before the first step, with a dense initialisation and its
 *   gradient on the first mini-batch.
 */
export type Need = CandidateNeed | 'initialGradient';

/** What candidates can be found by. */
export type CandidateNeed = 'activations' | 'denseGradient';

/** A layer as `init` sees it. */
export interface InitialLayer extends LayerShape {
  /**
   * Only for `initialGradient`: weights and their gradient, both dense, [outDim, inDim] row-major; copies.
   */
  readonly initial?: { readonly weights: Float32Array; readonly gradient: Float32Array };
}

/** How far training is when the topology evolves. */
export interface Progress {
  /** The epoch that has just ended, from 1. */
  readonly epoch: number;
  /** How many there will be. */
  readonly epochs: number;
  /** Validation accuracy of that epoch; the training accuracy where there are no validation rows. */
  readonly accuracy: number;
}

/** A layer as `evolve` sees it. Its arrays are copies: the method may call, keep and write what it likes. */
export interface EvolvingLayer extends LayerShape {
  readonly pattern: CsrPattern;
  /** Weights in CSR order. */
  readonly values: Float32Array;
  /** CSR positions of the ⌊ζ·nnz⌋ weights of smallest magnitude, ascending; ties go to the lower position. */
  readonly weakest: Int32Array;
  /**
   * As many positions outside the kept ones, of the largest score the method needs; ties go to the lower one.
   */
  readonly candidates?: Positions;
  readonly progress: Progress;
}

/**
 * A change of a layer's pattern. As many connections are grown as are pruned, unless the method has a
 * `pruneCount`.
 */
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

/**
 * A topology method: where connections are at first, and how they move. S is what it remembers of a layer
 * from one update to the next. S has to be JSON, since checkpoints save it. A method that is an object
 * literal may have no other property than these; an instance of a class may have properties of its own.
 */
export interface Topology<S = unknown> {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly needs: readonly Need[];
  /** ζ, the share of connections replaced at an update. */
  readonly schedule: Schedule;
  /** Mini-batches that a dense gradient is the mean of; absent: 1. */
  readonly gradientBatches?: number;
  /** How candidates by activations are searched for; absent: whichever way is cheaper. */
  readonly search?: CosineSearch;
  /**
   * The name of the initialiser that new connections get where the caller chooses none; `uniform` if absent.
   */
  readonly growInitializer?: string;
  /** The first pattern has every connection, whatever the density asked for. */
  readonly startsFull?: boolean;
  /**
   * A layer's first pattern, of layer.nnz connections, or of all. Where the connections are given, as in a
   * model's file, layer.nnz is 0, and only the state is taken.
   */
  init(layer: InitialLayer, random: Random): { readonly pattern: CsrPattern; readonly state: S };
  /** Updates before the first step, by what fires together and without labels; absent: none. */
  readonly wiring?: number;
  /**
   * What the coming update's candidates are found by, one of `needs`; undefined for none. Absent: the first
   * need.
   */
  candidatesBy?(state: S, progress: Progress): CandidateNeed | undefined;
  /**
   * Whether the coming update prunes connections that carry nothing before the weakest ones; absent: it does
   * not.
   */
  prunesIdle?(state: S, progress: Progress): boolean;
  /**
   * For methods that prune more than they grow: how many connections the coming update prunes, in place of
   * the schedule's ⌊ζ·nnz⌋. Then full layers are pruned, too.
   */
  pruneCount?(layer: LayerShape, state: S, progress: Progress): number;
  /**
   * A layer's state from a checkpoint, checked; absent where the method remembers nothing.
   * @throws CtreError `E_FORMAT` for anything that is no state.
   */
  restore?(state: unknown): S;
  /** One update after an epoch; absent where the pattern is fixed. */
  evolve?(layer: EvolvingLayer, state: S, random: Random): { readonly edit: Edit; readonly state: S };
}
