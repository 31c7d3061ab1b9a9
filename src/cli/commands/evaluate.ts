import { basename } from 'node:path';
import type { ClassificationMetrics, ClassScore, PrecisionRecall } from '../../index.ts';
import { parseArguments, type Syntax } from '../args.ts';
import { openDataset, READ_EXCLUSIVE, READ_OPTIONS } from '../dataset.ts';
import { formatTable, namedLines, share } from '../format.ts';
import { type Io, printJson } from '../io.ts';
import { prepareRows, ROW_EXCLUSIVE, ROW_OPTIONS } from '../modelRows.ts';
import { flag } from '../options.ts';
import { checkClasses, openModelFile } from '../savedModel.ts';
import { KERNEL_OPTIONS, kernelLines, type StartedKernels, startKernels } from '../startKernels.ts';

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
  const { model, inputs } = saved;
  try {
    checkClasses('evaluate', model);
    const dataset = await openDataset(path, options, { columns: inputs });
    const { x, y, words } = await prepareRows(dataset, saved, options);
    const metrics = model.metrics(x, y) as ClassificationMetrics;
    if (options.json) {
      printJson(stdout, 'evaluation', { ...metrics, ...kernels });
      return;
    }
    stdout.write(evaluationText(basename(path), words, metrics, kernels));
    if (kernels.warning !== undefined)
      stderr.write(`ctre: ${kernels.warning}\
`);
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

function evaluationText(
  name: string,
  words: string,
  {
    rows,
    loss,
    accuracy,
    balancedAccuracy,
    rocAuc,
    classes,
    macro,
    weighted,
    confusion,
  }: ClassificationMetrics,
  kernels: StartedKernels,
): string {
  const inWords = ({ precision, recall, f1 }: PrecisionRecall): string[] =>
    [precision, recall, f1].map(share);
  const lines = classes.map((one) => [
    String(one.label),
    String(one.rows),
    String(one.predicted),
    share(one.predicted === 0 ? undefined : one.precision),
    share(one.rows === 0 ? undefined : one.recall),
    share(one.rows + one.predicted === 0 ? undefined : one.f1),
  ]);
  const head = ['class', 'rows', 'predicted', 'precision', 'recall', 'F1'];
  return `${name}: ${words}\n${namedLines([
    ['rows', String(rows)],
    ['log loss', loss.toFixed(4)],
    ['accuracy', share(accuracy)],
    ['balanced accuracy', share(balancedAccuracy)],
    ...(rocAuc === undefined ? [] : ([['ROC AUC', `${share(rocAuc)} (of ${classes[1].label})`]] as const)),
    ...kernelLines(kernels),
  ])}\n${formatTable(
    [...lines, ['mean', '', '', ...inWords(macro)], ['mean, by rows', '', '', ...inWords(weighted)]],
    head,
  )}\n${confusionText(classes, confusion)}`;
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
