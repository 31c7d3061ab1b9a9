import { CtreError } from '../base/errors.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { holdOut } from '../model/holdOut.ts';
import type { TrainOptions } from '../model/options.ts';
import type { SparseMLP } from '../model/sparseMlp.ts';
import { activationByName } from '../nn/activation.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { Schedule } from '../nn/schedule.ts';
import type { Epoch, Metrics } from '../train/epoch.ts';
import { countMultiplyAdds } from '../train/multiplyAdds.ts';
import type { Cell, CellRecord, EvolutionCount, FinishedCell, Looks } from './cell.ts';
import { type CellNotes, restoreNotes, takeNotes } from './cellNotes.ts';
import type { Exploration } from './exploration.ts';
import { type KnownColumns, type PictureSize, Watch } from './look.ts';
import { measureOfCell } from './measure.ts';
import { outcomeOf } from './outcome.ts';
import { spreadOf } from './statistics.ts';

/** Samples with their classes. */
interface CellRows {
  readonly x: SampleMatrix;
  readonly y: Int32Array | DenseMatrix;
}

/** One training of a comparison, ready to start. */
export interface CellTraining {
  readonly cell: Cell;
  /** Tells one content of the dataset from another. */
  readonly data: string;
  /** Made with the topology of `exploration`. */
  readonly model: SparseMLP;
  readonly exploration: Exploration;
  readonly rows: {
    readonly train: CellRows;
    readonly test: CellRows;
    readonly validation: Pick<TrainOptions, 'validationSplit' | 'validationRows'>;
  };
  readonly settings: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly optimizer: Optimizer;
    readonly schedule: Schedule;
    readonly clipNorm: number | undefined;
    readonly denoise: TrainOptions['denoise'];
    readonly classWeight: TrainOptions['classWeight'];
    readonly monitor: TrainOptions['monitor'];
    readonly patience: number | undefined;
  };
  /** Where it is known what the columns mean. */
  readonly known: KnownColumns | undefined;
  /** Where the inputs are a picture's pixels. */
  readonly picture: PictureSize | undefined;
  /** Where the model is in the middle of its training: what was noted before. */
  readonly notes?: unknown;
}

/**
 * Trains, and keeps what a comparison tells about.
 * @param onEpoch waited for after each epoch; its notes are what another process needs, beside a checkpoint.
 * @throws CtreError for everything but a loss that diverged, which is a result; what `onEpoch` throws.
 */
export async function trainCell(
  training: CellTraining,
  onEpoch: (epoch: Epoch, notes: () => CellNotes) => void | Promise<void>,
): Promise<CellRecord> {
  const { cell, data, model, exploration, rows, settings, known, picture, notes } = training;
  const { epochs, batchSize, optimizer, schedule, clipNorm, denoise, classWeight, monitor, patience } =
    settings;
  const { train, test, validation } = rows;
  const { name, options: given } = model.activation;
  const watch = new Watch(epochs, train.x, known, picture, activationByName(name, given));
  const layers = (): SparseMLP['layers'] => model.layers;
  /** By epoch and layer, at the end of each. */
  const connections: number[][] = [];
  const noted = { connections, watch, exploration };
  try {
    if (notes === undefined) watch.look(0, layers);
    else restoreNotes(noted, notes, model.history.length);
    const rates = { optimizer, schedule, clipNorm };
    const how = { epochs, batchSize, ...rates, denoise, classWeight, monitor, patience };
    const options = { ...how, ...validation, test };
    for await (const epoch of model.train(train.x, train.y, options)) {
      watch.look(epoch.epoch, layers);
      exploration.collect();
      connections.push(model.layers.map(({ nnz }) => nnz));
      await onEpoch(epoch, () => takeNotes(noted));
    }
    watch.look(model.history.length, layers, true);
    const looks = watch.finish();
    return { ...cell, data, ...describeCell(training, connections, looks), looks };
  } catch (error) {
    if (!(error instanceof CtreError) || error.code !== 'E_DIVERGED') throw error;
    return { ...cell, data, failed: error.message };
  }
}

