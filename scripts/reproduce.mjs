// npm run reproduce -- [--quick] [--out folder] [--jobs n] [--only name,…] [--no-run]
//
// Trains what docs/results.md tells of, each grid with one `ctre compare`, and writes the page. Stopped or
// killed at any moment, it goes on when it is started again.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from '../bench/machine.mjs';
import { replaceMarked } from './marks.mjs';

const FIVE = [0, 1, 2, 3, 4];
const PUBLISHED = { preset: 'paper', seeds: FIVE, epochs: { madelon: 500, PCMAC: 300, mnist: 25 } };
const BY_COSINE = ['ctre-sim', 'ctre-seq', 'cte'];
const OTHERS = ['set', 'rigl', 'snip', 'static'];
/**
 * What is trained on the data sets that have epochs there; without `methods`, the default one. The published
 * settings are in parts, each of whose files stays below a mebibyte.
 */
const GRIDS = {
  'paper-cosine-1': { ...PUBLISHED, methods: BY_COSINE, epsilons: [1] },
  'paper-cosine-5': { ...PUBLISHED, methods: BY_COSINE, epsilons: [5] },
  'paper-1': { ...PUBLISHED, methods: OTHERS, epsilons: [1] },
  'paper-5': { ...PUBLISHED, methods: OTHERS, epsilons: [5] },
  'paper-more': { ...PUBLISHED, methods: ['momentum', 'prune'], epsilons: [1, 5] },
  // It has no ε, and one training costs as much as hundreds of sparse ones.
  dense: {
    preset: 'paper',
    methods: ['dense'],
    epsilons: [1],
    seeds: [0, 1],
    epochs: { madelon: 200, PCMAC: 150, mnist: 10 },
  },
  default: {
    preset: 'default',
    epsilons: [1, 5],
    seeds: FIVE,
    epochs: { madelon: 500, PCMAC: 150, mnist: 25 },
  },
};
const DATASETS = {
  madelon: { title: 'Madelon', path: 'madelon.mat', split: 'splits/madelon.json', scale: 'standard' },
  PCMAC: { title: 'PCMAC', path: 'PCMAC.mat', split: 'splits/PCMAC.json' },
  mnist: { title: 'MNIST', path: 'mnist' },
};
/** What --quick makes of them: to see that everything works, not for figures. */
const QUICK = {
  grids: {
    // MNIST takes long to read, even by itself.
    paper: {
      preset: 'paper',
      methods: ['ctre-sim', 'set'],
      epsilons: [1],
      seeds: [0],
      epochs: { madelon: 2, PCMAC: 2, generated: 2 },
    },
    default: {
      preset: 'default',
      epsilons: [1],
      seeds: [0],
      epochs: { madelon: 2, PCMAC: 2, mnist: 2, generated: 2 },
    },
  },
  /** Where there are no data. */
  datasets: { generated: { title: 'A generated problem' } },
};

