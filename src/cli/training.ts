import { basename } from 'node:path';
import { CtreError } from '../base/errors.ts';
import type { KnownColumns } from '../compare/look.ts';
import type { Dataset } from '../data/index.ts';
import { looksLikeNames, looksLikeNumbers } from '../data/numberLabels.ts';
import { columnTitle } from '../data/rawTable.ts';
import { type Loss, SparseMLP } from '../index.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import {
  type AutoSettings,
  type SampleShape,
  settingsForShape,
  wideSettings,
} from '../model/autoSettings.ts';
import { embeddedDataset, openDataset, readingOf, refuseReading } from './dataset.ts';
import type { LoadedMethod } from './methodModules.ts';
import { given } from './options.ts';
import { readSettings, type TrainingSettings } from './settings.ts';
import { prepareTraining, type TrainingData } from './split.ts';
import type { TrainArguments } from './trainSyntax.ts';

/** What a training is made of before there is a network. */
export interface Training {
  readonly settings: TrainingSettings;
  readonly source: Source;
  readonly data: TrainingData;
  readonly automatic: AutomaticOptions;
}

/** The options that nobody gave and that the shape of the training rows has decided, as one types them. */
export type AutomaticOptions = Readonly<Record<string, string>>;

/** A dataset, and what people and files call it. */
export interface Source {
  readonly dataset: Dataset<SampleMatrix> & Partial<KnownColumns>;
  readonly name: string;
  readonly about?: string;
}

/** The loss where the labels are numbers, and nobody named one. */
export const USUAL_REGRESSION = 'mean-squared' as const;

/**
 * Reads and prepares what a command asks for.
 * @param modules the methods of one's own.
 * @throws CtreError for options that make no sense, a dataset that cannot be read, or two that do not fit
 *   each other.
 */
export async function openTraining(
  { positionals, options: typed }: TrainArguments,
  modules: readonly LoadedMethod[],
): Promise<Training> {
  const [path] = positionals;
  // What is wrong with the options is said before a large file is read.
  const asked = readSettings(typed, wideSettings, modules);
  const source = await openSource(path, typed, asked.loss);
  const isFound = asked.loss === undefined && source.dataset.targets !== undefined;
  const ofLabels = { ...(isFound && { loss: USUAL_REGRESSION }) };
  const options = { ...typed, ...ofLabels };
  const data = await prepareTraining(source.dataset, options, {
    seed: asked.seed,
    auto: automaticRule(path, options),
  });
  const settings = readSettings(options, data.auto, modules);
  checkClassWeight(settings, source.dataset);
  const automatic = path === undefined ? {} : { ...ofLabels, ...automaticOptions(options, data) };
  return { settings, source: { ...source, dataset: data.dataset }, data, automatic };
}

function automaticOptions(
  { preset, density, ...options }: TrainArguments['options'],
  { auto, scale }: TrainingData,
): AutomaticOptions {
  if (preset === 'paper') return {};
  const typed = {
    hidden: given(options.hidden) === undefined && auto.hidden.join(','),
    epsilon: given(options.epsilon) === undefined && density === undefined && String(auto.epsilon),
    scale: given(options.scale) === undefined && scale,
    'batch-size': given(options.batchSize) === undefined && String(auto.batchSize),
    epochs: given(options.epochs) === undefined && String(auto.epochs),
    schedule: given(options.schedule) === undefined && auto.schedule.name,
  };
  const chosen = Object.entries(typed).filter((entry): entry is [string, string] => entry[1] !== false);
  return Object.fromEntries(chosen);
}

/** Options as one types them. */
export function automaticWords(automatic: AutomaticOptions): string {
  return Object.entries(automatic)
    .map(([name, value]) => `--${name} ${value}`)
    .join(' ');
}

