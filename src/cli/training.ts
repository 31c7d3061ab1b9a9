import { basename } from 'node:path';
import { CtreError } from '../base/errors.ts';
import type { KnownColumns } from '../compare/look.ts';
import type { Dataset } from '../data/index.ts';
import { SparseMLP } from '../index.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { embeddedDataset, openDataset, refuseReading } from './dataset.ts';
import type { LoadedMethod } from './methodModules.ts';
import { readSettings, type TrainingSettings } from './settings.ts';
import { prepareTraining, type TrainingData } from './split.ts';
import type { TrainArguments } from './trainSyntax.ts';

/** What a training is made of before there is a network. */
export interface Training {
  readonly settings: TrainingSettings;
  readonly source: Source;
  readonly data: TrainingData;
}

/** A dataset, and what people and files call it. */
export interface Source {
  readonly dataset: Dataset<SampleMatrix> & Partial<KnownColumns>;
  readonly name: string;
  readonly about?: string;
}

/**
 * Reads and prepares what a command asks for.
 * @param modules the methods of one's own.
 * @throws CtreError for options that make no sense, a dataset that cannot be read, or two that do not fit
 *   each other.
 */
export async function openTraining(
  { positionals, options }: TrainArguments,
  modules: readonly LoadedMethod[],
): Promise<Training> {
  const [path] = positionals;
  // The generated problem is small. So is its network, and a run takes seconds.
  const hidden = path === undefined ? [200, 200, 200] : [1000, 1000, 1000];
  const settings = readSettings(options, { hidden }, modules);
  const source = await openSource(path, options);
  checkClassWeight(settings, source.dataset);
  const data = await prepareTraining(source.dataset, options, {
    seed: settings.seed,
    scale: path === undefined ? 'standard' : undefined,
  });
  return { settings, source, data };
}

async function openSource(path: string | undefined, options: TrainArguments['options']): Promise<Source> {
  if (path === undefined) {
    refuseReading(options);
    return { name: 'generated problem', ...embeddedDataset() };
  }
  const dataset = await openDataset(path, options);
  if (dataset.labelNames.length < 2) {
    throw new CtreError('E_LABEL', `${basename(path)} holds one class; expected at least two to tell apart`);
  }
  return { name: basename(path), dataset };
}

/** @throws CtreError `E_ARGUMENT` for weights that are not one for each class. */
function checkClassWeight({ classWeight }: TrainingSettings, { labelNames }: Dataset<SampleMatrix>): void {
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
  const { preset, hidden, density, topology, initializer, growInitializer, seed, threads } = settings;
  return SparseMLP.create({
    preset,
    layers: [x.cols, ...hidden, labelNames.length],
    ...density,
    topology,
    initializer,
    growInitializer,
    seed,
    threads,
  });
}