const HELP = `Usage: npm run reproduce -- [options]

Trains the grids behind docs/results.md on the data sets in CTRE_DATA_DIR (../shared/data), and writes
the page.
Started again, it goes on where it was.

  --quick         2 epochs, one seed, two methods; without data on a generated problem (build/reproduce-quick)
  --out folder    where results, reports and the page go (docs/results; the page beside it,
                  the reports in build/reproduce)
  --jobs n        trainings at a time (as many as there are cores)
  --only a,b,…    grids or data sets, such as madelon.paper or mnist
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
const { presets } = await import('../dist/model/presets.js');
const { renderResults, sizeOf } = await import('./resultsPage.mjs');

const { quick } = options;
const out = relative('', resolve(from, options.out ?? (quick ? 'build/reproduce-quick' : 'docs/results')));
const isPublished = !quick && out === join('docs', 'results');
const page = isPublished ? 'docs/results.md' : join(out, 'results.md');
const data = findData();
const grids = listGrids();
const chosen = chooseGrids(grids);
try {
  await reproduce();
} catch (error) {
  if (error instanceof CtreError) stop(error.message);
  throw error;
}

async function reproduce() {
  if (!options['no-run']) {
    if (!quick) checkBuild();
    for (const grid of chosen) checkData(grid);
  }
  makeFolder();
  // Also what would be in the way of the page is found before anything is trained.
  await writePage();
  for (const grid of options['no-run'] ? [] : chosen) {
    await train(grid);
    await writePage();
    // Ctrl-C is for all of them; a training that was lost is not.
    if (process.exitCode === 130) break;
  }
  console.log(`\nThe tables are in ${page}.`);
}

function makeFolder() {
  try {
    mkdirSync(out, { recursive: true });
  } catch (error) {
    throw explain(error, join(out, 'results.md'), 'written');
  }
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        out: { type: 'string' },
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

/** The folder of the data sets; undefined where the generated problem does. */
function findData() {
  const usual = '../shared/data';
  const folder = process.env.CTRE_DATA_DIR ?? (existsSync(usual) ? usual : '');
  if (folder !== '') return relative('', resolve(from, folder));
  if (quick || options['no-run']) return undefined;
  stop(
    'there are no data: CTRE_DATA_DIR has to name a folder with madelon.mat, PCMAC.mat, mnist/ and ' +
      'splits/; --quick can do without',
  );
}

/** Every grid with its command. */
function listGrids() {
  const datasets = Object.entries(quick && data === undefined ? QUICK.datasets : DATASETS);
  const kinds = Object.entries(quick ? QUICK.grids : GRIDS);
  return datasets.flatMap(([dataset, { path, split, scale }]) =>
    kinds.flatMap(([kind, grid]) => {
      const epochs = grid.epochs[dataset];
      if (epochs === undefined) return [];
      const { preset, epsilons, seeds } = grid;
      const methods = grid.methods ?? [presets[preset].topology().name];
      const name = `${dataset}.${kind}`;
      // What all trainings share, as the file of results has it.
      const shared = {
        epochs: String(epochs),
        preset,
        ...(scale && { scale }),
      };
      const command = (folder) => [
        'compare',
        ...(path === undefined ? [] : [join(folder, path)]),
        ...(split === undefined ? [] : ['--split', join(folder, split)]),
        ...Object.entries(shared).flatMap(([option, value]) => [`--${option}`, value]),
        ...['--methods', methods.join(','), '--epsilons', epsilons.join(','), '--seeds', seeds.join(',')],
        ...['--results', join(out, `${name}.jsonl`)],
      ];
      return { name, dataset, kind, methods, epsilons, seeds, shared, command, files: [path, split] };
    }),
  );
}

function chooseGrids(all) {
  if (options.only === undefined) return all;
  const names = options.only.split(',');
  const known = [...new Set(all.flatMap(({ name, dataset }) => [dataset, name]))];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) stop(`there is no ${JSON.stringify(unknown)}; --only takes ${known.join(', ')}`);
  return all.filter(({ name, dataset }) => names.includes(name) || names.includes(dataset));
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

function checkData({ files }) {
  const missing = files.find((file) => file !== undefined && !existsSync(join(data, file)));
  if (missing !== undefined) {
    stop(
      `${data} has no ${missing}; CTRE_DATA_DIR has to name a folder with madelon.mat, PCMAC.mat, mnist/ ` +
        'and splits/',
    );
  }
}

/** The trainings of a grid that are there. */
async function readGrid({ name, methods, epsilons, seeds, shared }) {
  const path = join(out, `${name}.jsonl`);
  const results = await readResults(path);
  if (results === undefined) return [];
  const { head, records } = results;
  const words = (some) =>
    Object.entries(some)
      .map(([option, value]) => `--${option} ${value}`)
      .sort()
      .join(' ');
  if (words(head.options) !== words(shared)) {
    stop(
      `${path} was made with ${words(head.options)}, and the grid has ${words(shared)}; move the file away`,
    );
  }
  const other = records.find(
    ({ method, epsilon, seed }) =>
      !methods.includes(method) || !epsilons.includes(epsilon) || !seeds.includes(seed),
  );
  if (other !== undefined) {
    stop(
      `${path} holds ${other.method}, ε ${other.epsilon}, seed ${other.seed}, which the grid has not; ` +
        'move the file away',
    );
  }
  return records;
}

/** Trains what a grid lacks, in this process: what it starts ends with it. */
async function train(grid) {
  const { name } = grid;
  const before = (await readGrid(grid)).length;
  const report = reportOf(name);
  const isDone = before === sizeOf(grid) && existsSync(report);
  console.log(`\n# ${name}: ${before} of ${sizeOf(grid)} trainings are there`);
  if (isDone) return;
  const jobs = options.jobs === undefined ? [] : ['--jobs', options.jobs];
  const begin = performance.now();
  const code = await run([...grid.command(data ?? ''), ...jobs, '--report', report], processIo);
  const seconds = Number(((performance.now() - begin) / 1000).toFixed(1));
  const trainings = (await readGrid(grid)).length - before;
  if (trainings > 0) await record({ grid: name, trainings, seconds });
  if (code !== 0) process.exitCode = code;
}

/** Where a grid's report is. It is made of the results, and not kept with them in the repository. */
function reportOf(name) {
  return join(isPublished ? 'build/reproduce' : out, `${name}.html`);
}

async function record(run) {
  const { cpu, cores, system, commit, changed, date } = describeMachine();
  const command = commandText(grids.find(({ name }) => name === run.grid));
  const machine = `${cpu}, ${cores} cores, ${system}`;
  const all = [...readRuns(), { ...run, command, commit, changed, node: process.version, machine, date }];
  await writeWhole(join(out, 'runs.json'), `${JSON.stringify(all, null, 2)}\n`);
}

function readRuns() {
  const path = join(out, 'runs.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
}

function commandText({ command }) {
  return ['ctre', ...command('$CTRE_DATA_DIR')].join(' ');
}

async function writePage() {
  const { source, figures } = JSON.parse(readFileSync('docs/results/reference.json', 'utf8'));
  const runs = readRuns();
  const datasets = new Map();
  for (const grid of grids) {
    const { name, dataset, kind, shared } = grid;
    if (!datasets.has(dataset)) {
      const title = (DATASETS[dataset] ?? QUICK.datasets[dataset]).title;
      datasets.set(dataset, { title, figures: quick ? undefined : figures[dataset], grids: [] });
    }
    datasets.get(dataset).grids.push({
      ...grid,
      isDense: kind === 'dense',
      isDefault: kind === 'default',
      note: kind === 'dense' ? `, ${shared.epochs} epochs` : undefined,
      records: await readGrid(grid),
      runs: runs.filter((run) => run.grid === name),
      command: commandText(grid),
      report:
        isPublished || !existsSync(reportOf(name)) ? undefined : relative(dirname(page), reportOf(name)),
    });
  }
  for (const dataset of datasets.values()) {
    const epochs = dataset.grids.map(({ kind, shared }) => `\`${kind}\` ${shared.epochs}`);
    dataset.protocol = `Epochs: ${epochs.join(', ')}.`;
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
