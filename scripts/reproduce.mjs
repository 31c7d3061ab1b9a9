// npm run reproduce -- [--quick] [--plan] [--out folder] [--raw folder] [--jobs n] [--only name,…] [--no-run]
//
// Trains what docs/results.md tells of (scripts/plan.mjs), each grid with one `ctre compare`, and writes the
// page. Stopped or killed at any moment, it goes on when it is started again.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from '../bench/machine.mjs';
import { replaceMarked } from './marks.mjs';
import { correlatedColumns, nearestNeighbours } from './nearestNeighbours.mjs';
import { DATASETS, planGrids, quickGrids, SOURCES } from './plan.mjs';
import { mergeTrainings, summaryOf, summaryText, trainingKey } from './summaries.mjs';

/** Where there are no data, in --quick. */
const GENERATED = { generated: { title: 'A generated problem' } };
/** The grid that is none: figures of k nearest neighbours. */
const NEIGHBOURS = 'madelon.neighbours';
/** Madelon's features that matter: 5, and 15 linear combinations of them. */
const REAL_FEATURES = 20;
/** The fewest seeds that a verdict is about. */
const LEAST_SEEDS = 6;

const HELP = `Usage: npm run reproduce -- [options]

Trains the grids behind docs/results.md on the data sets in CTRE_DATA_DIR (../shared/data), and writes
the page. Fashion-MNIST is Debian's package dataset-fashion-mnist, or the folder that CTRE_FASHION_DIR
names.
Started again, it goes on where it was.

  --quick         2 epochs, one seed, few methods; without data on a generated problem (build/reproduce-quick)
  --plan          lists the grids and what of them is there, and ends
  --out folder    where the summaries and the page go (docs/results; the page beside it)
  --raw folder    where the records of every epoch and the reports go (build/reproduce; with --out:
                  raw/ in it)
  --jobs n        trainings at a time (as many as there are cores)
  --only a,b,…    grids, kinds of grids or data sets, such as madelon.own-1, own-5 or mnist
  --no-run        write the page from what is there
  --help          this help
`;

const from = process.cwd();
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const options = readOptions();
if (options.help) {
  process.stdout.write(HELP);
  process.exit();
}
if (!existsSync('dist/cli/program.js')) stop('there is no dist/; npm run build makes it');
const { CtreError } = await import('../dist/base/errors.js');
const { run } = await import('../dist/cli/program.js');
const { explain, writeWhole } = await import('../dist/cli/files.js');
const { processIo } = await import('../dist/cli/processIo.js');
const { readResults } = await import('../dist/cli/resultsFile.js');
const { seedsNeeded } = await import('../dist/compare/statistics.js');
const { applyScaler, fitScaler, parseSplit, readDataset, takeRows } = await import('../dist/data/index.js');
const { presets } = await import('../dist/model/presets.js');
const { METHOD_NAMES } = await import('../dist/topology/methods.js');
const { comparisonsIn, renderResults, sizeOf, tablesOf } = await import('./resultsPage.mjs');

const { quick } = options;
const out = relative('', resolve(from, options.out ?? (quick ? 'build/reproduce-quick' : 'docs/results')));
const isPublished = !quick && out === join('docs', 'results');
const raw = options.raw === undefined ? undefined : relative('', resolve(from, options.raw));
const records = raw ?? (isPublished ? 'build/reproduce' : join(out, 'raw'));
const page = isPublished ? 'docs/results.md' : join(out, 'results.md');
/** By source. */
const data = Object.fromEntries(Object.entries(SOURCES).map(([name, source]) => [name, findData(source)]));
if (data.usual === undefined && !quick && !options['no-run'] && !options.plan) {
  stop(`there are no data: ${SOURCES.usual.lacking}; --quick can do without`);
}
const usual = presets.default.topology().name;
const grids = listGrids();
const chosen = chooseGrids();
try {
  if (options.plan) await showPlan();
  else await reproduce();
} catch (error) {
  if (error instanceof CtreError) stop(error.message);
  throw error;
}

