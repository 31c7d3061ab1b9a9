import type { Outcome } from '../compare/outcome.ts';
import type { Epoch, SparseMLP } from '../index.ts';
import { chooseUnits, unitsInWords } from '../model/chooseUnits.ts';
import { holdOut } from '../model/holdOut.ts';
import { unchanged } from '../nn/schedule.ts';
import type { TargetUnits } from '../nn/targetUnits.ts';
import type { Metrics } from '../train/epoch.ts';
import { duration, formatTable, inDigits, namedLines, percent, share } from './format.ts';
import { kernelLines, type StartedKernels } from './startKernels.ts';
import { type TakenDataset, takenLines, takenRecord, takenWarnings } from './takenText.ts';
import { automaticWords, type Training } from './training.ts';

// What `ctre train` says, to people and to programs.

/** A training that is about to start, or to go on. */
export interface StartedTraining extends Training {
  readonly model: SparseMLP;
  readonly kernels: StartedKernels;
  /** Why the newest checkpoint was not taken. */
  readonly warning: string | undefined;
}

/** The first line of --json. */
export function trainStartRecord(started: StartedTraining): object {
  const { source, data, settings, model, kernels } = started;
  const { activation, topology, initializer, growInitializer, optimizer, schedule } = settings;
  const { warnings, ...taken } = takenRecord(takenDataset(started));
  const { validationRows } = data.validation;
  const { labelNames, targets } = source.dataset;
  return {
    dataset: source.name,
    features: data.train.x.cols,
    ...(targets === undefined
      ? { classes: labelNames.length }
      : { outputs: labelNames, loss: settings.loss?.name, targetUnits: unitsAtStart(started) }),
    trainRows: data.train.x.rows,
    validation: data.validationShare ?? (validationRows === undefined ? 0 : { rows: validationRows.length }),
    testRows: data.test.x.rows,
    unusedRows: data.unused,
    scale: scaleInWords(started),
    ...taken,
    method: topology.name,
    topology: topology.options,
    layers: layerSizes(model),
    nnz: model.nnz,
    nnzByLayer: model.layers.map(({ nnz }) => nnz),
    density: model.density,
    activation: { name: activation.name, ...activation.options },
    initializer: { name: initializer.name, ...initializer.options },
    growInitializer: growInitializer && { name: growInitializer.name, ...growInitializer.options },
    optimizer: { name: optimizer.name, ...optimizer.options },
    schedule: { name: schedule.name, ...schedule.options },
    clipNorm: settings.clipNorm,
    denoise: settings.denoise,
    epochs: settings.epochs,
    batchSize: settings.batchSize,
    automatic: started.automatic,
    classWeight: settings.classWeight,
    monitor: settings.monitor,
    patience: settings.patience,
    seed: settings.seed,
    threads: model.threads,
    revectorized: kernels.revectorized,
    ...(warnings.length > 0 && { warning: warnings.join('; '), warnings }),
    resumedAfter: model.history.length === 0 ? undefined : model.history.length,
  };
}

/** The units that numbers are learnt in: those of the model, or those that its first step will choose. */
function unitsAtStart({ data, settings, model }: StartedTraining): TargetUnits | undefined {
  const { train, validation } = data;
  if (settings.loss?.targets !== 'numbers' || train.y instanceof Int32Array) return undefined;
  if (model.targetUnits !== undefined) return model.targetUnits;
  return chooseUnits(train.y, holdOut(train.x.rows, validation, settings.seed).trainRows);
}

/** What the network is to answer, in words. */
function outputsInWords({ source, settings }: StartedTraining): string {
  const { labelNames, targets } = source.dataset;
  if (targets === undefined) return `${labelNames.length} classes`;
  const isNamed = labelNames.some((name) => typeof name === 'string');
  const names = labelNames.length > 8 ? `${labelNames.slice(0, 7).join(', ')}, …` : labelNames.join(', ');
  const what = settings.loss?.targets === 'flags' ? 'label' : 'number';
  const count = `${labelNames.length} ${what}${labelNames.length === 1 ? '' : 's'} a row`;
  return isNamed ? `${count} (${names})` : count;
}

