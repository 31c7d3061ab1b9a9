import { CtreError, show } from '../../base/errors.ts';
import type { ImportanceKind, SparseMLP } from '../../index.ts';
import { type Arguments, camelCase, parseArguments, type Syntax } from '../args.ts';
import { openDataset, READ_EXCLUSIVE, READ_OPTIONS } from '../dataset.ts';
import { formatTable, namedLines } from '../format.ts';
import { type Io, printJson } from '../io.ts';
import { prepareRows, ROW_EXCLUSIVE } from '../modelRows.ts';
import { choice, flag, integer, text } from '../options.ts';
import { type OpenedModel, openModelFile, outputColumns } from '../savedModel.ts';
import { type TakenDataset, takenLines, takenRecord, takenWarnings, warnOf } from '../takenText.ts';
import { trainAutoencoder, UNSUPERVISED_OPTIONS } from '../unsupervised.ts';

/** What `ctre features` takes. */
export const featuresSyntax = {
  command: 'features',
  summary: 'rank the inputs of a saved model, or of a dataset without labels (--unsupervised)',
  positionals: ['model.safetensors', '[dataset]'],
  options: {
    Importance: {
      by: choice<ImportanceKind>(
        'kind',
        ['strength', 'attribution'],
        'strength: Σ|weight| (without a dataset); attribution: Σ|∂logit/∂input|\n' +
          "over a dataset's rows (with one)",
      ),
    },
    Rows: {
      rows: text('a-b', "rows a to b, both included, from 0 (all but the dataset's own test rows)"),
      split: text('file.json', 'the training rows of this split'),
    },
    'Without labels': UNSUPERVISED_OPTIONS,
    Reading: READ_OPTIONS,
    Output: {
      top: integer('n', { least: 1 }, 'the n most important ones (20)'),
      json: flag('one JSON object a feature, behind one that says what was read'),
    },
  },
  exclusive: [...ROW_EXCLUSIVE, ...READ_EXCLUSIVE],
} as const satisfies Syntax;

type FeaturesOptions = Arguments<typeof featuresSyntax>['options'];

const HEADINGS = { strength: 'Σ|weight|', attribution: 'mean |∂logit/∂input|' } as const;

/** `ctre features model.safetensors [dataset]`, `ctre features --unsupervised dataset` */
export async function runFeatures(argv: readonly string[], io: Io): Promise<void> {
  const args = parseArguments(featuresSyntax, argv);
  const { options } = args;
  const { model, ...ranked } = await (options.unsupervised === undefined
    ? rankOfModel(args)
    : rankUnsupervised(args, io));
  try {
    printRanking(io, options, model, ranked);
  } finally {
    model.dispose();
  }
}

/** How much each input matters, and how that was found. */
interface RankedInputs {
  readonly importance: Float64Array;
  readonly by: ImportanceKind;
  readonly featureNames: readonly string[] | undefined;
  /** A sentence about the rows. */
  readonly words: string;
  /** What was read, where a dataset was. */
  readonly read?: TakenDataset;
}

function printRanking(
  { stdout, stderr }: Io,
  { top = 20, json }: FeaturesOptions,
  { layers }: SparseMLP,
  { importance, by, featureNames, words, read }: RankedInputs,
): void {
  const inputs = importance.length;
  const connections = new Int32Array(inputs);
  for (const input of layers[0].weights.indices) connections[input]++;
  // The sort is stable: equal inputs stay in their order.
  const order = [...importance.keys()].sort((a, b) => importance[b] - importance[a]).slice(0, top);
  const ranked = order.map((feature, place) => ({
    rank: place + 1,
    feature,
    name: featureNames?.[feature],
    importance: importance[feature],
    connections: connections[feature],
  }));
  if (json) {
    if (read !== undefined) printJson(stdout, 'start', { by, ...takenRecord(read) });
    for (const entry of ranked) stdout.write(`${JSON.stringify(entry)}\n`);
    return;
  }
  if (read !== undefined) {
    warnOf(takenWarnings(read), stderr);
    stdout.write(namedLines(takenLines(read)));
  }
  const named = featureNames !== undefined;
  const lines = ranked.map(({ rank, feature, name, importance: sum, connections: count }) => [
    String(rank),
    String(feature),
    ...(named ? [String(name)] : []),
    sum.toFixed(4),
    String(count),
  ]);
  const isolated = connections.filter((count) => count === 0).length;
  stdout.write(
    formatTable(lines, ['rank', 'feature', ...(named ? ['name'] : []), HEADINGS[by], 'connections']),
  );
  stdout.write(`${ranked.length} of ${inputs} features; ${isolated} have no connection.${words}\n`);
}

