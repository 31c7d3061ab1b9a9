import { randomStream } from '../base/random.ts';
import { TILE } from '../engine/abi.ts';
import type { Region } from '../engine/region.ts';
import type { ToolSetting } from '../growth/growthTools.ts';
import { startTopology } from '../growth/start.ts';
import { evolve } from '../growth/update.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
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
import { allocateWorkspaces, evaluateRows, newSums } from './score.ts';
import { checkFinite, trainRows } from './step.ts';
import type { TrainableModel } from './trainableModel.ts';
import type { EarlierTraining, PiecePosition, TrainingJob } from './trainingJob.ts';

/** An epoch that is not over. */
interface OpenEpoch {
  readonly begin: number;
  /** Every layer's pattern at its begin, where edits are wanted. */
  readonly before: readonly CsrPattern[] | undefined;
  readonly updates: EpochUpdates;
  /** What its samples were scored by, of the steps that were made. */
  readonly sums: Float64Array;
  start: GrowthEffort | undefined;
  trainSeconds: number;
  batch: number;
  rows: number;
}

/** The epochs of one training, made one after another: of all rows, or of pieces as they come. */
export class EpochLoop {
  readonly #model: TrainableModel;
  readonly #job: TrainingJob;
  readonly #earlier: EarlierTraining;
  readonly #onBegin: () => void;
  /** Undefined where rows come in pieces. */
  readonly #rows: RowList | undefined;
  readonly #sample: RowList | undefined;
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
  #open: OpenEpoch | undefined;