function describeCell(
  { cell, model, exploration, rows: { train, test, validation } }: CellTraining,
  connections: readonly (readonly number[])[],
  looks: Looks,
): Omit<FinishedCell, keyof Cell | 'data' | 'looks'> {
  const { history, layers } = model;
  const nnzByLayer = layers.map(({ nnz }) => nnz);
  const dims = [layers[0].inDim, ...layers.map(({ outDim }) => outDim)];
  const trainRows = holdOut(train.x.rows, validation, cell.seed).trainRows.length;
  const { method: _method, seed: _seed, ...said } = outcomeOf(model, cell.seed);
  const { bestValMetrics, testMetrics, finalTestMetrics, ...outcome } = said;
  const { name: loss = 'cross-entropy' } = model.loss ?? {};
  const isNumbers = measureOfCell({ loss }) === 'R²';
  const scored = (accuracy: number | undefined, metrics: Metrics | undefined): number | undefined =>
    isNumbers ? metrics?.r2 : accuracy;
  const rounded = (value: number | undefined): number | null =>
    value === undefined ? null : Number(value.toPrecision(6));
  /** Of what methods had done for them, before the first step and in updates. */
  const collected = history.flatMap(({ start, evolution }) => [start ?? [], evolution ?? []].flat());
  const totalOf = (name: 'pairs' | 'multiplyAdds'): number =>
    collected.reduce((total, work) => total + work[name], 0);
  return {
    ...(loss !== 'cross-entropy' && { loss }),
    inputs: dims[0],
    classes: dims[dims.length - 1],
    ...outcome,
    nnzByLayer,
    trainRows,
    testRows: test.x.rows,
    bestValAccuracy: scored(outcome.bestValAccuracy ?? undefined, bestValMetrics) ?? null,
    testAccuracy: scored(outcome.testAccuracy, testMetrics) ?? 0,
    finalTestAccuracy: scored(outcome.finalTestAccuracy, finalTestMetrics) ?? 0,
    multiplyAdds: countMultiplyAdds({
      dims,
      nnz: nnzByLayer.map((_, l) => spreadOf(connections.map((epoch) => epoch[l])).mean),
      rows: trainRows,
      epochs: history.length,
      growth: totalOf('multiplyAdds'),
    }),
    pairs: totalOf('pairs'),
    explorationRate: exploration.rate(
      layers.map(({ inDim, outDim, weights }) => ({ inDim, outDim, pattern: weights })),
    ),
    deadNeurons: deadShare(looks, cell.hidden),
    curves: {
      loss: history.map(({ loss }) => Number(loss.toPrecision(6))),
      accuracy: history.map(({ accuracy, metrics }) => rounded(scored(accuracy, metrics)) ?? 0),
      valAccuracy: history.map(({ valAccuracy, valMetrics }) => rounded(scored(valAccuracy, valMetrics))),
      testAccuracy: history.map((epoch) => rounded(scored(epoch.testAccuracy, epoch.testMetrics))),
    },
    evolution: countUpdates(history),
  };
}

function countUpdates(history: readonly Epoch[]): FinishedCell['evolution'] {
  const evolved = history.flatMap(({ epoch, evolution }) =>
    evolution === undefined ? [] : [{ epoch, ...evolution }],
  );
  if (evolved.length === 0) return null;
  const counts = (name: EvolutionCount): number[][] =>
    evolved.map(({ layers }) => layers.map((count) => count?.[name] ?? 0));
  return {
    epochs: evolved.map(({ epoch }) => epoch),
    updates: evolved.map(({ updates }) => updates),
    pruned: counts('pruned'),
    regrown: counts('regrown'),
    grown: counts('grown'),
    random: counts('random'),
  };
}

function deadShare({ dead }: Looks, hidden: readonly number[]): number {
  const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
  return hidden.length === 0 ? 0 : total(dead[dead.length - 1]) / total(hidden);
}
