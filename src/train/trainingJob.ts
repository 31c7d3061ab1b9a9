import type { StopSignal } from '../base/hostTypes.ts';
import type { Loss, MonitorName } from '../nn/loss.ts';
import type { InputNoise } from '../nn/noise.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { DataSet } from '../nn/rows.ts';
import type { Schedule } from '../nn/schedule.ts';
import type { TargetUnits } from '../nn/targetUnits.ts';
import type { Epoch } from './epoch.ts';
import type { BestNetwork } from './networkCopy.ts';

/** A checked training: what `train` was asked for. */
export interface TrainingJob {
  /** Undefined where the samples come in pieces. */
  readonly data: DataSet | undefined;
  readonly loss: Loss;
  /** What numbers are measured in; the targets here are. Undefined where they are no numbers. */
  readonly units: TargetUnits | undefined;
  /** What epochs are compared by. */
  readonly monitor: MonitorName;
  /** Rows of `data` to train on. */
  readonly trainRows: Int32Array;
  /** Whether they are in another order in every epoch. */
  readonly shuffle: boolean;
  /** Of pieces: steps of an epoch; undefined where nobody says. */
  readonly stepsPerEpoch: number | undefined;
  /** Of pieces: rows that the method's tools look at; undefined: those of the piece at hand. */
  readonly sample: DataSet | undefined;
  /** Rows of `data` held out, or a data set of its own; undefined where nothing is validated. */
  readonly validation: Int32Array | DataSet | undefined;
  /** Scored at every epoch that is the best so far, and after the last. */
  readonly test: DataSet | undefined;
  /** Epochs of this training; Infinity where pieces go on as long as they come. */
  readonly epochs: number;
  /**
   * Epochs of the model that schedules are for, those before this training among them; Infinity where their
   * end is not known.
   */
  readonly totalEpochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  /** Undefined where the learning rate stays as it is. */
  readonly schedule: Schedule | undefined;
  /** The largest norm of a step's gradient; undefined where it is not clipped. */
  readonly clipNorm: number | undefined;
  /** On the inputs of steps; undefined where there is none. */
  readonly denoise: InputNoise | undefined;
  /** Epochs that are not the best so far after which training ends. */
  readonly patience: number;
  /** Whether the network is the best epoch's in the end. */
  readonly restoreBest: boolean;
  /** Whether epochs say which connections they have changed. */
  readonly edits: boolean;
  readonly signal: StopSignal | undefined;
}

/** A training that a checkpoint was made of. */
export interface EarlierTraining {
  /** Epochs that are done; the training goes on after them. */
  readonly epochs: readonly Epoch[];
  readonly best: BestNetwork | undefined;
  /** Whether it had ended and its best network was restored. */
  readonly isRestored: boolean;
}

/** Where training in pieces stands in its epoch. */
export interface PiecePosition {
  /** Steps of the epoch so far. */
  readonly batch: number;
  /** Their rows. */
  readonly rows: number;
  /** What these were scored by, summed up. */
  readonly sums: readonly number[];
}