/** How numbers are scaled. */
function scaleInWords({ data: { scaler, pipeline, scale } }: StartedTraining): string {
  return pipeline === undefined ? scaler.kind : scale;
}

function takenDataset({ source, data, model, kernels, warning }: StartedTraining): TakenDataset {
  const { pipeline, classCounts, warnings } = data;
  const others = [...warnings, model.warning, kernels.warning, warning];
  return { dataset: source.dataset, pipeline, classCounts, warnings: others };
}

function layerSizes({ layers }: SparseMLP): number[] {
  return [layers[0].inDim, ...layers.map(({ outDim }) => outDim)];
}

/** The lines before the first epoch. */
export function trainStartText(started: StartedTraining): string {
  const { source, data, settings, model, kernels } = started;
  const units = unitsAtStart(started);
  const automatic = automaticWords(started.automatic);
  const { x, labelNames } = source.dataset;
  const {
    loss,
    activation,
    topology,
    initializer,
    optimizer,
    schedule,
    clipNorm,
    denoise,
    classWeight,
    monitor,
  } = settings;
  const { validationShare, validation } = data;
  const held =
    validationShare !== undefined
      ? `${percent(validationShare)} of them for validation`
      : validation.validationRows === undefined
        ? 'no validation'
        : `${validation.validationRows.length} of them for validation`;
  return `${source.name}: ${x.rows} rows × ${x.cols} features, ${outputsInWords(started)}\n${namedLines([
    ...(source.about === undefined ? [] : ([['problem', source.about]] as const)),
    ['training', `${data.train.x.rows} rows, ${held}`],
    ['test', `${data.test.x.rows} rows (${data.testWords})`],
    ...(data.unused === 0 ? [] : ([['unused', `${data.unused} rows`]] as const)),
    ...takenLines(takenDataset(started)),
    ...(automatic === '' ? [] : ([['automatic', automatic]] as const)),
    ['scaling', scaleInWords(started)],
    ...(source.dataset.targets === undefined ? [] : ([['loss', loss?.name ?? '']] as const)),
    ...(units === undefined ? [] : ([['units', unitsInWords(units)]] as const)),
    ['method', [topology.name, ...inWords(topology.options)].join(', ')],
    ['network', layerSizes(model).join(' → ')],
    ['connections', `${model.nnz} (${percent(model.density)} of the dense network)`],
    ...(activation.name === 'relu'
      ? []
      : ([['activation', [activation.name, ...inWords(activation.options)].join(', ')]] as const)),
    ['weights', [initializer.name, ...inWords(initializer.options)].join(', ')],
    [
      'optimiser',
      [
        optimizer.name,
        ...inWords(optimizer.options),
        `batches of ${settings.batchSize}`,
        `${settings.epochs} epochs`,
      ].join(', '),
    ],
    ...(schedule === unchanged
      ? []
      : ([['schedule', [schedule.name, ...inWords(schedule.options)].join(', ')]] as const)),
    ...(clipNorm === undefined ? [] : ([['clipping', `gradients to a norm of ${clipNorm}`]] as const)),
    ...(denoise === undefined ? [] : ([['noise', `${denoise.kind} ${denoise.amount}, on inputs`]] as const)),
    ...(classWeight === undefined
      ? []
      : ([['class weights', weightsInWords(classWeight, labelNames)]] as const)),
    ...(monitor === undefined ? [] : ([['best epoch by', monitor]] as const)),
    ['seed', String(settings.seed)],
    ...(model.threads === 1 ? [] : ([['threads', String(model.threads)]] as const)),
    ...kernelLines(kernels),
    ...(model.history.length === 0 ? [] : ([['resumed', `after epoch ${model.history.length}`]] as const)),
    ...takenWarnings(takenDataset(started)).map((text) => ['warning', text] as const),
  ])}\n`;
}

