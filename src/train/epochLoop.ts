import { TILE } from '../engine/abi.ts';
import type { Region } from '../engine/region.ts';
import { type EvolvingModel, epochStream } from '../growth/evolvingModel.ts';
import { startFromInitialGradient } from '../growth/initialGradient.ts';
import { evolve, type Update } from '../growth/update.ts';
import { wire } from '../growth/wiring.ts';
import type { Gradient } from '../nn/layer.ts';
import { loadRows, RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Work } from '../run/turns.ts';
import { comparePatterns } from '../topology/edit.ts';
import { accuracyOf, type Epoch, freezeEpoch } from './epoch.ts';
import { copyNetwork, restoreNetwork } from './networkCopy.ts';
import { allocateWorkspaces, evaluateRows, type Score } from './score.ts';
import { checkFinite, trainEpoch } from './step.ts';
import type { TrainableModel } from './trainableModel.ts';
import type { EarlierTraining, TrainingJob } from './trainingJob.ts';

/** The epochs of one training, made one after another. */
export class EpochLoop {
  readonly #model: TrainableModel;
  readonly #job: TrainingJob;
  readonly #earlier: EarlierTraining;
  readonly #onBegin: () => void;
  readonly #rows: RowList;
  readonly #validation: RowList | undefined;
  readonly #test: RowList | undefined;
  readonly #workspaces: readonly Workspace[];
  readonly #gradients: readonly (readonly Gradient[])[];
  #hasBegun = false;
  /** Epochs done, the earlier ones among them. */
  #done: number;
  #bestAccuracy: number;
  /** Epochs since the best one. */
  #waited: number;
  /** Connections after the last epoch. */
  #connections: number;

