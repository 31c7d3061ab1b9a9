import { CtreError } from '../base/errors.ts';
import type { Network } from '../nn/network.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { ModelHost } from '../run/host.ts';
import { WaitingCalls } from '../run/waitingCalls.ts';
import type { EpochLoop } from '../train/epochLoop.ts';
import type { ResumeConditions } from '../train/resumeConditions.ts';
import type { TrainableModel } from '../train/trainableModel.ts';
import type { EarlierTraining, PiecePosition } from '../train/trainingJob.ts';
import { disposed, type TrainingRun } from '../train/trainingRun.ts';
import type { PartialFitOptions } from './options.ts';
import type { PresetName } from './presets.ts';

/** What a model is made of, besides what training sees. */
export interface CoreParts {
  readonly preset: PresetName;
  readonly host: ModelHost;
  /** What is kept with the model. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** What training needs and the model's file could only name. */
  readonly missing?: readonly MissingPart[];
}

/** A part of one's own, which a file cannot hold. */
export interface MissingPart {
  readonly option: 'topology' | 'growInitializer';
  readonly name: string;
}

/** A training that the model remembers. */
export interface LastTraining {
  readonly conditions: ResumeConditions | Readonly<Record<string, unknown>>;
  readonly optimizer: Optimizer;
  /** Whether that only has the name of one, since a checkpoint cannot hold one of one's own. */
  readonly isStandIn?: boolean;
}

/** What calls of `partialFit` keep in memory between them. */
export interface PieceTraining {
  readonly run: TrainingRun;
  readonly loop: EpochLoop;
  /** What was asked for. */
  readonly wanted: PartialFitOptions;
}

/** A checkpoint's training, and what the call that takes it up has by default. */
export interface ResumedTraining extends EarlierTraining {
  readonly restoreBest: boolean;
  /** Where it was handed over. */
  readonly optimizer: Optimizer | undefined;
}

/** What a `SparseMLP` holds. Those who build, load, train and save models share it. */
export class ModelCore {
  readonly preset: PresetName;
  readonly host: ModelHost;
  readonly missing: readonly MissingPart[];
  metadata: Readonly<Record<string, unknown>>;
  /**
   * Where the model's file says how rows are prepared: those that were prepared so. No others are taken then.
   */
  preparedRows: WeakSet<object> | undefined;
  /** The training under way. */
  run: TrainingRun | undefined;
  /** Trainings that wait for its end. */
  readonly waiting = new WaitingCalls();
  /** The present training, or the last one. */
  lastTraining: LastTraining | undefined;
  /** A checkpoint's training, which the next call of `train` takes up. */
  resumed: ResumedTraining | undefined;
  /** Of `partialFit`. */
  pieceTraining: PieceTraining | undefined;
  /** Where training in pieces goes on; undefined where the last training had all its samples. */
  piecePosition: PiecePosition | undefined;
  readonly #model: TrainableModel;
  #isDisposed = false;

  constructor(model: TrainableModel, { preset, host, metadata, missing = [] }: CoreParts) {
    this.#model = model;
    this.preset = preset;
    this.host = host;
    this.metadata = metadata;
    this.missing = missing;
  }

  /** What stays known of a model that was disposed of, too. */
  get model(): Omit<TrainableModel, 'network'> {
    return this.#model;
  }

  /** @throws CtreError `E_DISPOSED`. */
  get alive(): TrainableModel {
    if (this.#isDisposed) throw disposed();
    return this.#model;
  }

  /** @throws CtreError `E_DISPOSED`. */
  get network(): Network {
    return this.alive.network;
  }

  /**
   * For a call that takes rows as the network does.
   * @throws CtreError `E_ARGUMENT` where rows have to be prepared first, and nothing says that they were.
   */
  checkPrepared(x: unknown): void {
    if (this.preparedRows === undefined) return;
    if (typeof x === 'object' && x !== null && this.preparedRows.has(x)) return;
    throw new CtreError(
      'E_ARGUMENT',
      'this model was trained on rows that were scaled or encoded first; expected ' +
        'model.pipeline.predict(rows), what model.pipeline.transform(rows).x gives, or ' +
        'SparseMLP.load(bytes, { prepared: true }) for rows that you have prepared',
    );
  }

  /** Ends what runs and frees the memory: at once, or when the piece of work that calls this has ended. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.waiting.refuse(disposed());
    const release = (): void => {
      this.#model.network.free();
      this.host.close();
    };
    const run = this.run ?? this.pieceTraining?.run;
    if (run === undefined) release();
    else run.end(release);
  }

  /** Frees what `partialFit` keeps in memory; it can go on all the same. */
  closePieces(): void {
    if (this.pieceTraining === undefined) return;
    this.pieceTraining.run.free();
    this.pieceTraining = undefined;
    this.#model.network.discardOptimizer();
  }

  /** Ends an epoch of pieces that is under way. @returns whether there was one. */
  endPieceEpoch(): boolean {
    this.closePieces();
    const isUnderWay = this.piecePosition !== undefined && this.piecePosition.batch > 0;
    if (isUnderWay) this.#model.epochs++;
    return isUnderWay;
  }
}