async function reproduce() {
  if (!options['no-run']) {
    if (!quick) checkBuild();
    for (const grid of chosen.grids) checkData(grid);
  }
  makeFolder(out);
  makeFolder(records);
  // Also what would be in the way of the page is found before anything is trained.
  await writePage();
  if (!options['no-run']) {
    if (chosen.neighbours) {
      await measureNeighbours();
      await writePage();
    }
    for (const grid of chosen.grids) {
      await train(grid);
      await writePage();
      // Ctrl-C is for all of them; a training that was lost is not.
      if (process.exitCode === 130) break;
    }
  }
  console.log(`\nThe tables are in ${page}.`);
}

async function showPlan() {
  for (const grid of chosen.grids) {
    const { name, methods, seeds, shared } = grid;
    const { trainings } = await readGrid(grid);
    console.log(
      `${name}: ${trainings.length} of ${sizeOf(grid)} trainings, ${shared.epochs} epochs, ` +
        `${seeds.length} seeds, ${methods.join(' ')}`,
    );
  }
}

function makeFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw explain(error, join(folder, 'results.md'), 'written');
  }
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        plan: { type: 'boolean', default: false },
        out: { type: 'string' },
        raw: { type: 'string' },
        jobs: { type: 'string' },
        only: { type: 'string' },
        'no-run': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    stop(`${error.message.split('\n')[0]}; --help tells what there is`);
  }
}

/** The folder of a source of data; undefined where there is none. */
function findData({ variable, folders }) {
  const named = process.env[variable];
  const folder = named === undefined ? folders.find((usual) => existsSync(usual)) : named;
  return folder === undefined || folder === '' ? undefined : relative('', resolve(from, folder));
}

/** Every grid with its command, in the order of the plan. */
function listGrids() {
  const sparse = METHOD_NAMES.filter((name) => name !== 'dense' && name !== 'prune');
  const datasets = quick && data.usual === undefined ? GENERATED : DATASETS;
  const planned = (quick ? quickGrids(usual) : planGrids(sparse, usual)).flatMap((grid) =>
    Object.entries(grid.epochs)
      .filter(([dataset]) => dataset in datasets)
      .map(([dataset, epochs]) => ({ ...grid, dataset, epochs, usual, name: `${dataset}.${grid.kind}` })),
  );
  const seeds = enoughSeeds(planned);
  return planned.map((grid) => withCommand({ ...grid, seeds: grid.seeds ?? seeds(grid) }, datasets));
}

/** So many seeds for a grid that its table can have verdicts. */
function enoughSeeds(planned) {
  return ({ dataset, preset, epsilon }) => {
    const [table] = tablesOf(
      planned.filter((g) => g.dataset === dataset && g.preset === preset && g.epsilon === epsilon),
    );
    const count = Math.max(LEAST_SEEDS, seedsNeeded(comparisonsIn(table)));
    return Array.from({ length: count }, (_, seed) => seed);
  };
}

function withCommand(grid, datasets) {
  const { name, dataset, epochs, preset, methodPreset, methods, epsilon, seeds } = grid;
  const { path, split, scale, source = 'usual' } = datasets[dataset];
  // What all trainings share, as the file of results has it.
  const shared = {
    epochs: String(epochs),
    preset,
    ...(methodPreset && { 'method-preset': methodPreset }),
    ...(scale && { scale }),
  };
  const command = (folder) => [
    'compare',
    ...(path === undefined ? [] : [path === '' ? folder : join(folder, path)]),
    ...(split === undefined ? [] : ['--split', join(folder, split)]),
    ...Object.entries(shared).flatMap(([option, value]) => [`--${option}`, value]),
    ...['--methods', methods.join(','), '--epsilons', String(epsilon), '--seeds', seeds.join(',')],
    ...['--results', join(records, `${name}.jsonl`)],
  ];
  return { ...grid, epsilons: [epsilon], shared, command, source, files: [path, split] };
}

