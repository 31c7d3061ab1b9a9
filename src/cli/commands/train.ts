import { basename } from 'node:path';
import { CtreError, show } from '../../base/errors.ts';
import type { KnownColumns } from '../../compare/look.ts';
import type { Dataset } from '../../data/index.ts';
import { type Epoch, SparseMLP } from '../../index.ts';
import { type Arguments, type OptionName, parseArguments, type Syntax } from '../args.ts';
import {
  CHECKPOINT_OPTIONS,
  type CheckpointSettings,
  type Found,
  readCheckpointSettings,
} from '../checkpoints.ts';
import {
  embeddedDataset,
  openDataset,
  prepareTraining,
  READ_OPTIONS,
  SPLIT_OPTIONS,
  type TrainingData,
} from '../dataset.ts';
import { checkWritable } from '../files.ts';
import { duration, type Io, list, percent, share, showProgress, table } from '../report.ts';
import { type ModelNotes, notesAsMetadata, saveModel } from '../savedModel.ts';
import { NETWORK_OPTIONS, readSettings, type Settings, TRAINING_OPTIONS } from '../settings.ts';

/** What `ctre train` takes. */
export const trainSyntax = {
  command: 'train',
  summary: 'train a network and test it; without a dataset, on a generated problem',
  positionals: ['[dataset]'],
  options: {
    Network: NETWORK_OPTIONS,
    Training: TRAINING_OPTIONS,
    Rows: SPLIT_OPTIONS,
    Reading: READ_OPTIONS,
    Stopping: CHECKPOINT_OPTIONS,
    Output: {
      out: { value: 'file', help: 'save the network after the last epoch, as safetensors' },
      json: { help: 'one JSON object a line: the start, every epoch, the result' },
    },
  },
} as const satisfies Syntax;

type TrainArguments = Arguments<OptionName<typeof trainSyntax>>;

/** `ctre train [dataset]` */
export async function runTrain(argv: readonly string[], io: Io): Promise<void> {
  const args = parseArguments(trainSyntax, argv);
  const checkpoints = readCheckpointSettings(args);
  const out = args.text('out');
  const split = args.text('split');
  if (out !== undefined)
    await checkWritable(out, [...args.positionals, ...(split === undefined ? [] : [split])]);
  const { settings, source, data } = await openTraining(args);
  const origin = { dataset: source.name, ...describeNetwork(source.dataset, settings) };
  try {
    const resumed = checkpoints && (await openCheckpoints(checkpoints, origin, settings.threads));
    const model = resumed?.content ?? (await createModel(source.dataset, settings));
    try {
      const { labelNames, featureNames } = source.dataset;
      const notes = { labelNames, featureNames, scaler: data.scaler, dataset: source.name };
      const warning = resumed?.warning;
      const isJson = args.has('json');
      await trainModel(
        { source, data, settings, model, out, isJson, notes, checkpoints, origin, warning },
        io,
      );
    } finally {
      model.dispose();
    }
  } finally {
    await checkpoints?.folder.close();
  }
}

/** What a training is made of before there is a network. */
export interface Training {
  readonly settings: Settings;
  readonly source: Source;
  readonly data: TrainingData;
}

/** @throws CtreError for options that make no sense, a dataset that cannot be read, or two that do not fit each other. */
export async function openTraining(args: TrainArguments): Promise<Training> {
  const [path] = args.positionals;
  // The generated problem is small: so is its network, and a run takes seconds.
  const settings = readSettings(args, { hidden: path === undefined ? [200, 200, 200] : [1000, 1000, 1000] });
  const source = await openSource(path, args);
  const data = await prepareTraining(source.dataset, args, {
    seed: settings.seed,
    scale: path === undefined ? 'standard' : undefined,
  });
  return { settings, source, data };
}

