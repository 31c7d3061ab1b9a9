import { CtreError } from '../base/errors.ts';
import type { Cell, CellRecord, EvolutionCount, FinishedCell } from '../compare/cell.ts';
import { type PictureSize, Watch } from '../compare/look.ts';
import type { Epoch, SparseMLP } from '../index.ts';
import { holdOut } from '../model/holdOut.ts';
import { countMultiplyAdds } from '../train/multiplyAdds.ts';
import { parseArguments } from './args.ts';
import { createModel, openTraining, resultRecord, type Training, trainSyntax } from './commands/train.ts';

/** One training of a comparison, as its process gets it. */
export interface CellTask {
  readonly cell: Cell;
  /** Tells one content of the dataset from another. */
  readonly data: string;
  /** Arguments of `ctre train` that do the same. */
  readonly argv: readonly string[];
  /** Where the inputs are a picture's pixels. */
  readonly picture: PictureSize | undefined;
}

/** Trains, and keeps what a comparison tells about. @throws CtreError for everything but a loss that diverged. */
export async function runCell(
  { cell, data, argv, picture }: CellTask,
  onEpoch: (epoch: Epoch) => void,
): Promise<CellRecord> {
  const training = await openTraining(parseArguments(trainSyntax, argv));
  const model = await createModel(training.source.dataset, training.settings);
  try {
    const { settings, source } = training;
    const { train, test, validation } = training.data;
    const { informativeColumns, redundantColumns } = source.dataset;
    const known =
      informativeColumns && redundantColumns ? { informativeColumns, redundantColumns } : undefined;
    const watch = new Watch(settings.epochs, train.x, known, picture);
    const layers = (): SparseMLP['layers'] => model.layers;
    watch.look(0, layers);
    const { epochs, batchSize, optimizer, patience } = settings;
    const options = { epochs, batchSize, optimizer, patience, ...validation, test };
    for await (const epoch of model.train(train.x, train.y, options)) {
      watch.look(epoch.epoch, layers);
      onEpoch(epoch);
    }
    watch.look(model.history.length, layers, true);
    return { ...cell, data, ...describeTraining(training, model), looks: watch.finish() };
  } catch (error) {
    if (!(error instanceof CtreError) || error.code !== 'E_DIVERGED') throw error;
    return { ...cell, data, failed: error.message };
  } finally {
    model.dispose();
  }
}

function describeTraining(
  { settings, data }: Training,
  model: SparseMLP,
): Omit<FinishedCell, keyof Cell | 'data' | 'looks'> {
  const { history, layers } = model;
  const { train, test, validation } = data;
  const nnzByLayer = layers.map(({ nnz }) => nnz);
  const dims = [layers[0].inDim, ...layers.map(({ outDim }) => outDim)];
  const rows = holdOut(train.x.rows, validation, settings.seed).trainRows.length;
  const { batchSize, topology } = settings;
  const result = resultRecord(settings.seed, model);
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
    trainRows: rows,
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
      rows,
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