function chooseGrids() {
  if (options.only === undefined) return { grids, neighbours: data.usual !== undefined && !quick };
  const names = options.only.split(',');
  const known = [...new Set(grids.flatMap(({ name, kind, dataset }) => [dataset, kind, name])), NEIGHBOURS];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) stop(`there is no ${JSON.stringify(unknown)}; --only takes ${known.join(', ')}`);
  return {
    grids: grids.filter(({ name, kind, dataset }) => [name, kind, dataset].some((n) => names.includes(n))),
    neighbours: names.includes(NEIGHBOURS) || names.includes('madelon'),
  };
}

/** Published figures are of the commit that is named with them. */
function checkBuild() {
  const built = statSync('dist/cli/main.js').mtimeMs;
  const sources = ['assembly', 'src'].flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, name)),
  );
  const newer = sources.find((path) => !path.includes('.generated.') && isFileAfter(path, built));
  if (newer !== undefined) stop(`${newer} is newer than dist/; run npm run build first`);
}

function isFileAfter(path, time) {
  const found = statSync(path);
  return found.isFile() && found.mtimeMs > time;
}

function checkData({ name, files, source }) {
  if (files[0] === undefined) return;
  const { lacking } = SOURCES[source];
  if (data[source] === undefined) stop(`there are no data for ${name}: ${lacking}; --only can do without`);
  const missing = files.find((file) => file !== undefined && !existsSync(join(data[source], file)));
  if (missing !== undefined) stop(`${data[source]} has no ${missing || 'files'}; ${lacking}`);
}

/** The trainings of a grid that are there, with what is known of how they came about. */
async function readGrid(grid) {
  const path = join(out, `${grid.name}.json`);
  const summary = existsSync(path) ? readSummary(grid, path) : { runs: [], trainings: [] };
  const fresh = await readRecords(grid);
  return { ...summary, trainings: mergeTrainings(grid, summary.trainings, fresh) };
}

function readSummary(grid, path) {
  let summary;
  try {
    summary = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    stop(`${path} is damaged (${error.message}); move the file away`);
  }
  const { options: own, runs, trainings } = summary;
  if (![runs, trainings].every(Array.isArray)) {
    stop(`${path} is no summary of trainings; move the file away`);
  }
  checkGrid(grid, path, Object(own), trainings);
  return { runs, trainings };
}

async function readRecords(grid) {
  const path = join(records, `${grid.name}.jsonl`);
  const results = await readResults(path);
  if (results === undefined) return [];
  checkGrid(grid, path, results.head.options, results.records);
  return results.records.map(summaryOf);
}

/** What is there has to be of this plan. */
function checkGrid({ methods, epsilons, seeds, shared }, path, own, trainings) {
  const words = (some) =>
    Object.entries(some)
      .map(([option, value]) => `--${option} ${value}`)
      .sort()
      .join(' ');
  if (words(own) !== words(shared)) {
    stop(`${path} was made with ${words(own)}, and the grid has ${words(shared)}; move the file away`);
  }
  const other = trainings.find(
    ({ method, epsilon, seed }) =>
      !methods.includes(method) || !epsilons.includes(epsilon) || !seeds.includes(seed),
  );
  if (other !== undefined) {
    stop(
      `${path} holds ${other.method}, ε ${other.epsilon}, seed ${other.seed}, which the grid has not; ` +
        'move the file away',
    );
  }
}

/** Trains what a grid lacks, in this process: what it starts ends with it. */
async function train(grid) {
  const { name, source } = grid;
  const before = await readGrid(grid);
  const report = join(records, `${name}.html`);
  console.log(`\n# ${name}: ${before.trainings.length} of ${sizeOf(grid)} trainings are there`);
  if (before.trainings.length === sizeOf(grid)) {
    await writeSummary(grid, before);
    return;
  }
  if (before.trainings.length > 0) await tellWhatIsRepeated(grid, before.trainings);
  const jobs = options.jobs === undefined ? [] : ['--jobs', options.jobs];
  const known = new Set((await readRecords(grid)).map(trainingKey));
  const begin = performance.now();
  const code = await run([...grid.command(data[source] ?? ''), ...jobs, '--report', report], processIo);
  const seconds = Number(((performance.now() - begin) / 1000).toFixed(1));
  const trained = (await readRecords(grid)).filter((training) => !known.has(trainingKey(training))).length;
  const after = await readGrid(grid);
  await writeSummary(
    grid,
    trained === 0 ? after : { ...after, runs: [...after.runs, describeRun(trained, seconds)] },
  );
  if (code !== 0) process.exitCode = code;
}

