import { randomStream } from '../base/random.ts';
import { TILE } from '../engine/abi.ts';
import type { Region } from '../engine/region.ts';
import type { ToolSetting } from '../growth/growthTools.ts';
import { startTopology } from '../growth/start.ts';
import { evolve } from '../growth/update.ts';
import type { Gradient, Layer } from '../nn/layer.ts';
import type { Score } from '../nn/loss.ts';
import { NoiseMaker } from '../nn/noise.ts';
import { loadRows, type RowList } from '../nn/rows.ts';
import { lossInUnits, scoreInUnits } from '../nn/targetUnits.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Work } from '../run/turns.ts';
import { comparePatterns } from '../topology/edit.ts';
import type { Progress } from '../topology/topology.ts';
import {
  type Epoch,
  freezeEpoch,
  type GrowthEffort,
  isBetter,
  metricsOf,
  type Standing,
  standingOf,
  WORST,
} from './epoch.ts';
import { EpochUpdates } from './epochUpdates.ts';
import { GradientClip } from './gradientClip.ts';
import { copyNetwork, restoreNetwork } from './networkCopy.ts';
import { allocateWorkspaces, evaluateRows } from './score.ts';
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
  readonly #gradients: Gradient[][];
  readonly #clip: GradientClip | undefined;
  readonly #noise: NoiseMaker | undefined;
  readonly #region: Region;
  #hasBegun = false;
  /** Epochs done, the earlier ones among them. */
  #done: number;
  #best: Standing;
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
    this.#region = region;
    this.#onBegin = onBegin;
    this.#rows = loadRows(region, job.data, job.trainRows);
    this.#validation = loadValidation(region, this.#rows, job.validation);
    this.#test = job.test && loadRows(region, job.test);
    const tiles = Math.ceil(Math.min(job.batchSize, this.#rows.length) / TILE);
    const loss = lossInUnits(job.loss, job.units);
    this.#workspaces = allocateWorkspaces(network, region, loss, executor, tiles, true);
    this.#gradients = this.#workspaces.map(() => network.allocateGradients(region));
    this.#clip =
      job.clipNorm === undefined ? undefined : new GradientClip(region, network.layers, job.clipNorm);
    this.#noise = job.denoise && new NoiseMaker(region, job.denoise, job.data.x.cols);
    network.prepareOptimizer(job.optimizer);

    const { epochs, best } = earlier;
    const lastBest = epochs.findLastIndex((epoch) => epoch.best);
    this.#done = epochs.length;
    this.#best = lastBest < 0 ? WORST : standingOf(epochs[lastBest], job.monitor);
    this.#waited = epochs.length - 1 - lastBest;
    this.#connections = this.#countConnections();
    const isLast = job.restoreBest && lastBest >= 0 && lastBest === epochs.length - 1;
    this.#earlier = { ...earlier, best: isLast ? this.#copy(this.#best.reached) : best };
  }

  /** Whether all epochs are done. */
  get isOver(): boolean {
    const { epochs, patience } = this.#job;
    return this.#done >= epochs || this.#waited >= patience || this.#earlier.isRestored;
  }

  /** The next epoch: updates of the topology when they are due, steps, scores. */
  *trainNext(): Work<Epoch> {
    const model = this.#model;
    const { network, executor } = model;
    const { batchSize, optimizer, schedule, edits } = this.#job;
    const number = this.#done + 1;
    const begin = clock();
    const before = edits ? network.layers.map((layer) => layer.pattern()) : undefined;
    this.#shuffle();
    const start = yield* this.#start();
    const updates = new EpochUpdates(network.layers.length);
    const trainBegin = clock();
    const learnt = yield* trainEpoch(
      network,
      executor,
      this.#workspaces,
      this.#gradients,
      this.#rows,
      batchSize,
      { optimizer, clip: this.#clip, rateFactor: (batch) => this.#rateFactor(schedule, batch) },
      number,
      (batch) => this.#updateIfDue(batch, updates),
      () => this.#change(),
      this.#noise?.forEpoch(model.seed, model.epochs),
    );
    const trainSeconds = clock() - trainBegin - updates.seconds;
    const trained = scoreInUnits(learnt, this.#job.units);
    const validated = yield* this.#score(this.#validation);
    if (validated !== undefined) checkFinite(validated.loss, number);
    const scored = describeScores(trained, validated);
    const standing = standingOf(scored, this.#job.monitor);
    const best = this.#compare(standing);
    const tested = best || this.#isLast(number) ? yield* this.#score(this.#test) : undefined;
    if (this.#job.restoreBest && best) {
      model.best = this.#isLast(number) ? undefined : this.#copy(standing.reached);
    }
    const epoch = freezeEpoch({
      ...scored,
      epoch: number,
      best,
      ...(tested && describeTest(tested)),
      seconds: clock() - begin,
      trainSeconds,
      ...(start && { start }),
      ...(updates.count > 0 && { evolution: updates.summary }),
    });
    this.#done = number;
    model.epochs++;
    model.lastReached = standing.reached;
    model.isMidEpoch = false;
    model.history.push(epoch);
    if (before === undefined) return epoch;
    return {
      ...epoch,
      edits: before.map((pattern, l) =>
        comparePatterns(pattern, network.layers[l].pattern(), updates.drawn(l)),
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
    model.lastReached = best.reached;
    model.best = undefined;
    model.isRestored = true;
  }

  /** An update before a batch, if the method says that one is due; says whether there was one. */
  *#updateIfDue(batch: number, updates: EpochUpdates): Work<boolean> {
    const model = this.#model;
    const { topology, network } = model;
    const isEpochEnd = batch === 0;
    // Before the first step nothing is due, nor right after a model was loaded.
    if (topology.evolve === undefined || (isEpochEnd && model.lastReached === undefined)) return false;
    const progress = this.#progress(batch);
    const isDue = topology.isDue?.(progress, network.layers) ?? isEpochEnd;
    if (!isDue) return false;
    const begin = clock();
    const update = yield* evolve(this.#setting(batch), progress, (layer, nnz) => this.#reserve(layer, nnz));
    this.#change();
    updates.add(update, clock() - begin);
    return true;
  }

  #rateFactor(schedule: TrainingJob['schedule'], batch: number): number {
    if (schedule === undefined) return 1;
    const { step, steps } = this.#stepsBefore(batch);
    return schedule.factor(step, steps);
  }

  /** Steps of the model before a batch of the present epoch, and in all. */
  #stepsBefore(batch: number): Pick<Progress, 'step' | 'steps'> {
    const { batchSize, totalEpochs } = this.#job;
    const stepsOfEpoch = Math.ceil(this.#rows.length / batchSize);
    return { step: this.#model.epochs * stepsOfEpoch + batch, steps: totalEpochs * stepsOfEpoch };
  }

  #progress(batch: number): Progress {
    const { epochs, lastReached } = this.#model;
    const { batchSize, totalEpochs } = this.#job;
    return Object.freeze({
      ...this.#stepsBefore(batch),
      epoch: epochs,
      epochs: totalEpochs,
      isEpochEnd: batch === 0,
      accuracy: lastReached ?? -1,
      rows: this.#rows.length,
      batchSize,
    });
  }

  /** What tools work with before a batch. */
  #setting(batch: number | 'start'): ToolSetting {
    const model = this.#model;
    const { executor, epochs } = model;
    return {
      model,
      executor,
      workspaces: this.#workspaces,
      rows: this.#rows,
      moment: `${epochs}.${batch}`,
    };
  }

  /** Makes room for a layer's gradients of so many connections. @throws CtreError `E_MEMORY`. */
  #reserve({ index, outDim }: Layer, nnz: number): void {
    const room = Math.ceil(1.125 * nnz);
    this.#gradients.forEach((gradients) => {
      if (gradients[index].weights.capacity >= nnz) return;
      gradients[index] = { weights: this.#region.f32(room), bias: this.#region.f32(outDim) };
    });
  }

  /** What a method does before the first step of all. */
  *#start(): Work<GrowthEffort | undefined> {
    const model = this.#model;
    if (model.hasStarted) return undefined;
    const begin = clock();
    if (model.topology.start === undefined) {
      model.hasStarted = true;
      return undefined;
    }
    const { pairs, multiplyAdds } = yield* startTopology(this.#setting('start'), this.#progress(0));
    this.#change();
    // A method may have moved connections between layers.
    for (const layer of model.network.layers) this.#reserve(layer, layer.nnz);
    model.hasStarted = true;
    return { seconds: clock() - begin, pairs, multiplyAdds };
  }

  #shuffle(): void {
    const { seed, epochs } = this.#model;
    const order = this.#rows.order.view;
    order.set(this.#job.trainRows);
    randomStream(seed, `shuffle/${epochs}`).shuffle(order);
  }

  *#score(rows: RowList | undefined): Work<Score | undefined> {
    if (rows === undefined) return undefined;
    const { network, executor } = this.#model;
    return scoreInUnits(yield* evaluateRows(executor, network, this.#workspaces, rows), this.#job.units);
  }

  /** Whether an epoch is the best so far, among those with as few connections as the network has now. */
  #compare(standing: Standing): boolean {
    const connections = this.#countConnections();
    if (connections < this.#connections) this.#best = WORST;
    this.#connections = connections;
    const isBest = isBetter(standing, this.#best);
    if (isBest) this.#best = standing;
    this.#waited = isBest ? 0 : this.#waited + 1;
    return isBest;
  }

  #isLast(epoch: number): boolean {
    return epoch >= this.#job.epochs || this.#waited >= this.#job.patience;
  }

  #countConnections(): number {
    return this.#model.network.layers.reduce((sum, { nnz }) => sum + nnz, 0);
  }

  #copy(reached: number) {
    return copyNetwork(this.#model.network, this.#model.states, reached);
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
    model.loss = this.#job.loss;
    model.units = this.#job.units ?? model.units;
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
  return validation instanceof Int32Array ? rows.select(region, validation) : loadRows(region, validation);
}

/** What an epoch says of its training and validation rows. */
function describeScores(trained: Score, validated: Score | undefined) {
  const { loss, accuracy } = trained;
  const metrics = metricsOf(trained);
  const valMetrics = validated && metricsOf(validated);
  return {
    loss,
    accuracy,
    ...(metrics && { metrics }),
    ...(validated && { valLoss: validated.loss }),
    ...(validated && !Number.isNaN(validated.accuracy) && { valAccuracy: validated.accuracy }),
    ...(valMetrics && { valMetrics }),
  };
}

function describeTest(score: Score) {
  const testMetrics = metricsOf(score);
  if (testMetrics === undefined) return { testAccuracy: score.accuracy };
  return {
    ...(!Number.isNaN(score.accuracy) && { testAccuracy: score.accuracy }),
    testLoss: score.loss,
    testMetrics,
  };
}
