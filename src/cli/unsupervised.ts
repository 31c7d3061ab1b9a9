import { basename } from 'node:path';
import { CtreError } from '../base/errors.ts';
import type { Dataset, ScalerKind } from '../data/index.ts';
import { isUsualLabelName } from '../data/labelColumn.ts';
import { columnTitle } from '../data/rawTable.ts';
import { optimizer, SparseMLP, topology } from '../index.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { Options, Values } from './args.ts';
import { openDataset, type READ_OPTIONS } from './dataset.ts';
import { checkWritable, writeWhole } from './files.ts';
import type { Io } from './io.ts';
import { chooseModelRows, type ROW_OPTIONS } from './modelRows.ts';
import { choice, flag, integer, number, text } from './options.ts';
import { showProgress } from './progressBar.ts';
import { notesAsMetadata } from './savedModel.ts';
import { encodeTable, fitTrainingScaler, pickRows, scaled } from './split.ts';
import type { TakenDataset } from './takenText.ts';

// Atashgahi et al., "Quick and robust feature selection: the strength of energy-efficient sparse training for
// autoencoders", Machine Learning 111 (2022): a sparse denoising autoencoder ranks features without labels.

/** Options of a ranking without labels. */
export const UNSUPERVISED_OPTIONS = {
  unsupervised: flag(
    'needs no labels: train a sparse denoising autoencoder on a dataset,\n' +
      'which is the only argument, and rank its inputs by strength',
  ),
  hidden: integer('n', { least: 1 }, 'neurons of its hidden layer (1000)'),
  epsilon: number('e', { least: 0, above: 0 }, 'density of a layer: e · (in + out) / (in · out) (13)'),
  'prune-fraction': number(
    'f',
    { least: 0, below: 1 },
    'share of connections that the method set moves every epoch (0.2)',
  ),
  noise: number('a', { least: 0, most: 1e6 }, 'Gaussian noise on the scaled features (0.2)'),
  epochs: integer('n', { least: 1 }, 'passes over the rows (10)'),
  'batch-size': integer('n', { least: 1 }, 'rows a step (100)'),
  lr: number(
    'r',
    { least: 0 },
    'learning rate of sgd with momentum 0.9\n(0.01 times the number of features)',
  ),
  seed: integer('n', { least: 0 }, 'decides everything random (0)'),
  threads: integer('n', { least: 1, most: 64 }, 'threads to work with; the result is the same (1)'),
  scale: choice<ScalerKind>(
    'kind',
    ['minmax', 'standard', 'none'],
    'minmax, standard or none (minmax; none where a sparse dataset\nwould become dense)',
  ),
  out: text('file', 'save the autoencoder, as safetensors'),
} as const satisfies Options;

type UnsupervisedValues = Values<typeof UNSUPERVISED_OPTIONS & typeof READ_OPTIONS & typeof ROW_OPTIONS>;

/** An autoencoder, and what its inputs are. */
export interface TrainedAutoencoder {
  readonly model: SparseMLP;
  readonly featureNames: readonly string[] | undefined;
  /** What it was trained on, in words. */
  readonly words: string;
  /** What was taken for what. */
  readonly read: TakenDataset;
}

/**
 * Trains an autoencoder on a dataset, whose labels are not looked at.
 * @throws CtreError for a dataset that cannot be read, and `E_ABORTED`.
 */
export async function trainAutoencoder(
  path: string,
  values: UnsupervisedValues,
  isJson: boolean,
  io: Io,
): Promise<TrainedAutoencoder> {
  const { split, out, epochs = 10, noise = 0.2 } = values;
  if (out !== undefined) await checkWritable(out, [path, ...(split === undefined ? [] : [split])]);
  // The dataset's own test rows are not for choosing features.
  const { test: _, ...found } = await openDataset(path, values, { unlabelled: values.label === undefined });
  const { indices, words } = await chooseModelRows(found, values, 'train');
  const table = found.table && encodeTable(found, found.table, indices, values.scale ?? 'minmax');
  const dataset = table?.dataset ?? found;
  const rows = pickRows(dataset, indices);
  const scaler = fitTrainingScaler(table === undefined ? values.scale : 'none', rows.x);
  const { x } = scaled(scaler, rows);
  const read: TakenDataset = {
    dataset,
    pipeline: table?.pipeline,
    scale: table === undefined ? scaler.kind : (values.scale ?? 'minmax'),
    warnings: [...aboutLabels(found, values), ...(table?.warnings ?? [])],
  };
  const model = await SparseMLP.create({
    layers: [x.cols, values.hidden ?? 1000, x.cols],
    epsilon: values.epsilon ?? 13,
    topology: topology.set({ pruneFraction: values.pruneFraction ?? 0.2 }),
    seed: values.seed ?? 0,
    threads: values.threads ?? 1,
  });
  const progress = isJson ? undefined : showProgress(io.stdout, epochs, []);
  try {
    await io.interruptible(async (signal) => {
      // The loss is a mean over the outputs: 0.01 for each of them, as if it were a sum.
      const learningRate = values.lr ?? 0.01 * x.cols;
      const rates = { optimizer: optimizer.sgd({ learningRate, weightDecay: 0 }) };
      const how = { epochs, batchSize: values.batchSize ?? 100, ...rates, signal };
      const denoise = { kind: 'gaussian', amount: noise } as const;
      for await (const epoch of model.train(x, 'x', { ...how, denoise })) progress?.show(epoch);
    });
    const { featureNames } = dataset;
    if (out !== undefined) {
      const { labelNames: _labels, ...notes } = notesAsMetadata({
        ...{ labelNames: [], featureNames, scaler, pipeline: table?.pipeline },
        indexBase: dataset.taken?.indexBase,
        dataset: basename(path),
      });
      await writeWhole(out, model.save(notes));
    }
    return { model, featureNames, words: `${words}, ${x.rows} of them`, read };
  } catch (error) {
    const stopped = `stopped in epoch ${model.history.length + 1}; nothing was saved`;
    model.dispose();
    if (error instanceof CtreError && error.code === 'E_ABORTED') throw new CtreError('E_ABORTED', stopped);
    throw error;
  } finally {
    progress?.stop();
  }
}

/** Without --label every column is a feature, also one whose name says that it holds labels. */
function aboutLabels({ table }: Dataset<SampleMatrix>, { label }: UnsupervisedValues): string[] {
  const column = table?.columns.find(({ name }) => name !== undefined && isUsualLabelName(name));
  if (label !== undefined || column === undefined) return [];
  return [`${columnTitle(column)} is taken as a feature; --label ${column.name} leaves it out`];
}
