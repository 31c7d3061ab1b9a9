import { basename } from 'node:path';
import type {
  ClassificationMetrics,
  ClassScore,
  ModelMetrics,
  MultilabelMetrics,
  PrecisionRecall,
  RegressionMetrics,
} from '../../index.ts';
import { parseArguments, type Syntax } from '../args.ts';
import { openDataset, READ_EXCLUSIVE, READ_OPTIONS } from '../dataset.ts';
import { formatTable, inDigits, namedLines, share } from '../format.ts';
import { type Io, printJson } from '../io.ts';
import { prepareRows, ROW_EXCLUSIVE, ROW_OPTIONS } from '../modelRows.ts';
import { flag } from '../options.ts';
import { openModelFile, outputColumns } from '../savedModel.ts';
import { KERNEL_OPTIONS, kernelLines, type StartedKernels, startKernels } from '../startKernels.ts';
import { takenLines, takenRecord, takenWarnings, warnOf } from '../takenText.ts';

/** What `ctre evaluate` takes. */
export const evaluateSyntax = {
  command: 'evaluate',
  summary: 'test a saved model on the rows of a dataset',
  positionals: ['model.safetensors', 'dataset'],
  options: {
    Rows: ROW_OPTIONS,
    Reading: READ_OPTIONS,
    Running: KERNEL_OPTIONS,
    Output: { json: flag('one JSON object') },
  },
  exclusive: [...ROW_EXCLUSIVE, ...READ_EXCLUSIVE],
} as const satisfies Syntax;

/** `ctre evaluate model.safetensors dataset` */
export async function runEvaluate(argv: readonly string[], { stdout, stderr }: Io): Promise<void> {
  const { positionals, options } = parseArguments(evaluateSyntax, argv);
  const [modelPath, path] = positionals;
  const kernels = await startKernels(options);
  const saved = await openModelFile(modelPath, options);
  const { model } = saved;
  try {
    const dataset = await openDataset(path, options, outputColumns(saved), saved.pipeline);
    const taken = { dataset, pipeline: saved.pipeline, warnings: [kernels.warning] };
    if (!options.json) warnOf(takenWarnings(taken), stderr);
    const { x, y, words } = await prepareRows(dataset, saved, options);
    const metrics = model.metrics(x, y);
    if (options.json) {
      printJson(stdout, 'evaluation', { ...metrics, ...kernels, ...takenRecord(taken) });
      return;
    }
    const lines = takenLines({ dataset });
    stdout.write(`${basename(path)}: ${words}\n${namedLines(lines)}${metricsText(metrics, kernels)}`);
    if (words === 'all rows' && saved.dataset === basename(path)) {
      stdout.write(
        'The model may have been trained on some of these rows; --rows or --split chooses others.\n',
      );
    }
  } finally {
    model.dispose();
  }
}

/** A matrix of more classes is wider than a screen. */
const MOST_COLUMNS = 16;

function metricsText(metrics: ModelMetrics, kernels: StartedKernels): string {
  if (metrics.kind === 'regression') return numbersText(metrics, kernels);
  if (metrics.kind === 'multilabel') return labelsText(metrics, kernels);
  return classesText(metrics, kernels);
}

const scoresInWords = ({ precision, recall, f1 }: PrecisionRecall): string[] =>
  [precision, recall, f1].map(share);

/** Precision, recall and F1 of a class or label; a dash where there is nothing to take a share of. */
function scoreLine(one: ClassScore): string[] {
  return [
    String(one.label),
    String(one.rows),
    String(one.predicted),
    share(one.predicted === 0 ? undefined : one.precision),
    share(one.rows === 0 ? undefined : one.recall),
    share(one.rows + one.predicted === 0 ? undefined : one.f1),
  ];
}

function classesText(metrics: ClassificationMetrics, kernels: StartedKernels): string {
  const { rows, loss, accuracy, balancedAccuracy, rocAuc, classes, macro, weighted, confusion } = metrics;
  const head = ['class', 'rows', 'predicted', 'precision', 'recall', 'F1'];
  return `${namedLines([
    ['rows', String(rows)],
    ['log loss', loss.toFixed(4)],
    ['accuracy', share(accuracy)],
    ['balanced accuracy', share(balancedAccuracy)],
    ...(rocAuc === undefined ? [] : ([['ROC AUC', `${share(rocAuc)} (of ${classes[1].label})`]] as const)),
    ...kernelLines(kernels),
  ])}\n${formatTable(
    [
      ...classes.map(scoreLine),
      ['mean', '', '', ...scoresInWords(macro)],
      ['mean, by rows', '', '', ...scoresInWords(weighted)],
    ],
    head,
  )}\n${confusionText(classes, confusion)}`;
}

function labelsText(metrics: MultilabelMetrics, kernels: StartedKernels): string {
  const { rows, loss, accuracy, hammingLoss, labels, macro, micro } = metrics;
  const head = ['label', 'rows', 'predicted', 'precision', 'recall', 'F1', 'ROC AUC'];
  return `${namedLines([
    ['rows', String(rows)],
    ['loss', loss.toFixed(4)],
    ['all labels right', share(accuracy)],
    ['Hamming loss', share(hammingLoss)],
    ...kernelLines(kernels),
  ])}\n${formatTable(
    [
      ...labels.map((one) => [...scoreLine(one), share(one.rocAuc)]),
      ['mean', '', '', ...scoresInWords(macro), ''],
      ['all together', '', '', ...scoresInWords(micro), ''],
    ],
    head,
  )}`;
}

function numbersText(metrics: RegressionMetrics, kernels: StartedKernels): string {
  const { rows, loss, rmse, mae, medianAbsoluteError, r2, outputs } = metrics;
  const facts = `${namedLines([
    ['rows', String(rows)],
    ['loss', inDigits(loss)],
    ['RMSE', inDigits(rmse)],
    ['MAE', inDigits(mae)],
    ['median absolute error', inDigits(medianAbsoluteError)],
    ['R²', share(r2)],
    ...kernelLines(kernels),
  ])}`;
  if (outputs.length === 1) return facts;
  const lines = outputs.map((one) => [
    String(one.label),
    ...[one.rmse, one.mae, one.medianAbsoluteError].map(inDigits),
    share(one.r2),
  ]);
  return `${facts}\n${formatTable(lines, ['number', 'RMSE', 'MAE', 'median absolute error', 'R²'])}`;
}

function confusionText(
  classes: readonly ClassScore[],
  confusion: ClassificationMetrics['confusion'],
): string {
  const names = classes.map(({ label }) => String(label));
  if (names.length > MOST_COLUMNS) return `The confusion matrix of ${names.length} classes is in --json.\n`;
  const lines = confusion.map((counts, label) => [names[label], ...counts.map(String)]);
  return `Rows of each class, by the class that they are given:\n${formatTable(lines, ['class', ...names])}`;
}