/** What made the network: a training is taken up only by a command that would make the same. */
function describeNetwork({ x, labelNames }: Dataset, settings: Settings): Record<string, unknown> {
  const { preset, hidden, density, topology, initializer, growInitializer, seed } = settings;
  return {
    preset,
    layers: [x.cols, ...hidden, labelNames.length],
    density,
    method: topology.name,
    topology: topology.options,
    initializer: { name: initializer.name, ...initializer.options },
    growInitializer: growInitializer && { name: growInitializer.name, ...growInitializer.options },
    seed,
  };
}

/**
 * Makes the folder ready, and reads the training that is to be taken up.
 * @returns the model in the middle of its training; undefined where there is none to take up.
 * @throws CtreError `E_ARGUMENT` for a folder that holds another training, or one that nobody asked to go on with.
 */
async function openCheckpoints(
  { folder, resume }: CheckpointSettings,
  origin: Record<string, unknown>,
  threads: Settings['threads'],
): Promise<Found<SparseMLP> | undefined> {
  await folder.prepare();
  if (!resume) {
    if (!(await folder.isUsed())) return undefined;
    throw new CtreError(
      'E_ARGUMENT',
      `${show(folder.path)} holds the checkpoints of a training; add --resume to go on with it, or name another folder`,
    );
  }
  const found = await folder.read((bytes) => SparseMLP.resume(bytes, { threads }));
  if (found === undefined) return undefined;
  const { origin: before } = found.content.metadata;
  const saved = typeof before === 'object' && before !== null ? new Map(Object.entries(before)) : new Map();
  const other = Object.keys(origin).find(
    (name) => JSON.stringify(origin[name]) !== JSON.stringify(saved.get(name)),
  );
  if (other === undefined) return found;
  found.content.dispose();
  const [now, then] = [origin[other], saved.get(other)].map((value) => JSON.stringify(value));
  throw new CtreError(
    'E_ARGUMENT',
    `the training in ${show(folder.path)} has ${other} ${then}, this command ${now}; give the same options to go on, or name another folder`,
  );
}

/** A dataset and what people and files call it. */
export interface Source {
  readonly dataset: Dataset & Partial<KnownColumns>;
  readonly name: string;
  readonly about?: string;
}

interface Run extends Training {
  readonly model: SparseMLP;
  readonly out: string | undefined;
  readonly isJson: boolean;
  /** What files tell besides the network. */
  readonly notes: ModelNotes;
  readonly checkpoints: CheckpointSettings | undefined;
  /** What made the network, kept in checkpoints. */
  readonly origin: Record<string, unknown>;
  /** Why the newest checkpoint was not taken. */
  readonly warning: string | undefined;
}

async function openSource(path: string | undefined, args: TrainArguments): Promise<Source> {
  if (path === undefined) return { name: 'generated problem', ...embeddedDataset(args) };
  const dataset = await openDataset(path, args);
  if (dataset.labelNames.length < 2) {
    throw new CtreError('E_LABEL', `${basename(path)} holds one class; expected at least two to tell apart`);
  }
  return { name: basename(path), dataset };
}