function weightsInWords(
  weights: 'balanced' | readonly number[],
  names: readonly (number | string)[],
): string {
  return weights === 'balanced'
    ? 'balanced: every class counts as much as any other'
    : weights.map((weight, c) => `${names[c]} ${weight}`).join(', ');
}

/** Options as a list of words: "prune fraction 0.2, annealing constant". */
function inWords(options: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    // Numbers of 32 bits have seven digits; the others are noise.
    const said = typeof value === 'number' ? Number(value.toPrecision(7)) : value;
    return [`${words} ${typeof said === 'object' ? JSON.stringify(said) : said}`];
  });
}

/** What a training came to, and which network was kept of it: the last line of --json. */
export interface TrainResult extends Outcome {
  /** The epoch whose network the model has now, and the file of --out. */
  readonly kept: number;
  /** Pairs of neurons that were scored before the first step: 0 where nothing was wired. */
  readonly startPairs: number;
  /** Updates of the topology: the default makes fewer where they would cost more than they may. */
  readonly updates: number;
  /** Says that training ended while its loss was still falling. */
  readonly warning?: string;
}

/** What a method did in a training. */
export function searchesOf(history: readonly Epoch[]): Pick<TrainResult, 'startPairs' | 'updates'> {
  const sum = (count: (epoch: Epoch) => number): number =>
    history.reduce((total, epoch) => total + count(epoch), 0);
  return {
    startPairs: sum(({ start }) => start?.pairs ?? 0),
    updates: sum(({ evolution }) => evolution?.updates ?? 0),
  };
}

type ScoredRows = readonly [rows: string, when: string, accuracy: number | undefined, metrics?: Metrics];

/** Accuracies, and what else there is; in the place of accuracies where there are none. */
function scoreLines(...sets: readonly ScoredRows[]): string[][] {
  const isRegression = sets.some(([, , , metrics]) => metrics?.rmse !== undefined);
  return sets.flatMap(([rows, when, accuracy, { macroF1, rmse, mae, r2 } = {}]) => {
    if (isRegression) {
      return [
        [`${rows} RMSE ${when}`, inDigits(rmse)],
        [`${rows} MAE ${when}`, inDigits(mae)],
        [`${rows} R² ${when}`, share(r2)],
      ];
    }
    const f1 = macroF1 === undefined ? [] : [[`${rows} macro-F1 ${when}`, share(macroF1)]];
    return [[`${rows} accuracy ${when}`, share(accuracy)], ...f1];
  });
}

/** The lines after the last epoch. */
export function trainResultText(result: TrainResult, out: string | undefined): string {
  const { kept, epochs, bestEpoch } = result;
  const which = kept === epochs ? 'the last' : kept === bestEpoch ? 'the best on validation' : 'kept';
  const warning = result.warning === undefined ? '' : `warning: ${result.warning} (--epochs)\n`;
  const saved = out === undefined ? '' : `saved ${out}: the network of epoch ${kept}, ${which}\n`;
  return `\n${formatTable([
    ['method', result.method],
    ['connections', String(result.nnz)],
    ['density', percent(result.density)],
    ['epochs', String(result.epochs)],
    ['best epoch', String(result.bestEpoch)],
    ...scoreLines(
      ['validation', 'at best epoch', result.bestValAccuracy ?? undefined, result.bestValMetrics],
      ['test', 'at best epoch', result.testAccuracy, result.testMetrics],
      ['test', 'at last epoch', result.finalTestAccuracy, result.finalTestMetrics],
    ),
    ['time', duration(result.seconds)],
    ['  training steps', duration(result.trainSeconds)],
    ['  before the first step', duration(result.startSeconds)],
    [`  ${result.updates} topology updates`, duration(result.evolveSeconds)],
  ])}${warning}${saved}`;
}
