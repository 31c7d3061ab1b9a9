import { CtreError } from '../base/errors.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { holdOut } from '../model/holdOut.ts';
import type { TrainOptions } from '../model/options.ts';
import type { SparseMLP } from '../model/sparseMlp.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { Topology } from '../topology/topology.ts';
import type { Epoch } from '../train/epoch.ts';
import { countMultiplyAdds } from '../train/multiplyAdds.ts';
import type { Cell, CellRecord, EvolutionCount, FinishedCell } from './cell.ts';
import { type KnownColumns, type PictureSize, Watch } from './look.ts';
import { outcomeOf } from './outcome.ts';

/** Samples with their classes. */
interface CellRows {
  readonly x: DenseMatrix | CsrMatrix;
  readonly y: Int32Array;
}

/** One training of a comparison, ready to start. */
export interface CellTraining {
  readonly cell: Cell;
  /** Tells one content of the dataset from another. */
  readonly data: string;
  readonly model: SparseMLP;
  readonly rows: {
    readonly train: CellRows;
    readonly test: CellRows;
    readonly validation: Pick<TrainOptions, 'validationSplit' | 'validationRows'>;
  };
  readonly settings: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly optimizer: Optimizer;
    readonly patience: number | undefined;
    readonly topology: Topology;
  };
  /** Where it is known what the columns mean. */
  readonly known: KnownColumns | undefined;
  /** Where the inputs are a picture's pixels. */
  readonly picture: PictureSize | undefined;
}

/**
 * Trains, and keeps what a comparison tells about.
 * @throws CtreError for everything but a loss that diverged, which is a result.
 */
export async function trainCell(
  training: CellTraining,
  onEpoch: (epoch: Epoch) => void,
): Promise<CellRecord> {
  const { cell, data, model, rows, settings, known, picture } = training;
  const { epochs, batchSize, optimizer, patience } = settings;
  const { train, test, validation } = rows;
  const watch = new Watch(epochs, train.x, known, picture);
  const layers = (): SparseMLP['layers'] => model.layers;
  try {
    watch.look(0, layers);
    const options = { epochs, batchSize, optimizer, patience, ...validation, test };
    for await (const epoch of model.train(train.x, train.y, options)) {
      watch.look(epoch.epoch, layers);
      onEpoch(epoch);
    }
    watch.look(model.history.length, layers, true);
    return { ...cell, data, ...describeCell(training), looks: watch.finish() };
  } catch (error) {
    if (!(error instanceof CtreError) || error.code !== 'E_DIVERGED') throw error;
    return { ...cell, data, failed: error.message };
  }
}

function describeCell({
  cell,
  model,
  rows: { train, test, validation },
  settings,
}: CellTraining): Omit<FinishedCell, keyof Cell | 'data' | 'looks'> {
  const { history, layers } = model;
  const nnzByLayer = layers.map(({ nnz }) => nnz);
  const dims = [layers[0].inDim, ...layers.map(({ outDim }) => outDim)];
  const trainRows = holdOut(train.x.rows, validation, cell.seed).trainRows.length;
  const { batchSize, topology } = settings;
  const result = outcomeOf(model, cell.seed);
  const { nnz, density, epochs, bestEpoch, bestValAccuracy, seconds, trainSeconds, evolveSeconds } = result;
  // An epoch begins with the update after the one before it.
  const updates = history.flatMap(({ epoch, evolution }) =>
    evolution === undefined ? [] : [{ epoch: epoch - 1, ...evolution }],
  );
  const counts = (name: EvolutionCount): number[][] =>
    updates.map((update) => update.layers.map((count) => count?.[name] ?? 0));
  const rounded = (value: number | undefined): number | null =>
    value === undefined ? null : Number(value.toPrecision(6));
  return {
    inputs: dims[0],
    classes: dims[dims.length - 1],
    nnz,
    nnzByLayer,
    density,
    trainRows,
    testRows: test.x.rows,
    epochs,
    bestEpoch,
    bestValAccuracy,
    testAccuracy: result.testAccuracy ?? 0,
    finalTestAccuracy: result.finalTestAccuracy ?? 0,
    multiplyAdds: countMultiplyAdds({
      dims,
      nnz: meanConnections(history, nnzByLayer),
      topology,
      rows: trainRows,
      batchSize,
      epochs,
      planned: settings.epochs,
      searches: updates.flatMap(({ epoch, candidates: by }) => (by === null ? [] : [{ epoch, by }])),
    }),
    seconds,
    trainSeconds,
    evolveSeconds,
    curves: {
      loss: history.map(({ loss }) => Number(loss.toPrecision(6))),
      accuracy: history.map(({ accuracy }) => Number(accuracy.toPrecision(6))),
      valAccuracy: history.map(({ valAccuracy }) => rounded(valAccuracy)),
      testAccuracy: history.map(({ testAccuracy }) => rounded(testAccuracy)),
    },
    evolution:
      updates.length === 0
        ? null
        : {
            pruned: counts('pruned'),
            regrown: counts('regrown'),
            grown: counts('grown'),
            random: counts('random'),
          },
  };
}

/** Connections by layer, on average over the epochs: gradual pruning comes down from all of them. */
function meanConnections(history: readonly Epoch[], final: readonly number[]): number[] {
  return final.map((nnz, l) => {
    let present = nnz;
    let sum = 0;
    for (const { evolution } of history.toReversed()) {
      sum += present;
      const change = evolution?.layers[l];
      if (change) present += change.pruned - change.regrown - change.grown;
    }
    return sum / history.length;
  });
}
