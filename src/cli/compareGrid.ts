import { CtreError, show } from '../base/errors.ts';
import { cellsOf, checkNetwork } from '../compare/grid.ts';
import { guessPicture, type PictureSize } from '../compare/look.ts';
import type { Dataset } from '../data/index.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { holdOut } from '../model/holdOut.ts';
import type { ParsedArguments } from './args.ts';
import type { CellTask } from './cellTask.ts';
import {
  type CompareArguments,
  chooseMethods,
  type compareSyntax,
  SHARED_OPTIONS,
  WITHOUT_BITS,
} from './compareSyntax.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type LoadedMethod, loadMethods } from './methodModules.ts';
import { readSettings, scheduleName } from './settings.ts';
import { type TakenRecord, takenLines, takenRecord } from './takenText.ts';
import { type AutomaticOptions, openTraining, type Training, USUAL_REGRESSION } from './training.ts';
import type { TrainArguments } from './trainSyntax.ts';

/**
 * Shared options that the file of results does not name: cells have their own, nothing that comes out depends
 * on them, or a fingerprint of what is in their files covers them.
 */
const UNNAMED: readonly string[] = ['hidden', ...WITHOUT_BITS];

/** All trainings of a comparison. */
export interface Grid {
  /** In the order of datasets, shapes, densities, methods, seeds. */
  readonly tasks: readonly CellTask[];
  /** With what the data of a fingerprint were read. */
  readonly readings: ReadonlyMap<string, TrainArguments>;
  /** Threads of one training. */
  readonly threads: number | 'auto';
  /** What all cells have in common, as it was typed. */
  readonly shared: Readonly<Record<string, string>>;
  readonly datasets: readonly {
    readonly name: string;
    readonly about: string;
    readonly trainRows: number;
    readonly testRows: number;
    /** Of each training. */
    readonly epochs: number;
    readonly automatic: AutomaticOptions;
    /** What was taken for what when it was read, to programs and to people. */
    readonly read: { readonly record: TakenRecord; readonly lines: readonly (readonly [string, string])[] };
  }[];
}

/**
 * The grid that the arguments ask for.
 * @throws CtreError for every mistake that can be seen before training.
 */
export async function readGrid({
  positionals,
  options,
  typed,
}: ParsedArguments<typeof compareSyntax>): Promise<Grid> {
  const { seeds = [0, 1, 2], epsilons, widths, image } = options;
  const modules = await loadMethods(options.methodModule);
  const methods = chooseMethods(
    options.methods,
    modules.map(({ method }) => method.name),
  );
  const hashes = new Map(modules.map(({ method, hash }) => [method.name, hash]));
  if (options.methodOptions !== undefined && !methods.some((name) => hashes.has(name))) {
    throw new CtreError(
      'E_ARGUMENT',
      `--method-options are for a method of --method-module; expected one among ${methods.join(', ')}`,
    );
  }
  const paths = positionals.length === 0 ? [[]] : positionals.map((path) => [path]);
  const tasks: CellTask[] = [];
  const readings = new Map<string, TrainArguments>();
  const datasets: Grid['datasets'][number][] = [];
  for (const path of paths) {
    const reading = { positionals: path, options: { ...trainOptions(options), method: methods[0] } };
    const training = await openTraining(reading, modules);
    const { settings, source, data } = training;
    if (datasets.some(({ name }) => name === source.name)) {
      throw new CtreError('E_ARGUMENT', `two datasets are called ${show(source.name)}; rename one of them`);
    }
    holdOut(data.train.x.rows, data.validation, settings.seed);
    const picture = pictureOf(source.dataset, source.name, image);
    const fingerprint = await fingerprintOf(source.dataset, options.split);
    readings.set(fingerprint, reading);
    const shapes = widths?.map((width) => [width, width, width]) ?? [settings.hidden];
    const densities = [...new Set(epsilons ?? [settings.density.epsilon ?? null])];
    for (const cell of cellsOf(source.name, { shapes, epsilons: densities, methods, seeds })) {
      const { hidden, epsilon, method, seed } = cell;
      const module = hashes.get(method);
      const own: TrainArguments['options'] = {
        ...trainOptions(options),
        hidden: hidden.length === 0 ? 'none' : hidden,
        ...(epsilon !== null && { epsilon }),
        method,
        seed,
        // What the rows decide is written down: so the training is the same wherever it is done.
        ...('loss' in training.automatic && { loss: USUAL_REGRESSION }),
        batchSize: settings.batchSize,
        epochs: settings.epochs,
        schedule: scheduleName(settings.schedule.name),
        scale: data.scale,
      };
      checkCell(own, training, modules);
      tasks.push({
        cell: { ...cell, ...(module && { module }) },
        data: fingerprint,
        args: { positionals: path, options: own },
        picture,
      });
    }
    datasets.push({
      name: source.name,
      about: source.about ?? `${source.dataset.x.rows} rows × ${source.dataset.x.cols} features`,
      trainRows: data.train.x.rows,
      testRows: data.test.x.rows,
      epochs: settings.epochs,
      automatic: withoutAxes(training.automatic, options),
      read: readingOfTraining(training),
    });
  }
  return { tasks, readings, threads: options.threads ?? 1, shared: sharedOptions(typed), datasets };
}

/** What was taken for what, without the rows. */
function readingOfTraining({ source, data }: Training): Grid['datasets'][number]['read'] {
  const { pipeline, scale, classCounts, warnings } = data;
  const taken = { dataset: source.dataset, pipeline, scale, classCounts, warnings };
  return { record: takenRecord(taken), lines: takenLines(taken) };
}

/** The options of a comparison that every training has. */
function trainOptions(options: CompareArguments['options']): TrainArguments['options'] {
  const { methods, seeds, epsilons, widths, jobs, results, queue, retries, report, image, json, ...shared } =
    options;
  return shared;
}

/** Without what the axes of the grid say. */
function withoutAxes(
  automatic: AutomaticOptions,
  { widths, epsilons }: CompareArguments['options'],
): AutomaticOptions {
  const { hidden, epsilon, ...others } = automatic;
  return {
    ...(hidden !== undefined && widths === undefined && { hidden }),
    ...(epsilon !== undefined && epsilons === undefined && { epsilon }),
    ...others,
  };
}

/** The options that say what all cells have in common, as they were typed. */
function sharedOptions(typed: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const names = Object.values(SHARED_OPTIONS).flatMap((group) => Object.keys(group));
  const isNamed = ([name]: [string, string]): boolean => names.includes(name) && !UNNAMED.includes(name);
  return Object.fromEntries(Object.entries(typed).filter(isNamed).sort());
}

/** @throws CtreError where the cell's network cannot be. */
function checkCell(
  own: TrainArguments['options'],
  { source, data }: Training,
  modules: readonly LoadedMethod[],
): void {
  const { hidden, density, topology } = readSettings(own, data.auto, modules);
  const { x, labelNames } = source.dataset;
  checkNetwork([x.cols, ...hidden, labelNames.length], density, topology);
}

function pictureOf(
  { x }: Dataset<SampleMatrix>,
  name: string,
  image: PictureSize | 'none' | undefined,
): PictureSize | undefined {
  if (image === 'none') return undefined;
  if (image === undefined) return guessPicture(x);
  if (image.width * image.height === x.cols) return image;
  throw new CtreError(
    'E_SHAPE',
    `--image is ${image.width}x${image.height}, ${image.width * image.height} pixels; ${name} has ` +
      `${x.cols} features`,
  );
}
