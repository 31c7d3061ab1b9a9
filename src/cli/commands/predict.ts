import { basename } from 'node:path';
import Papa from 'papaparse';
import { CtreError } from '../../base/errors.ts';
import type { Dataset } from '../../data/index.ts';
import type { SampleMatrix } from '../../matrix/samples.ts';
import { likeliestClasses } from '../../metrics/likeliest.ts';
import { LABEL_THRESHOLD } from '../../metrics/multilabel.ts';
import type { TargetKind } from '../../nn/loss.ts';
import { lossByName } from '../../nn/losses.ts';
import { type Arguments, parseArguments, type Syntax } from '../args.ts';
import { openDataset, READ_EXCLUSIVE, READ_OPTIONS } from '../dataset.ts';
import { checkWritable, writeWhole } from '../files.ts';
import { type Io, jsonLine } from '../io.ts';
import { prepareRows, ROW_EXCLUSIVE, ROW_OPTIONS } from '../modelRows.ts';
import { flag, text } from '../options.ts';
import { type OpenedModel, openModelFile, outputColumns } from '../savedModel.ts';
import { KERNEL_OPTIONS, startKernels } from '../startKernels.ts';
import { takenRecord, takenWarnings, warnOf } from '../takenText.ts';

/** What `ctre predict` takes. */
export const predictSyntax = {
  command: 'predict',
  summary: 'tell the class, the labels or the number of every row of a dataset',
  positionals: ['model.safetensors', 'dataset'],
  options: {
    Rows: ROW_OPTIONS,
    Reading: READ_OPTIONS,
    Running: KERNEL_OPTIONS,
    Output: {
      probabilities: flag('the probability of every class as well: CSV with a head'),
      out: text('file', 'write a file: CSV with a head and row numbers, or what --json says'),
      json: flag('one JSON object a row, behind one that says what was read'),
    },
  },
  exclusive: [...ROW_EXCLUSIVE, ...READ_EXCLUSIVE],
} as const satisfies Syntax;

type PredictOptions = Arguments<typeof predictSyntax>['options'];

/** `ctre predict model.safetensors dataset` */
export async function runPredict(argv: readonly string[], { stdout, stderr }: Io): Promise<void> {
  const { positionals, options } = parseArguments(predictSyntax, argv);
  const [modelPath, path] = positionals;
  const { out, json = false, probabilities = false } = options;
  if (out !== undefined) await checkWritable(out, [modelPath, path]);
  const { warning } = await startKernels(options);
  const saved = await openModelFile(modelPath, options);
  const { model, labelNames } = saved;
  try {
    const kind = model.loss === undefined ? 'labels' : lossByName(model.loss.name).targets;
    if (probabilities && kind === 'numbers') {
      throw new CtreError(
        'E_ARGUMENT',
        '--probabilities is for classes and labels; this model predicts numbers',
      );
    }
    // Labels do not matter here: the model need not know them.
    const { targets: _targets, ...features } = await openFeatures(path, options, saved);
    const dataset = { ...features, labels: new Int32Array(0), labelNames: [] };
    const taken = { dataset, pipeline: saved.pipeline, warnings: [warning] };
    if (!json) warnOf(takenWarnings(taken), stderr);
    const { x, indices, words } = await prepareRows(dataset, saved, options);
    const about = { dataset: basename(path), features: x.cols, rows: x.rows, words, ...takenRecord(taken) };
    const start = json ? jsonLine('start', about) : '';
    const content = `${start}${formatRows(indices, labelNames, model.predict(x), {
      kind,
      isJson: json,
      isFile: out !== undefined,
      withProbabilities: probabilities,
    })}`;
    if (out === undefined) stdout.write(content);
    else await writeWhole(out, content);
  } finally {
    model.dispose();
  }
}

/**
 * The dataset with as many features as the model takes: it has the model's labels, others in one column, or
 * none.
 */
async function openFeatures(
  path: string,
  options: PredictOptions,
  saved: OpenedModel,
): Promise<Dataset<SampleMatrix>> {
  const { inputs, indexBase } = saved;
  const base = { columns: inputs, ...(indexBase !== undefined && { indexBase }) };
  if (saved.pipeline !== undefined) {
    return openDataset(path, options, { unlabelled: true }, saved.pipeline);
  }
  let labelled: Dataset<SampleMatrix> | undefined;
  for (const columns of [outputColumns(saved), base]) {
    try {
      const dataset = await openDataset(path, options, columns);
      if (dataset.x.cols === inputs) return dataset;
      labelled ??= dataset;
    } catch (error) {
      if (!(error instanceof CtreError) || options.label !== undefined) throw error;
    }
  }
  const unlabelled = await openDataset(path, options, { ...base, unlabelled: true });
  return unlabelled.x.cols === inputs ? unlabelled : (labelled ?? unlabelled);
}

interface RowFormat {
  readonly kind: TargetKind;
  readonly isJson: boolean;
  readonly isFile: boolean;
  readonly withProbabilities: boolean;
}

/** Nine digits tell any two numbers of 32 bits apart. */
const digits = (value: number): number => Number(value.toPrecision(9));

function formatRows(
  indices: Int32Array,
  names: readonly (number | string)[],
  answers: Float32Array,
  { kind, isJson, isFile, withProbabilities }: RowFormat,
): string {
  const rows = Array.from(indices, (row, position) => {
    const own = Array.from(answers.subarray(position * names.length, (position + 1) * names.length), digits);
    return { row, own, ...answerOf(kind, names, own) };
  });
  if (isJson) {
    const objects = rows.map(({ row, own, said }) => ({
      row,
      ...said,
      ...(withProbabilities && { probabilities: own }),
    }));
    return objects.map((one) => `${JSON.stringify(one)}\n`).join('');
  }
  const title = { labels: ['label'], flags: ['labels'], numbers: numberHeads(names) }[kind];
  const head = ['row', ...title, ...(withProbabilities ? names : [])];
  const isPlain = !isFile && !withProbabilities;
  // Without a head, the next program in a pipe can read the labels.
  const lines = isPlain
    ? rows.map(({ cells }) => cells)
    : [head, ...rows.map(({ row, cells, own }) => [row, ...cells, ...(withProbabilities ? own : [])])];
  return `${Papa.unparse(lines, { newline: '\n' })}\n`;
}

/** What a row is given: for programs, and as the cells of a table. */
function answerOf(
  kind: TargetKind,
  names: readonly (number | string)[],
  own: readonly number[],
): { said: object; cells: readonly (number | string)[] } {
  if (kind === 'numbers') return { said: own.length === 1 ? { value: own[0] } : { values: own }, cells: own };
  if (kind === 'flags') {
    const labels = names.filter((_, i) => own[i] > LABEL_THRESHOLD);
    return { said: { labels }, cells: [labels.join(',')] };
  }
  const label = names[likeliestClasses(Float32Array.from(own), names.length)[0]];
  return { said: { label }, cells: [label] };
}

/** Heads of columns of numbers: their names, where they have some. */
function numberHeads(names: readonly (number | string)[]): readonly string[] {
  if (names.some((name) => typeof name === 'string')) return names.map(String);
  return names.length === 1 ? ['value'] : names.map((name) => `value ${name}`);
}