  /**
   * Allocates all that training needs; nothing changes yet.
   * @throws CtreError `E_MEMORY`.
   */
  constructor(
    model: TrainableModel,
    job: TrainingJob,
    earlier: EarlierTraining,
    region: Region,
    onBegin: () => void,
  ) {
    const { network, executor } = model;
    this.#model = model;
    this.#job = job;
    this.#onBegin = onBegin;
    this.#rows = loadRows(region, job.data.x, job.data.labels, job.trainRows);
    this.#validation = loadValidation(region, this.#rows, job.validation);
    this.#test = job.test && loadRows(region, job.test.x, job.test.labels);
    const tiles = Math.ceil(Math.min(job.batchSize, this.#rows.length) / TILE);
    this.#workspaces = allocateWorkspaces(network, region, executor, tiles, true);
    this.#gradients = this.#workspaces.map(() => network.allocateGradients(region));
    network.prepareOptimizer(job.optimizer);

    const { epochs, best } = earlier;
    const lastBest = epochs.findLastIndex((epoch) => epoch.best);
    this.#done = epochs.length;
    this.#bestAccuracy = lastBest < 0 ? -1 : accuracyOf(epochs[lastBest]);
    this.#waited = epochs.length - 1 - lastBest;
    this.#connections = this.#countConnections();
    const isLast = job.restoreBest && lastBest >= 0 && lastBest === epochs.length - 1;
    this.#earlier = { ...earlier, best: isLast ? this.#copy(this.#bestAccuracy) : best };
  }

  /** Whether all epochs are done. */
  get isOver(): boolean {
    const { epochs, patience } = this.#job;
    return this.#done >= epochs || this.#waited >= patience || this.#earlier.isRestored;
  }

  /** The next epoch: the update of the topology that is due, the steps, the scores. */
  *trainNext(): Work<Epoch> {
    const model = this.#model;
    const { network, executor } = model;
    const { batchSize, optimizer, edits } = this.#job;
    const number = this.#done + 1;
    const begin = clock();
    const before = edits ? network.layers.map((layer) => layer.pattern()) : undefined;
    const update = yield* this.#update();
    const updateSeconds = clock() - begin;
    this.#shuffle(model);
    yield* this.#start();
    const trainBegin = clock();
    const { loss, accuracy } = yield* trainEpoch(
      network,
      executor,
      this.#workspaces,
      this.#gradients,
      this.#rows,
      batchSize,
      optimizer,
      number,
      () => this.#change(),
    );
    const trainSeconds = clock() - trainBegin;
    const validated = yield* this.#score(this.#validation);
    if (validated !== undefined) checkFinite(validated.loss, number);
    const reached = validated?.accuracy ?? accuracy;
    const best = this.#compare(reached);
    const tested = best || this.#isLast(number) ? yield* this.#score(this.#test) : undefined;
    if (this.#job.restoreBest && best) {
      model.best = this.#isLast(number) ? undefined : this.#copy(reached);
    }
    const epoch = freezeEpoch({
      epoch: number,
      loss,
      accuracy,
      ...(validated && { valLoss: validated.loss, valAccuracy: validated.accuracy }),
      best,
      ...(tested && { testAccuracy: tested.accuracy }),
      seconds: clock() - begin,
      trainSeconds,
      ...(update && {
        evolution: {
          seconds: updateSeconds,
          layers: update.layers.map((layer) => layer?.counts ?? null),
          candidates: update.candidates,
        },
      }),
    });
    this.#done = number;
    model.epochs++;
    model.dueUpdate = { accuracy: reached };
    model.isMidEpoch = false;
    model.history.push(epoch);
    if (before === undefined) return epoch;
    return {
      ...epoch,
      edits: before.map((pattern, l) =>
        comparePatterns(pattern, network.layers[l].pattern(), update?.layers[l]?.drawn),
      ),
    };
  }

  /** Ends the training; with `restoreBest` the network is the best epoch's again. */
  finish(): void {
    this.#begin();
    const model = this.#model;
    const { best } = model;
    if (best === undefined) return;
    restoreNetwork(model.network, this.#job.optimizer, best);
    model.states = best.states;
    model.dueUpdate = { accuracy: best.accuracy };
    model.best = undefined;
    model.isRestored = true;
  }

  /** The update after the epoch before, which may be of another training. */
  *#update(): Work<Update | undefined> {
    const model = this.#model;
    const { dueUpdate, topology, executor, epochs } = model;
    if (dueUpdate === undefined || topology.evolve === undefined) return undefined;
    // Random streams are named by the epoch that ended, and the rows go by in its order.
    const evolving: EvolvingModel = { ...model, epochs: epochs - 1 };
    this.#shuffle(evolving);
    const progress = { epoch: epochs, epochs: this.#job.totalEpochs, accuracy: dueUpdate.accuracy };
    const { batchSize } = this.#job;
    const update = yield* evolve(evolving, executor, this.#workspaces, this.#rows, batchSize, progress);
    this.#change();
    model.states = evolving.states;
    model.dueUpdate = undefined;
    return update;
  }

  /** What a method chooses by before the first step of all. */
  *#start(): Work<void> {
    const model = this.#model;
    const { topology, executor, initializer } = model;
    if (model.hasStarted) return;
    if (topology.needs.includes('initialGradient')) {
      yield* startFromInitialGradient(model, executor, initializer, this.#rows, this.#job.batchSize);
      this.#change();
    }
    if (topology.wiring !== undefined) {
      yield* wire(model, executor, this.#workspaces, this.#rows, topology.wiring);
      this.#change();
    }
    model.hasStarted = true;
  }

  #shuffle(evolving: EvolvingModel): void {
    const order = this.#rows.order.view;
    order.set(this.#job.trainRows);
    epochStream(evolving, 'shuffle').shuffle(order);
  }

  *#score(rows: RowList | undefined): Work<Score | undefined> {
    if (rows === undefined) return undefined;
    const { network, executor } = this.#model;
    return yield* evaluateRows(executor, network, this.#workspaces, rows);
  }

  /** Whether an epoch is the best so far, among those with as few connections as the network has now. */
  #compare(accuracy: number): boolean {
    const connections = this.#countConnections();
    if (connections < this.#connections) this.#bestAccuracy = -1;
    this.#connections = connections;
    const isBest = accuracy > this.#bestAccuracy;
    if (isBest) this.#bestAccuracy = accuracy;
    this.#waited = isBest ? 0 : this.#waited + 1;
    return isBest;
  }

  #isLast(epoch: number): boolean {
    return epoch >= this.#job.epochs || this.#waited >= this.#job.patience;
  }

  #countConnections(): number {
    return this.#model.network.layers.reduce((sum, { nnz }) => sum + nnz, 0);
  }

  #copy(accuracy: number) {
    return copyNetwork(this.#model.network, this.#model.states, accuracy);
  }

  /** Called with every change of the network, in the same piece of work. */
  #change(): void {
    this.#begin();
    this.#model.isMidEpoch = true;
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const model = this.#model;
    const { epochs, best, isRestored } = this.#earlier;
    model.network.adoptOptimizer();
    model.history = [...epochs];
    model.best = best;
    model.isRestored = isRestored;
    this.#onBegin();
  }
}

/** In seconds. */
function clock(): number {
  return performance.now() / 1000;
}

function loadValidation(
  region: Region,
  rows: RowList,
  validation: TrainingJob['validation'],
): RowList | undefined {
  if (validation === undefined) return undefined;
  return validation instanceof Int32Array
    ? new RowList(region, rows.samples, rows.labels, validation)
    : loadRows(region, validation.x, validation.labels);
}