/** What decides where options are not given. */
function automaticRule(
  path: string | undefined,
  { preset, batchSize }: TrainArguments['options'],
): (shape: SampleShape) => AutoSettings {
  // The generated problem is small. So is its network, and a run takes seconds.
  if (path === undefined) return () => ({ ...wideSettings, hidden: [200, 200, 200], scale: 'standard' });
  // What was published is for any rows.
  if (preset === 'paper') return () => wideSettings;
  return (shape) => settingsForShape(shape, given(batchSize));
}

async function openSource(
  path: string | undefined,
  options: TrainArguments['options'],
  loss: Loss | undefined,
): Promise<Source> {
  if (path === undefined) {
    refuseReading(options);
    if (loss !== undefined && loss.targets !== 'labels') {
      throw new CtreError('E_ARGUMENT', `the generated problem has classes; name a dataset for ${loss.name}`);
    }
    return { name: 'generated problem', ...embeddedDataset() };
  }
  const dataset = await openDataset(path, options, {
    targets: readingOf(loss),
    orNumbers: loss === undefined,
  });
  if (dataset.targets !== undefined) return { name: basename(path), dataset };
  if (loss === undefined) checkAreClasses(basename(path), dataset);
  if (dataset.labelNames.length < 2) {
    throw new CtreError('E_LABEL', `${basename(path)} holds one class; expected at least two to tell apart`);
  }
  return { name: basename(path), dataset };
}

/** @throws CtreError `E_LABEL` for labels that look like something to predict, or like names of rows. */
function checkAreClasses(name: string, dataset: Dataset<SampleMatrix>): void {
  const { x, labelNames, taken } = dataset;
  const { name: column, number } = taken?.label ?? {};
  const where = number === undefined ? name : `${columnTitle({ name: column, number })} of ${name}`;
  if (looksLikeNumbers(dataset, column)) {
    throw new CtreError(
      'E_LABEL',
      `${where} has ${labelNames.length} different numbers as labels of ${x.rows} rows, from ` +
        `${labelNames[0]} to ${labelNames[labelNames.length - 1]}: these look like numbers to predict, not ` +
        'like classes; give --loss mean-squared or huber to predict them, --loss cross-entropy if they are ' +
        'classes, or name the label column with --label',
    );
  }
  if (looksLikeNames(dataset)) {
    throw new CtreError(
      'E_LABEL',
      `${where} has ${labelNames.length} different labels in ${x.rows} rows: these look like names of ` +
        'rows, not like classes; name the label column with --label, or give --loss cross-entropy if they ' +
        'are classes',
    );
  }
}

/** @throws CtreError `E_ARGUMENT` for weights that are not one for each class. */
function checkClassWeight(
  { classWeight, loss }: TrainingSettings,
  { labelNames }: Dataset<SampleMatrix>,
): void {
  if (classWeight !== undefined && loss !== undefined && loss.targets !== 'labels') {
    throw new CtreError('E_ARGUMENT', `--class-weight is for classes; the loss is ${loss.name}`);
  }
  if (typeof classWeight !== 'object' || classWeight.length === labelNames.length) return;
  throw new CtreError(
    'E_ARGUMENT',
    `--class-weight gives ${classWeight.length} weights; expected ${labelNames.length}, for the classes ` +
      `${namesInWords(labelNames)} in this order`,
  );
}

/** As many of the names as one reads. */
function namesInWords(names: readonly (number | string)[]): string {
  return names.length > 8 ? `${names.slice(0, 7).join(', ')}, …` : names.join(', ');
}

/** The network of a training, before its first step. */
export function makeModel(
  { x, labelNames }: Dataset<SampleMatrix>,
  settings: TrainingSettings,
): Promise<SparseMLP> {
  const { preset, loss, hidden, activation, density, topology, initializer, growInitializer, seed, threads } =
    settings;
  return SparseMLP.create({
    preset,
    loss,
    layers: [x.cols, ...hidden, labelNames.length],
    ...density,
    activation,
    topology,
    initializer,
    growInitializer,
    seed,
    threads,
  });
}