/** The network of a training, before its first step. */
export function createModel({ x, labelNames }: Dataset, settings: Settings): Promise<SparseMLP> {
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

async function trainModel(run: Run, io: Io): Promise<void> {
  const { data, settings, model, out, isJson, notes } = run;
  const { stdout } = io;
  const printJson = (event: string, record: object): void => {
    stdout.write(`${JSON.stringify({ event, ...record })}\n`);
  };
  if (isJson) printJson('start', startRecord(run));
  else stdout.write(startText(run));
  const progress = isJson ? undefined : showProgress(stdout, settings.epochs, model.history);
  const metadata = { ...notesAsMetadata(notes), origin: run.origin };
  const warn = (text: string): void => {
    io.stderr.write(`ctre: no checkpoint after epoch ${model.history.length}: ${text}\n`);
  };
  const keeper = run.checkpoints && new Keeper(run.checkpoints, model, metadata, warn);
  try {
    await io.interruptible(async (signal) => {
      const { epochs, batchSize, optimizer, patience } = settings;
      const { train, test, validation } = data;
      const options = { epochs, batchSize, optimizer, patience, ...validation, signal };
      for await (const epoch of model.train(train.x, train.y, {
        ...options,
        test: { x: test.x, y: test.y },
      })) {
        progress?.show(epoch);
        if (isJson) printJson('epoch', epoch);
        await keeper?.keep();
      }
      await keeper?.keepLast();
    });
  } catch (error) {
    if (!(error instanceof CtreError) || error.code !== 'E_ABORTED') throw error;
    const kept = keeper?.kept ?? 0;
    throw new CtreError(
      'E_ABORTED',
      kept === 0
        ? `stopped in epoch ${model.history.length + 1}; nothing was saved`
        : `stopped in epoch ${model.history.length + 1}; the same command with --resume goes on after epoch ${kept}`,
    );
  } finally {
    progress?.stop();
  }
  if (out !== undefined) await saveModel(out, model, notes);
  const result = resultRecord(settings.seed, model);
  if (isJson) printJson('result', result);
  else stdout.write(resultText(result, out));
}

/** Writes checkpoints when they are due. */
class Keeper {
  /** The epoch of the last checkpoint; 0 before any. */
  kept: number;
  readonly #settings: CheckpointSettings;
  readonly #model: SparseMLP;
  readonly #metadata: Record<string, unknown>;
  readonly #warn: (text: string) => void;
  #last = performance.now();
  #writeSeconds = 0;

  constructor(
    settings: CheckpointSettings,
    model: SparseMLP,
    metadata: Record<string, unknown>,
    warn: (text: string) => void,
  ) {
    this.#warn = warn;
    this.#settings = settings;
    this.#model = model;
    this.#metadata = metadata;
    this.kept = model.history.length;
  }

  /** After an epoch. A disk that is full now may not be at the next: training goes on, and the last checkpoint stays. */
  async keep(): Promise<void> {
    const epochs = this.#model.history.length - this.kept;
    const seconds = (performance.now() - this.#last) / 1000;
    if (this.#settings.isDue({ epochs, seconds, writeSeconds: this.#writeSeconds })) {
      await this.#write().catch((error: unknown) => {
        if (!(error instanceof CtreError)) throw error;
        this.#warn(error.message);
      });
    }
  }

  /** After the last epoch. */
  async keepLast(): Promise<void> {
    if (this.#model.history.length > this.kept) await this.#write();
  }

  async #write(): Promise<void> {
    const begin = performance.now();
    await this.#settings.folder.write(this.#model.checkpoint(this.#metadata));
    this.kept = this.#model.history.length;
    this.#last = performance.now();
    this.#writeSeconds = (this.#last - begin) / 1000;
  }
}

function startRecord({ source, data, settings, model, warning }: Run): object {
  const { topology, initializer, growInitializer, optimizer } = settings;
  const { validationSplit, validationRows } = data.validation;
  return {
    dataset: source.name,
    features: data.train.x.cols,
    classes: source.dataset.labelNames.length,
    trainRows: data.train.x.rows,
    validation: validationRows === undefined ? (validationSplit ?? 0) : { rows: validationRows.length },
    testRows: data.test.x.rows,
    unusedRows: data.unused,
    scale: data.scaler.kind,
    method: topology.name,
    topology: topology.options,
    layers: layerSizes(model),
    nnz: model.nnz,
    nnzByLayer: model.layers.map(({ nnz }) => nnz),
    density: model.density,
    initializer: { name: initializer.name, ...initializer.options },
    growInitializer: growInitializer && { name: growInitializer.name, ...growInitializer.options },
    optimizer: { name: optimizer.name, ...optimizer.options },
    epochs: settings.epochs,
    batchSize: settings.batchSize,
    patience: settings.patience,
    seed: settings.seed,
    threads: model.threads,
    warning: model.warning ?? warning,
    resumedAfter: model.history.length === 0 ? undefined : model.history.length,
  };
}

function layerSizes({ layers }: SparseMLP): number[] {
  return [layers[0].inDim, ...layers.map(({ outDim }) => outDim)];
}