/** `ctre compare` goes on from its own records, and not from summaries. */
async function tellWhatIsRepeated(grid, trainings) {
  const recorded = new Set((await readRecords(grid)).map(trainingKey));
  const repeated = trainings.filter((training) => !recorded.has(trainingKey(training))).length;
  if (repeated > 0) {
    console.log(`${repeated} of them have no record in ${records} any more, and are trained again`);
  }
}

function describeRun(trainings, seconds) {
  const { cpu, cores, system, commit, changed, date } = describeMachine();
  const machine = `${cpu}, ${cores} cores, ${system}`;
  return { trainings, seconds, commit, changed, node: process.version, machine, date };
}

async function writeSummary(grid, { runs, trainings }) {
  const text = summaryText({ command: commandText(grid), options: grid.shared, runs, trainings });
  await writeWhole(join(out, `${grid.name}.json`), text);
}

function commandText({ command, source }) {
  return ['ctre', ...command(`$${SOURCES[source].variable}`)].join(' ');
}

/** Writes how well k nearest neighbours do on Madelon, where that is not known yet. */
async function measureNeighbours() {
  const path = join(out, `${NEIGHBOURS}.json`);
  if (existsSync(path)) return;
  const { path: file, split: splitFile, scale } = DATASETS.madelon;
  const { x, labels } = readDataset({ name: file, bytes: readFileSync(join(data.usual, file)) });
  const split = parseSplit(readFileSync(join(data.usual, splitFile), 'utf8'), x.rows);
  const scaler = fitScaler(scale, x, split.train);
  const part = (rows) => ({ x: applyScaler(scaler, takeRows(x, rows)), y: rows.map((row) => labels[row]) });
  const rows = { train: part(split.fit), validation: part(split.val), test: part(split.test) };
  const { columns, least, next } = correlatedColumns(part(split.train).x, REAL_FEATURES);
  const figures = {
    columns,
    least,
    next,
    real: nearestNeighbours(columns, rows),
    all: nearestNeighbours([...Array(x.cols).keys()], rows),
  };
  await writeWhole(path, `${JSON.stringify(figures)}\n`);
}

function readNeighbours(dataset) {
  const path = join(out, `${NEIGHBOURS}.json`);
  if (`${dataset}.neighbours` !== NEIGHBOURS || !existsSync(path)) return undefined;
  return { count: REAL_FEATURES, ...JSON.parse(readFileSync(path, 'utf8')) };
}

async function writePage() {
  const { source, figures } = JSON.parse(readFileSync('docs/results/reference.json', 'utf8'));
  const titles = { ...DATASETS, ...GENERATED };
  const datasets = new Map();
  for (const grid of grids) {
    const { name, dataset } = grid;
    if (!datasets.has(dataset)) {
      const neighbours = readNeighbours(dataset);
      const reference = quick ? undefined : figures[dataset];
      datasets.set(dataset, { title: titles[dataset].title, figures: reference, neighbours, grids: [] });
    }
    const { runs, trainings } = await readGrid(grid);
    const report = join(records, `${name}.html`);
    datasets.get(dataset).grids.push({
      ...grid,
      records: trainings,
      runs,
      command: commandText(grid),
      // The reports are made of the raw records, and not kept in the repository either.
      report: isPublished || !existsSync(report) ? undefined : relative(dirname(page), report),
    });
  }
  const part = renderResults([...datasets.values()], quick ? undefined : source);
  const text = existsSync(page)
    ? readFileSync(page, 'utf8')
    : '# Results\n\n<!-- results:begin -->\n<!-- results:end -->\n';
  const written = replaceMarked(text, 'results', part);
  if (written === undefined) stop(`${page} has no <!-- results:begin --> … <!-- results:end -->`);
  await writeWhole(page, written);
}

function stop(reason) {
  console.error(`reproduce: ${reason}`);
  process.exit(2);
}
