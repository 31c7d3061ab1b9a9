import type { CsrMatrix, DenseMatrix } from '../csr.ts';
import { CtreError } from '../errors.ts';
import type { StopSignal } from '../globals.ts';
import { Region } from '../memory/arena.ts';
import { TILE } from '../memory/module.ts';
import type { Initializer } from '../nn/initializer.ts';
import type { Gradient } from '../nn/layer.ts';
import { lanesFor, type Workspace } from '../nn/mlp.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import { comparePatterns, type EditCounts, type LayerEdit } from '../topology/edit.ts';
import type { CandidateNeed } from '../topology/topology.ts';
import { loadRows, RowList } from './batches.ts';
import { allocateWorkspaces, evaluateRows, type Score, waves } from './evaluate.ts';
import { type Evolving, epochStream, evolve } from './evolve.ts';
import type { Executor } from './executor.ts';
import { gradientParts, mergeGradients } from './gradients.ts';
import { startFromInitialGradient } from './initialGradient.ts';
import { wire } from './wire.ts';
import { Turns, throwIfAborted, type Work } from './work.ts';

/** A model as training sees it. */
export interface Trainee extends Evolving {
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

/** What an epoch of training came to. */
export interface Epoch {
  /** From 1 in every call of `train`. */
  readonly epoch: number;
  /** Mean cross-entropy of the training samples, each before the step its batch made. */
  readonly loss: number;
  /** Share of training samples classified correctly, likewise. */
  readonly accuracy: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
  /** Whether no earlier epoch had as good a validation accuracy (without validation: training accuracy). */
  readonly best: boolean;
  /** Only at best epochs and at the last one, when there are test rows. */
  readonly testAccuracy?: number;
  /** All of the epoch, evaluation and evolution included. */
  readonly seconds: number;
  /** Steps of the optimiser alone. */
  readonly trainSeconds: number;
  /** The update of the topology, where there was one; layer by layer, null where a layer did not change. */
  readonly evolution?: {
    readonly seconds: number;
    readonly layers: readonly (EditCounts | null)[];
    /** What the candidates to grow were found by; null where none were searched for. */
    readonly candidates: CandidateNeed | null;
  };
  /**
   * With the option `edits`, for every layer what it has lost and gained in this epoch, a first pattern that was chosen by gradient among
   * it. Not in the history, whose epochs are kept.
   */
  readonly edits?: readonly LayerEdit[];
}

/** Trains, an epoch at a time; what is yielded belongs to the epoch just ended. */
export async function* train(model: Trainee, job: Job): AsyncGenerator<Epoch, void, void> {
  const { network, executor } = model;
  const { engine } = network;
  const { epochs, batchSize, optimizer, signal } = job;
  throwIfAborted(signal);
  const turns = new Turns(signal);
  const region = new Region(engine.arena);
  try {
    const rows = loadRows(region, job.data.x, job.data.labels, job.trainRows);
    const validation = loadValidation(region, rows, job.validation);
    const test = job.test && loadRows(region, job.test.x, job.test.labels);
    const tiles = Math.ceil(Math.min(batchSize, rows.length) / TILE);
    const workspaces = allocateWorkspaces(network, region, executor, tiles, true);
    const gradients = workspaces.map(() => network.allocateGradients(region));
    network.useOptimizer(optimizer);
    const clock = (): number => performance.now() / 1000;
    const score = (list: RowList | undefined): Promise<Score | undefined> =>
      list === undefined
        ? Promise.resolve(undefined)
        : turns.run(evaluateRows(executor, network, workspaces, list));

    model.history = [...job.earlier];
    let bestAccuracy = job.earlier.reduce((best, epoch) => Math.max(best, accuracyOf(epoch)), -1);
    let waited = job.earlier.length - 1 - job.earlier.findLastIndex(({ best }) => best);
    if (waited >= job.patience) return;
    for (let epoch = job.earlier.length + 1; epoch <= epochs; epoch++) {
      const begin = clock();
      const before = job.edits ? network.layers.map((layer) => layer.pattern()) : undefined;
      model.atEdge = false;
      rows.order.view.set(job.trainRows);
      epochStream(model, 'shuffle').shuffle(rows.order.view);
      if (!model.started && model.topology.needs.includes('initialGradient')) {
        await turns.run(startFromInitialGradient(model, executor, model.initializer, rows, batchSize));
      }
      if (!model.started && model.topology.wiring !== undefined) {
        await turns.run(wire(model, executor, workspaces, rows, model.topology.wiring));
      }
      model.started = true;
      const trainBegin = clock();
      const { loss, accuracy } = await turns.run(
        trainEpoch(model, executor, workspaces, gradients, rows, batchSize, optimizer, epoch),
      );
      const trainSeconds = clock() - trainBegin;
      const val = await score(validation);
      if (val !== undefined) checkFinite(val.loss, epoch);
      const best = (val?.accuracy ?? accuracy) > bestAccuracy;
      bestAccuracy = Math.max(bestAccuracy, val?.accuracy ?? accuracy);
      waited = best ? 0 : waited + 1;
      const last = epoch === epochs || waited >= job.patience;
      const tested = best || last ? await score(test) : undefined;

      const evolveBegin = clock();
      const progress = { epoch, epochs, accuracy: val?.accuracy ?? accuracy };
      const evolved =
        last || model.topology.evolve === undefined
          ? undefined
          : await turns.run(evolve(model, executor, workspaces, rows, batchSize, progress));
      const end = clock();
      model.epochs++;
      const ended: Epoch = {
        epoch,
        loss,
        accuracy,
        ...(val && { valLoss: val.loss, valAccuracy: val.accuracy }),
        best,
        ...(tested && { testAccuracy: tested.accuracy }),
        seconds: end - begin,
        trainSeconds,
        ...(evolved && {
          evolution: {
            seconds: end - evolveBegin,
            layers: evolved.layers.map((layer) => layer?.counts ?? null),
            candidates: evolved.candidates,
          },
        }),
      };
      model.history.push(ended);
      model.atEdge = true;
      const edits = before?.map((pattern, l) =>
        comparePatterns(pattern, network.layers[l].pattern(), evolved?.layers[l]?.drawn),
      );
      yield edits === undefined ? ended : { ...ended, edits };
      if (last) return;
    }
  } finally {
    region.free();
  }
}

/** What epochs are compared by. */
function accuracyOf({ accuracy, valAccuracy }: Epoch): number {
  return valAccuracy ?? accuracy;
}

function loadValidation(region: Region, rows: RowList, validation: Job['validation']): RowList | undefined {
  if (validation === undefined) return undefined;
  return validation instanceof Int32Array
    ? new RowList(region, rows.samples, rows.labels, validation)
    : loadRows(region, validation.x, validation.labels);
}

/** One pass over the rows in their present order. The work may end after any piece: weights change only in the last of a step. */
function* trainEpoch(
  { network }: Trainee,
  executor: Executor,
  workspaces: readonly Workspace[],
  gradients: readonly (readonly Gradient[])[],
  rows: RowList,
  batchSize: number,
  optimizer: Optimizer,
  epoch: number,
): Work<Score> {
  const parts = gradientParts(network, executor);
  let loss = 0;
  let correct = 0;
  for (let begin = 0; begin < rows.length; begin += batchSize) {
    const end = Math.min(begin + batchSize, rows.length);
    const all = waves(end - begin, workspaces);
    for (const wave of all) {
      const used = workspaces.slice(0, wave.count);
      const lanes = used.map((_, t) => lanesFor(end - begin - TILE * (wave.begin + t)));
      yield* executor.run(wave.count, (kernels, t) => {
        const position = begin + TILE * (wave.begin + t);
        const tile = rows.pack(kernels, position, end, used[t].activations[0]);
        network.forward(kernels, used[t], lanes[t]);
        network.score(kernels, used[t], tile);
        network.backward(kernels, used[t], tile, 1 / (end - begin), lanes[t]);
        // The first workspace's gradient is the batch's: what earlier waves left there stays.
        network.addGradients(kernels, used[t], gradients[t], t === 0 && wave.begin > 0, lanes[t]);
      });
      for (const { score } of used) {
        loss += score.view[0];
        correct += score.view[1];
      }
      checkFinite(loss, epoch);
      const step = wave === all.at(-1) ? { optimizer, time: network.nextStep() } : undefined;
      yield* mergeGradients(executor, network, gradients.slice(0, wave.count), parts, step);
    }
  }
  return { loss: loss / rows.length, accuracy: correct / rows.length };
}

function checkFinite(loss: number, epoch: number): void {
  if (Number.isFinite(loss)) return;
  throw new CtreError(
    'E_DIVERGED',
    `the loss is no longer a finite number in epoch ${epoch}; use a smaller learning rate or smaller initial weights, or scale the features`,
  );
}
