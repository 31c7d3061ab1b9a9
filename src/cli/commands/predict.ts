import Papa from 'papaparse';
import { CtreError } from '../../base/errors.ts';
import type { Dataset } from '../../data/index.ts';
import { type Arguments, type OptionName, parseArguments, type Syntax } from '../args.ts';
import { openDataset, READ_OPTIONS } from '../dataset.ts';
import { checkWritable, writeWhole } from '../files.ts';
import type { Io } from '../report.ts';
import { likeliestClasses, openModel, prepareRows, ROW_OPTIONS } from '../savedModel.ts';

/** What `ctre predict` takes. */
export const predictSyntax = {
  command: 'predict',
  summary: 'tell the class of every row of a dataset, with labels or without',
  positionals: ['model.safetensors', 'dataset'],
  options: {
    Rows: ROW_OPTIONS,
    Reading: READ_OPTIONS,
    Output: {
      probabilities: { help: 'the probability of every class as well: CSV with a head' },
      out: {
        value: 'file',
        help: 'write a file: CSV with a head and row numbers, or what --json says',
      },
      json: { help: 'one JSON object a row' },
    },
  },
} as const satisfies Syntax;

type PredictArguments = Arguments<OptionName<typeof predictSyntax>>;

/** `ctre predict model.safetensors dataset` */
export async function runPredict(argv: readonly string[], { stdout }: Io): Promise<void> {
  const args = parseArguments(predictSyntax, argv);
  const [modelPath, path] = args.positionals;
  const out = args.text('out');
  if (out !== undefined) await checkWritable(out, [modelPath, path]);
  const saved = await openModel(modelPath, args);
  const { model, labelNames, inputs } = saved;
  try {
    // Its labels do not matter here, nor whether the model knows them.
    const dataset = {
      ...(await openFeatures(path, args, inputs)),
      labels: new Int32Array(0),
      labelNames: [],
    };
    const { x, indices } = await prepareRows(dataset, saved, args);
    const text = formatRows(indices, labelNames, model.predict(x), {
      isJson: args.has('json'),
      isFile: out !== undefined,
      withProbabilities: args.has('probabilities'),
    });
    if (out === undefined) stdout.write(text);
    else await writeWhole(out, text);
  } finally {
    model.dispose();
  }
}

/** The dataset with as many features as the model takes: its last column is a label, or is not. */
async function openFeatures(path: string, args: PredictArguments, inputs: number): Promise<Dataset> {
  let labelled: Dataset | undefined;
  try {
    labelled = await openDataset(path, args, { columns: inputs });
    if (labelled.x.cols === inputs) return labelled;
  } catch (error) {
    if (!(error instanceof CtreError) || args.has('label')) throw error;
  }
  const unlabelled = await openDataset(path, args, { columns: inputs, unlabelled: true });
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
  const table = rows.map(({ row, label, probabilities: own = [] }) => [row, label, ...own]);
  const isPlain = !isFile && !withProbabilities;
  // Alone, labels are for the next program in a pipe.
  const lines = isPlain ? table.map(([, label]) => [label]) : [head, ...table];
  return `${Papa.unparse(lines, { newline: '\n' })}\n`;
}