type Ranking = Promise<RankedInputs & { readonly model: SparseMLP }>;

/** Of a saved model. */
async function rankOfModel({ positionals, options }: Arguments<typeof featuresSyntax>): Ranking {
  const [modelPath, path] = positionals;
  const by = kindOf(path, options);
  const opened = await openModelFile(modelPath, options);
  const { model, featureNames } = opened;
  try {
    const { importance, words, read }: Pick<RankedInputs, 'importance' | 'words' | 'read'> =
      path === undefined
        ? { importance: model.inputImportance(), words: '' }
        : await attributeDataset(opened, path, options);
    return { model, by, featureNames, importance, words, read };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Of an autoencoder that is trained for it. */
async function rankUnsupervised({ positionals, options }: Arguments<typeof featuresSyntax>, io: Io): Ranking {
  const [path, second] = positionals;
  if (second !== undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      `--unsupervised takes a dataset and no model; it got ${show(path)} and ${show(second)}`,
    );
  }
  if (options.by === 'attribution') {
    throw new CtreError('E_ARGUMENT', '--by attribution is of classes, and --unsupervised looks at none');
  }
  const { model, featureNames, words, read } = await trainAutoencoder(
    path,
    options,
    options.json === true,
    io,
  );
  const importance = model.inputImportance();
  const trained = ` Trained on ${words}, without labels.`;
  return { model, by: 'strength', featureNames, importance, words: trained, read };
}

/**
 * What is measured.
 * @throws CtreError for attribution without rows, rows for strength, or what only a training could use.
 */
function kindOf(path: string | undefined, options: FeaturesOptions): ImportanceKind {
  const needless = Object.keys(UNSUPERVISED_OPTIONS).find((name) => Object.hasOwn(options, camelCase(name)));
  if (needless !== undefined) {
    throw new CtreError('E_ARGUMENT', `--${needless} is for --unsupervised, and that is not given`);
  }
  const by = options.by ?? (path === undefined ? 'strength' : 'attribution');
  if (by === 'attribution' && path === undefined) {
    throw new CtreError('E_ARGUMENT', '--by attribution is over rows; name a dataset after the model');
  }
  if (by === 'strength' && path !== undefined) {
    throw new CtreError('E_ARGUMENT', '--by strength needs the model only, and a dataset is named');
  }
  const { 'max-mb': _, ...ofDatasets } = READ_OPTIONS;
  const given = ['rows', 'split', ...Object.keys(ofDatasets)].find((name) =>
    Object.hasOwn(options, camelCase(name)),
  );
  if (path === undefined && given !== undefined) {
    throw new CtreError('E_ARGUMENT', `--${given} is for a dataset, and none is named`);
  }
  return by;
}

/** The mean attribution over a dataset's labelled rows; its own test rows are not for choosing features. */
async function attributeDataset(
  opened: OpenedModel,
  path: string,
  options: FeaturesOptions,
): Promise<Pick<RankedInputs, 'importance' | 'words' | 'read'>> {
  const { test: _, ...dataset } = await openDataset(path, options, outputColumns(opened), opened.pipeline);
  const { x, y, words } = await prepareRows(dataset, opened, options, 'train');
  const classes = y instanceof Int32Array ? { y } : {};
  const sums = opened.model.inputImportance({ by: 'attribution', x, ...classes });
  return {
    importance: sums.map((sum) => sum / Math.max(1, x.rows)),
    words: ` Attribution is over ${x.rows} rows: ${words}.`,
    // The columns became what the model says; only what is new in these rows is told.
    read: { dataset },
  };
}