  /**
   * Allocates all that training needs, but for pieces; nothing changes yet.
   * @param position where pieces go on within an epoch; absent: at its begin.
   * @throws CtreError `E_MEMORY`.
   */
  constructor(
    model: TrainableModel,
    job: TrainingJob,
    earlier: EarlierTraining,
    region: Region,
    onBegin: () => void,
    position?: PiecePosition,
  ) {
    const { network, executor } = model;
    this.#model = model;
    this.#job = job;
    this.#region = region;
    this.#onBegin = onBegin;
    this.#rows = job.data && loadRows(region, job.data, job.trainRows);
    this.#sample = job.sample && loadRows(region, job.sample);
    this.#validation = loadValidation(region, this.#rows, job.validation);
    this.#test = job.test && loadRows(region, job.test);
    const tiles = Math.ceil(Math.min(job.batchSize, this.#rows?.length ?? job.batchSize) / TILE);
    const loss = lossInUnits(job.loss, job.units);
    this.#workspaces = allocateWorkspaces(network, region, loss, executor, tiles, true);
    this.#gradients = this.#workspaces.map(() => network.allocateGradients(region));
    this.#clip =
      job.clipNorm === undefined ? undefined : new GradientClip(region, network.layers, job.clipNorm);
    this.#noise = job.denoise && new NoiseMaker(region, job.denoise, network.dims[0]);
    network.prepareOptimizer(job.optimizer);

    const { epochs, best } = earlier;
    const lastBest = epochs.findLastIndex((epoch) => epoch.best);
    this.#done = epochs.length;
    this.#best = lastBest < 0 ? WORST : standingOf(epochs[lastBest], job.monitor);
    this.#waited = epochs.length - 1 - lastBest;
    this.#connections = this.#countConnections();
    const isLast = job.restoreBest && lastBest >= 0 && lastBest === epochs.length - 1;
    this.#earlier = { ...earlier, best: isLast ? this.#copy(this.#best.reached) : best };
    if (position !== undefined) this.#open = this.#openEpoch(position);
  }

  /** Whether all epochs are done. */
  get isOver(): boolean {
    const { epochs, patience } = this.#job;
    return this.#done >= epochs || this.#waited >= patience || this.#earlier.isRestored;
  }

  /** Where training stands in its epoch; undefined before its first step. */
  get position(): PiecePosition | undefined {
    if (this.#open === undefined || this.#open.batch === 0) return undefined;
    const { batch, rows, sums } = this.#open;
    return { batch, rows, sums: [...sums] };
  }

  /** Whether the epoch under way has all its steps. */
  get isEpochFull(): boolean {
    return this.#open !== undefined && this.#open.batch >= this.#stepsOfEpoch;
  }

  /** The next epoch of all rows: updates of the topology when they are due, steps, scores. */
  *trainNext(rows: RowList): Work<Epoch> {
    // What an epoch that failed has left is no part of this one.
    this.#open = this.#openEpoch();
    this.#shuffle(rows);
    yield* this.trainRows(rows, 0);
    return yield* this.endEpoch();
  }

  /** All rows; undefined where they come in pieces. */
  get rows(): RowList | undefined {
    return this.#rows;
  }

  /**
   * Steps on rows from a position on, in their order: to their end, or to that of the epoch. Updates of the
   * topology are made when they are due.
   * @param total gets what the rows are scored by.
   * @returns the position after the last row that was trained on.
   */
  *trainRows(rows: RowList, from: number, total?: Float64Array): Work<number> {
    const { network, executor, seed, epochs } = this.#model;
    const { batchSize, optimizer } = this.#job;
    this.#open ??= this.#openEpoch();
    const epoch = this.#open;
    const first = epoch.batch;
    const to = Math.min(rows.length, from + (this.#stepsOfEpoch - first) * batchSize);
    epoch.start ??= yield* this.#start(rows);
    const { updates } = epoch;
    const begin = clock() - updates.seconds;
    const sums = epoch.sums.slice();
    yield* trainRows(
      network,
      executor,
      this.#workspaces,
      this.#gradients,
      rows,
      { from, to },
      batchSize,
      { optimizer, clip: this.#clip, rateFactor: (batch) => this.#rateFactor(first + batch) },
      this.#done + 1,
      total === undefined ? [sums] : [sums, total],
      (batch) => this.#updateIfDue(first + batch, rows, updates),
      (count) => {
        this.#change();
        // A step cannot fail: what is counted here was made.
        epoch.sums.set(sums);
        epoch.batch++;
        epoch.rows += count;
      },
      // The rows of a piece are numbered on from those before, so that noise is another in every piece.
      this.#noise?.forEpoch(seed, epochs, epoch.rows - from),
    );
    epoch.trainSeconds += clock() - begin - updates.seconds;
    return to;
  }

  /** The score of so many rows, in the targets' own units. */
  summarize(sums: Float64Array, rows: number): Score {
    const [{ loss }] = this.#workspaces;
    return scoreInUnits(loss.summarize(sums, rows, this.#model.network.outputs), this.#job.units);
  }

  /** Ends the epoch under way: its scores. */
  *endEpoch(): Work<Epoch> {
    const model = this.#model;
    const { network } = model;
    const { monitor, restoreBest } = this.#job;
    const number = this.#done + 1;
    const { begin, before, updates, start, trainSeconds, sums, rows } = this.#open ?? this.#openEpoch();
    const trained = this.summarize(sums, rows);
    const validated = yield* this.#score(this.#validation);
    if (validated !== undefined) checkFinite(validated.loss, number);
    const scored = describeScores(trained, validated);
    const standing = standingOf(scored, monitor);
    const best = this.#compare(standing);
    const tested = best || this.#isLast(number) ? yield* this.#score(this.#test) : undefined;
    if (restoreBest && best) {
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
    this.#open = undefined;
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
  *#updateIfDue(batch: number, rows: RowList, updates: EpochUpdates): Work<boolean> {
    const model = this.#model;
    const { topology, network } = model;
    const isEpochEnd = batch === 0;
    // Before the first step nothing is due, nor right after a model was loaded.
    if (topology.evolve === undefined || (isEpochEnd && model.lastReached === undefined)) return false;
    const progress = this.#progress(batch, rows);
    const isDue = topology.isDue?.(progress, network.layers) ?? isEpochEnd;
    if (!isDue) return false;
    const begin = clock();
    const update = yield* evolve(this.#setting(batch, rows), progress, (layer, nnz) =>
      this.#reserve(layer, nnz),
    );
    this.#change();
    updates.add(update, clock() - begin);
    return true;
  }

  #rateFactor(batch: number): number {
    const { schedule } = this.#job;
    if (schedule === undefined) return 1;
    const { step, steps } = this.#stepsBefore(batch);
    return schedule.factor(step, steps);
  }

  /**
   * Steps of the model before a batch of the present epoch, and in all. Where nobody says how long an epoch
   * is it is the optimiser's steps, and Infinity.
   */
  #stepsBefore(batch: number): Pick<Progress, 'step' | 'steps'> {
    const { epochs, network } = this.#model;
    const stepsOfEpoch = this.#stepsOfEpoch;
    return {
      step: Number.isFinite(stepsOfEpoch) ? epochs * stepsOfEpoch + batch : network.stepsBefore,
      steps: this.#job.totalEpochs * stepsOfEpoch,
    };
  }

  #progress(batch: number, { length }: RowList): Progress {
    const { epochs, lastReached } = this.#model;
    const { batchSize, totalEpochs } = this.#job;
    const stepsOfEpoch = this.#stepsOfEpoch;
    const isKnown = Number.isFinite(stepsOfEpoch);
    return Object.freeze({
      ...this.#stepsBefore(batch),
      epoch: epochs,
      epochs: totalEpochs,
      isEpochEnd: batch === 0,
      accuracy: lastReached ?? -1,
      rows: this.#rows?.length ?? (isKnown ? stepsOfEpoch * batchSize : length),
      batchSize,
    });
  }

  /** Infinity for an epoch of pieces that nobody has said the steps of. */
  get #stepsOfEpoch(): number {
    const { batchSize, stepsPerEpoch = Number.POSITIVE_INFINITY } = this.#job;
    return this.#rows === undefined ? stepsPerEpoch : Math.ceil(this.#rows.length / batchSize);
  }

  #openEpoch({ batch, rows, sums }: PiecePosition = { batch: 0, rows: 0, sums: [] }): OpenEpoch {
    const { network } = this.#model;
    const epoch: OpenEpoch = {
      begin: clock(),
      before: this.#job.edits ? network.layers.map((layer) => layer.pattern()) : undefined,
      updates: new EpochUpdates(network.layers.length),
      sums: newSums(network, this.#workspaces),
      start: undefined,
      trainSeconds: 0,
      batch,
      rows,
    };
    epoch.sums.set(sums);
    return epoch;
  }

  /** What tools work with before a batch. */
  #setting(batch: number | 'start', rows: RowList): ToolSetting {
    const model = this.#model;
    const { executor, epochs } = model;
    return {
      model,
      executor,
      workspaces: this.#workspaces,
      rows: this.#sample ?? rows,
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
  *#start(rows: RowList): Work<GrowthEffort | undefined> {
    const model = this.#model;
    if (model.hasStarted) return undefined;
    const begin = clock();
    if (model.topology.start === undefined) {
      model.hasStarted = true;
      return undefined;
    }
    const { pairs, multiplyAdds } = yield* startTopology(
      this.#setting('start', rows),
      this.#progress(0, rows),
    );
    this.#change();
    // A method may have moved connections between layers.
    for (const layer of model.network.layers) this.#reserve(layer, layer.nnz);
    model.hasStarted = true;
    return { seconds: clock() - begin, pairs, multiplyAdds };
  }

  #shuffle(rows: RowList): void {
    const { seed, epochs } = this.#model;
    const order = rows.order.view;
    order.set(this.#job.trainRows);
    if (this.#job.shuffle) randomStream(seed, `shuffle/${epochs}`).shuffle(order);
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
  rows: RowList | undefined,
  validation: TrainingJob['validation'],
): RowList | undefined {
  if (validation === undefined) return undefined;
  return validation instanceof Int32Array ? rows?.select(region, validation) : loadRows(region, validation);
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
