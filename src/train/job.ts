import type { StopSignal } from '../base/host.ts';
import type { EvolvingModel } from '../growth/evolvingModel.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { Initializer } from '../nn/initializer.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { Executor } from '../run/executor.ts';
import type { Epoch } from './epoch.ts';

/** A model as training sees it. */
export interface Trainee extends EvolvingModel {
  readonly initializer: Initializer;
  readonly executor: Executor;
  /** What every epoch of the present training, or the last one, came to. */
  history: Epoch[];
  /** False in the middle of an epoch, and when training ended there. */
  atEdge: boolean;
  /** False until the first step of a network that starts from its initialiser: only then may a method choose by gradient. */
  started: boolean;
}

/** Checked samples and their labels. */
export interface Labelled {
  readonly x: DenseMatrix | CsrMatrix;
  readonly labels: Int32Array;
}

/** A checked training job. */
export interface Job {
  /** Epochs that are done: the training is taken up behind them. */
  readonly earlier: readonly Epoch[];
  readonly data: Labelled;
  /** Rows of `data` to train on. */
  readonly trainRows: Int32Array;
  /** Rows of `data` held out, or a data set of its own; none, and nothing is validated. */
  readonly validation: Int32Array | Labelled | undefined;
  /** Scored at every epoch of a new best validation accuracy, and after the last. */
  readonly test: Labelled | undefined;
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  /** Epochs without a better validation accuracy after which training ends. */
  readonly patience: number;
  /** Whether epochs say which connections they have changed. */
  readonly edits: boolean;
  readonly signal: StopSignal | undefined;
}
