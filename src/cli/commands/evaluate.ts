import { basename } from 'node:path';
import type { Score } from '../../index.ts';
import { likeliestClasses } from '../../model/likeliestClasses.ts';
import { parseArguments, type Syntax } from '../args.ts';
import { openDataset, READ_EXCLUSIVE, READ_OPTIONS } from '../dataset.ts';
import { formatTable, namedLines, share } from '../format.ts';
import { type Io, printJson } from '../io.ts';
import { prepareRows, ROW_EXCLUSIVE, ROW_OPTIONS } from '../modelRows.ts';
import { flag } from '../options.ts';
import { openModelFile } from '../savedModel.ts';
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

/** How a model does on the rows of one class. */
interface ClassScore {
  readonly label: number | string;
  /** Rows of this class. */
  readonly rows: number;
  /** Rows that the model takes for this class. */
  readonly predicted: number;
  /** Rows in both. */
  readonly correct: number;
}

/** `ctre evaluate model.safetensors dataset` */
export async function runEvaluate(argv: readonly string[], { stdout, stderr }: Io): Promise<void> {
  const { positionals, options } = parseArguments(evaluateSyntax, argv);
  const [modelPath, path] = positionals;
  const kernels = await startKernels(options);
  const saved = await openModelFile(modelPath, options);
  const { model, labelNames, inputs } = saved;
  try {
    const dataset = await openDataset(path, options, { columns: inputs });
    const { x, y, words } = await prepareRows(dataset, saved, options);
    const score = model.evaluate(x, y);
    const classes = scoreClasses(labelNames, y, likeliestClasses(model.predict(x), labelNames.length));
    if (options.json) {
      printJson(stdout, 'evaluation', { rows: x.rows, ...score, classes, ...kernels });
      return;
    }
    stdout.write(evaluationText(basename(path), x.rows, words, score, classes, kernels));
    if (kernels.warning !== undefined) stderr.write(`ctre: ${kernels.warning}\n`);
    if (words === 'all rows' && saved.dataset === basename(path)) {
      stdout.write(
        'The model may have been trained on some of these rows; --rows or --split chooses others.\n',
      );
    }
  } finally {
    model.dispose();
  }
}

function scoreClasses(
  labelNames: readonly (number | string)[],
  labels: Int32Array,
  predicted: Int32Array,
): ClassScore[] {
  const counts = labelNames.map((label) => ({ label, rows: 0, predicted: 0, correct: 0 }));
  labels.forEach((label, row) => {
    counts[label].rows++;
    counts[predicted[row]].predicted++;
    if (predicted[row] === label) counts[label].correct++;
  });
  return counts;
}

function evaluationText(
  name: string,
  rows: number,
  words: string,
  { loss, accuracy }: Score,
  classes: readonly ClassScore[],
  kernels: StartedKernels,
): string {
  const ratio = (part: number, whole: number): string => share(whole === 0 ? undefined : part / whole);
  const lines = classes.map(({ label, rows: count, predicted, correct }) => [
    String(label),
    String(count),
    String(predicted),
    ratio(correct, count),
    ratio(correct, predicted),
  ]);
  return `${name}: ${words}\n${namedLines([
    ['rows', String(rows)],
    ['loss', loss.toFixed(4)],
    ['accuracy', share(accuracy)],
    ...kernelLines(kernels),
  ])}\n${formatTable(lines, ['class', 'rows', 'predicted', 'recall', 'precision'])}`;
}
