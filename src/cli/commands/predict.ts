import Papa from 'papaparse';
import { CtreError } from '../../base/errors.ts';
import type { Dataset } from '../../data/index.ts';
import type { SampleMatrix } from '../../matrix/samples.ts';
import { likeliestClasses } from '../../metrics/likeliest.ts';
import { type Arguments, parseArguments, type Syntax } from '../args.ts';
import { openDataset, READ_EXCLUSIVE, READ_OPTIONS } from '../dataset.ts';
import { checkWritable, writeWhole } from '../files.ts';
import type { Io } from '../io.ts';
import { prepareRows, ROW_EXCLUSIVE, ROW_OPTIONS } from '../modelRows.ts';
import { flag, text } from '../options.ts';
import { checkClasses, openModelFile } from '../savedModel.ts';
import { KERNEL_OPTIONS, startKernels } from '../startKernels.ts';

/** What `ctre predict` takes. */
export const predictSyntax = {
  command: 'predict',
  summary: 'tell the class of every row of a dataset, with labels or without',
  positionals: ['model.safetensors', 'dataset'],
  options: {
    Rows: ROW_OPTIONS,
    Reading: READ_OPTIONS,
    Running: KERNEL_OPTIONS,
    Output: {
      probabilities: flag('the probability of every class as well: CSV with a head'),
      out: text('file', 'write a file: CSV with a head and row numbers, or what --json says'),
      json: flag('one JSON object a row'),
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
  if (warning !== undefined) stderr.write(`ctre: ${warning}\n`);
  const saved = await openModelFile(modelPath, options);
  const { model, labelNames, inputs } = saved;
  try {
    checkClasses('predict', model);
    // Labels do not matter here: the model need not know them.
    const dataset = {
      ...(await openFeatures(path, options, inputs)),
      labels: new Int32Array(0),
      labelNames: [],
    };
    const { x, indices } = await prepareRows(dataset, saved, options);
    const content = formatRows(indices, labelNames, model.predict(x), {
      isJson: json,
      isFile: out !== undefined,
      withProbabilities: probabilities,
    });
    if (out === undefined) stdout.write(content);
    else await writeWhole(out, content);
  } finally {
    model.dispose();
  }
}

/** The dataset with as many features as the model takes: its last column is a label, or is not. */
async function openFeatures(
  path: string,
  options: PredictOptions,
  inputs: number,
): Promise<Dataset<SampleMatrix>> {
  let labelled: Dataset<SampleMatrix> | undefined;
  try {
    labelled = await openDataset(path, options, { columns: inputs });
    if (labelled.x.cols === inputs) return labelled;
  } catch (error) {
    if (!(error instanceof CtreError) || options.label !== undefined) throw error;
  }
  const unlabelled = await openDataset(path, options, { columns: inputs, unlabelled: true });
  return unlabelled.x.cols === inputs ? unlabelled : (labelled ?? unlabelled);
}

function formatRows(
  indices: Int32Array,
  labelNames: readonly (number | string)[],
  probabilities: Float32Array,
  { isJson, isFile, withProbabilities }: { isJson: boolean; isFile: boolean; withProbabilities: boolean },
): string {
  const classes = labelNames.length;
  const rows = Array.from(likeliestClasses(probabilities, classes), (label, position) => {
    const own = probabilities.subarray(position * classes, (position + 1) * classes);
    return {
      row: indices[position],
      label: labelNames[label],
      // Nine digits tell any two numbers of 32 bits apart.
      probabilities: withProbabilities ? Array.from(own, (value) => Number(value.toPrecision(9))) : undefined,
    };
  });
  if (isJson) return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const head = ['row', 'label', ...(withProbabilities ? labelNames : [])];
  const body = rows.map(({ row, label, probabilities: own = [] }) => [row, label, ...own]);
  const isPlain = !isFile && !withProbabilities;
  // Without a head, the next program in a pipe can read the labels.
  const lines = isPlain ? body.map(([, label]) => [label]) : [head, ...body];
  return `${Papa.unparse(lines, { newline: '\n' })}\n`;
}