function startText({ source, data, settings, model, warning }: Run): string {
  const { x, labelNames } = source.dataset;
  const { topology, initializer, optimizer } = settings;
  const { validationSplit, validationRows } = data.validation;
  const held =
    validationRows !== undefined
      ? `${validationRows.length} of them for validation`
      : validationSplit === undefined
        ? 'no validation'
        : `${percent(validationSplit)} of them for validation`;
  return `${source.name}: ${x.rows} rows × ${x.cols} features, ${labelNames.length} classes\n${list([
    ...(source.about === undefined ? [] : ([['problem', source.about]] as const)),
    ['training', `${data.train.x.rows} rows, ${held}`],
    ['test', `${data.test.x.rows} rows (${data.testWords})`],
    ...(data.unused === 0 ? [] : ([['unused', `${data.unused} rows`]] as const)),
    ['scaling', data.scaler.kind],
    ['method', [topology.name, ...inWords(topology.options)].join(', ')],
    ['network', layerSizes(model).join(' → ')],
    ['connections', `${model.nnz} (${percent(model.density)} of the dense network)`],
    ['weights', [initializer.name, ...inWords(initializer.options)].join(', ')],
    [
      'optimiser',
      [optimizer.name, ...inWords(optimizer.options), `batches of ${settings.batchSize}`].join(', '),
    ],
    ['seed', String(settings.seed)],
    ...(model.threads === 1 ? [] : ([['threads', String(model.threads)]] as const)),
    ...(model.history.length === 0 ? [] : ([['resumed', `after epoch ${model.history.length}`]] as const)),
    ...[model.warning, warning].flatMap((text) => (text === undefined ? [] : ([['warning', text]] as const))),
  ])}\n`;
}

/** Options as a list of words: "prune fraction 0.2, annealing constant". */
function inWords(options: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${value}`],
  );
}

/** What a training came to, as the last line of --json. */
export interface Result {
  readonly method: string;
  readonly seed: number;
  readonly nnz: number;
  readonly density: number;
  readonly epochs: number;
  /** Null without validation. */
  readonly bestValAccuracy: number | null;
  readonly bestEpoch: number;
  /** At the best epoch. */
  readonly testAccuracy: number | undefined;
  /** After the last epoch. */
  readonly finalTestAccuracy: number | undefined;
  readonly seconds: number;
  readonly trainSeconds: number;
  readonly evolveSeconds: number;
}

export function resultRecord(seed: number, model: SparseMLP): Result {
  const { history } = model;
  const last = history[history.length - 1];
  const best = history.findLast((epoch) => epoch.best) ?? last;
  const sum = (secondsOf: (epoch: Epoch) => number): number =>
    history.reduce((total, epoch) => total + secondsOf(epoch), 0);
  return {
    method: model.method,
    seed,
    nnz: model.nnz,
    density: model.density,
    epochs: history.length,
    bestValAccuracy: best.valAccuracy ?? null,
    bestEpoch: best.epoch,
    testAccuracy: best.testAccuracy,
    finalTestAccuracy: last.testAccuracy,
    seconds: sum(({ seconds }) => seconds),
    trainSeconds: sum(({ trainSeconds }) => trainSeconds),
    evolveSeconds: sum(({ evolution }) => evolution?.seconds ?? 0),
  };
}

function resultText(result: Result, out: string | undefined): string {
  const saved = out === undefined ? '' : `saved ${out} (the network after the last epoch)\n`;
  return `\n${table([
    ['method', result.method],
    ['connections', String(result.nnz)],
    ['density', percent(result.density)],
    ['epochs', String(result.epochs)],
    ['best epoch', String(result.bestEpoch)],
    ['best validation accuracy', share(result.bestValAccuracy ?? undefined)],
    ['test accuracy at best epoch', share(result.testAccuracy)],
    ['test accuracy at last epoch', share(result.finalTestAccuracy)],
    ['time', duration(result.seconds)],
    ['  training steps', duration(result.trainSeconds)],
    ['  topology updates', duration(result.evolveSeconds)],
  ])}${saved}`;
}
