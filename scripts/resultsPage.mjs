// What the generated part of docs/results.md says, from the trainings of the grids: nothing is read or
// written here.
import { seedsNeeded } from '../dist/compare/statistics.js';
import { compareMethods, summarize } from '../dist/compare/summary.js';

/** A difference from the reference that is noise: so small, or so many standard errors. */
const CLOSE = 0.04;
const ERRORS = 2;

const PRESETS = {
  default: 'Adam, the default’s optimiser and weights',
  paper: 'SGD, the published optimiser and weights',
};

/**
 * The tables of all data sets and how they were computed, as Markdown.
 * @param datasets `{ title, figures?, neighbours?, grids }` in their order: `figures` are the reference's by
 *   ε and method, and a grid is `{ name, preset, epsilon, methods, methodPreset?, seeds, isCompared, usual,
 *   epochs, records, runs, command, report? }`.
 * @param source where the reference's figures are from; undefined where there are none.
 */
export function renderResults(datasets, source) {
  const sections = datasets.map((dataset) => {
    const { title, grids } = dataset;
    const left = grids.filter(({ records }) => records.length === 0);
    const begun = grids.filter((grid) => !left.includes(grid) && grid.records.length < sizeOf(grid));
    const reports = grids.filter(({ report }) => report !== undefined);
    return [
      `## ${title}`,
      ...(begun.length === 0 ? [] : [`**Not complete**: ${begun.map(gridState).join('; ')}.`]),
      ...(left.length === 0 ? [] : [`**Not run**: ${left.map(gridState).join('; ')}.`]),
      ...(dataset.neighbours === undefined ? [] : [neighboursText(dataset.neighbours)]),
      ...tablesOf(grids).map((table) => tableSection(table, dataset)),
      ...(reports.length === 0
        ? []
        : [
            'Reports with every curve: ' +
              `${reports.map(({ name, report }) => `[${name}](${report})`).join(', ')}.`,
          ]),
    ].join('\n\n');
  });
  return [explain(source), ...sections, runsSection(datasets)].join('\n\n');
}

/** How many trainings a grid has. */
export function sizeOf({ methods, seeds }) {
  return methods.length * seeds.length;
}

/** The grids of one data set by what all their trainings share: the rows of one table. */
export function tablesOf(grids) {
  const tables = new Map();
  for (const grid of grids) {
    const key = `${grid.preset} ${grid.epsilon}`;
    tables.set(key, [...(tables.get(key) ?? []), grid]);
  }
  return [...tables.values()];
}

/** How many other methods the default is compared with in a table. */
export function comparisonsIn(table) {
  const rows = table
    .filter(({ isCompared }) => isCompared)
    .reduce((sum, grid) => sum + grid.methods.length, 0);
  return Math.max(1, rows - 1);
}

function gridState(grid) {
  return `\`${grid.name}\`, ${grid.records.length} of ${sizeOf(grid)} trainings`;
}

function explain(source) {
  return [
    'In one table all methods have the same optimiser, initial weights, epochs and seeds. They differ in',
    'how they choose connections, and in nothing else. A method is trained with the options that ctre gives',
    'it. Rows that say *published* have the schedule of its paper instead (`--method-preset published`).',
    '',
    '* *Test accuracy*: at the best epoch on the validation rows, mean ± standard deviation of seeds. That ' +
      'is the',
    '  one of the highest accuracy; tables computed until 2026-11-26 take the first of several such ' +
      'epochs, later',
    '  ones that of the lowest loss.',
    '* *Default − it*: the mean difference of the default and this method, seed by seed. *Better with*: the',
    '  seeds with which the default is better. *p*: of the exact permutation test, after Holm. Each method',
    '  is compared with the default only, since every further comparison takes more seeds: with n seeds the',
    '  smallest p of one comparison is 2 / 2ⁿ, and Holm multiplies it by their number. A table is planned',
    '  with as many seeds as it takes, and at least six.',
    '* *Fewer*: how many times fewer multiply-adds than the dense network, for one sample in one epoch:',
    '  forward, backward and all that choosing connections takes.',
    '* *Explored*: the share of positions that were ever connected, in sparse layers (ITOP). *Dead*: the',
    '  share of hidden neurons that have no input, no output, or fire for none of up to 512 training rows,',
    '  at the end.',
    '* *Steps* and *rest*: seconds of one training for its steps, and for all else: choosing connections,',
    '  before the first step and in updates, and scoring validation and test rows. Several trainings ran at',
    '  a time.',
    ...(source === undefined
      ? []
      : [
          `* *Reference*: ${source} It scores all pairs of neurons, where the methods here score few. ` +
            `*Within*: the difference of the two means is at most ${CLOSE}, or at ` +
            `most ${ERRORS} of its standard`,
          '  errors where both deviations are known.',
        ]),
  ].join('\n');
}

function neighboursText({ count, real, all, least, next }) {
  const figure = ({ testAccuracy, neighbours }) => `${testAccuracy.toFixed(3)} (k = ${neighbours})`;
  return [
    `**k nearest neighbours**, k by validation: ${figure(real)} on the ${count} features that matter, ` +
      `${figure(all)} on all.`,
    `The ${count} are known without labels: each has a correlation of ${least.toFixed(2)} or more with ` +
      'another feature,',
    `and no other feature has one above ${next.toFixed(2)}. A network is given all features.`,
  ].join('\n');
}

function tableSection(table, { figures }) {
  const [{ preset, epsilon }] = table;
  const title = `### ${PRESETS[preset]}, ε = ${epsilon}`;
  const rows = table.flatMap((grid) => rowsOf(grid));
  if (rows.length === 0) return `${title}\n\nNo training yet.`;
  const epochs = mostFrequent(rows.map(({ grid }) => grid.epochs));
  const reference = preset === 'paper' ? figures?.[epsilon] : undefined;
  const usual = rows.find(({ isUsual }) => isUsual);
  const compared = usual === undefined ? [] : compareWith(usual, rows);
  const head = [
    ...['method', 'seeds', 'test accuracy'],
    ...(reference === undefined ? [] : ['reference', 'within']),
    ...['default − it', 'better with', 'p', 'verdict', 'fewer', 'explored', 'dead', 'steps, s', 'rest, s'],
  ];
  const lines = rows.map((row) => {
    const { grid, summary } = row;
    const shown = reference?.[summary.method];
    const name = row.isUsual ? `**default** (\`${summary.method}\`)` : row.name;
    return [
      `${name}${grid.epochs === epochs ? '' : `, ${grid.epochs} epochs`}`,
      seedsText(grid, summary),
      summary.testAccuracy === undefined ? '–' : spreadText(summary.testAccuracy),
      ...(reference === undefined ? [] : referenceCells(summary.testAccuracy, shown)),
      ...verdictCells(compared.find(({ second }) => second === row.name)),
      ...costCells(summary),
    ];
  });
  const { nnz, density } = (usual ?? rows[0]).summary;
  const size =
    nnz === undefined ? '' : `, ${Math.round(nnz).toLocaleString('en')} connections (${percent(density)})`;
  return [
    title,
    `${epochs} epochs${size}.`,
    markdownTable(head, lines),
    ...(compared.length === 0 ? [] : [verdictNote(compared, rows)]),
  ].join('\n\n');
}

/** The rows of a grid: what the seeds of each method came to. */
function rowsOf(grid) {
  const { methods, records, usual, methodPreset } = grid;
  const [group] = summarize(records);
  const rank = ({ method }) => methods.indexOf(method);
  return (group?.methods ?? [])
    .toSorted((a, b) => rank(a) - rank(b))
    .map((summary) => ({
      grid,
      summary,
      name: `\`${summary.method}\`${methodPreset === undefined ? '' : `, ${methodPreset}`}`,
      isUsual: grid.isCompared && summary.method === usual && methodPreset === undefined,
    }));
}

/** The default against each method of its table. */
function compareWith(usual, rows) {
  const named = ({ name, summary }) => ({ ...summary, method: name });
  const others = rows.filter((row) => row !== usual && row.grid.isCompared);
  return compareMethods(others.map((other) => [named(usual), named(other)]));
}

function seedsText({ seeds }, { finished, failed }) {
  const tried = finished.length + failed;
  const state = tried < seeds.length ? ` of ${seeds.length}` : '';
  return `${finished.length}${state}${failed === 0 ? '' : ` (${failed} diverged)`}`;
}

function verdictCells(comparison) {
  if (comparison === undefined) return ['–', '–', '–', '–'];
  const { difference, ahead, seeds, p, verdict } = comparison;
  const words = {
    significant: `**default ${difference > 0 ? 'better' : 'worse'}**`,
    'not significant': 'no difference shown',
    'too few seeds': 'too few seeds',
  };
  return [signed(difference), `${ahead} of ${seeds}`, p.toFixed(3), words[verdict]];
}

function costCells({ multiplyAdds, denseMultiplyAdds, explorationRate, deadNeurons, seconds, trainSeconds }) {
  const or = (value, text) => (value === undefined ? '–' : text(value));
  return [
    or(multiplyAdds, () => `${digits(denseMultiplyAdds / multiplyAdds)} ×`),
    or(explorationRate, percent),
    or(deadNeurons, percent),
    or(trainSeconds, digits),
    or(seconds, () => digits(seconds - trainSeconds)),
  ];
}

function verdictNote(compared, rows) {
  const needed = seedsNeeded(compared.length);
  const alone = rows.some(({ grid }) => !grid.isCompared)
    ? ' Rows without a verdict have too few seeds for one, because a training takes too long.'
    : '';
  return (
    `p after Holm for ${compared.length} comparison${compared.length === 1 ? '' : 's'}: a verdict takes ` +
    `${needed} seeds.${alone}`
  );
}

function referenceCells(own, reference) {
  if (reference === undefined) return ['–', '–'];
  const text = `${spreadText(reference)} (${reference.seeds})`;
  if (own === undefined) return [text, '–'];
  return [text, isWithin(own.mean - reference.mean, own, reference) ? 'yes' : '**no**'];
}

function isWithin(difference, own, reference) {
  const size = Math.abs(difference);
  if (size <= CLOSE) return true;
  if (own.deviation === undefined || reference.deviation === undefined) return false;
  return size <= ERRORS * Math.sqrt(own.deviation ** 2 / own.n + reference.deviation ** 2 / reference.seeds);
}

function runsSection(datasets) {
  const grids = datasets.flatMap((dataset) => dataset.grids).filter(({ records }) => records.length > 0);
  if (grids.length === 0) return '## How this was computed\n\nNothing is yet.';
  const rows = grids.flatMap((grid) => {
    const known = grid.runs.reduce((sum, { trainings }) => sum + trainings, 0);
    const unknown = Math.max(0, grid.records.length - known);
    return [
      ...grid.runs.map(({ trainings, seconds, commit, changed, node, machine, date }) => [
        ...[`\`${grid.name}\``, String(trainings), String(Math.round(seconds))],
        ...[`${commit.slice(0, 7)}${changed ? ', with changes' : ''}`, node, machine, date],
      ]),
      ...(unknown === 0 ? [] : [[`\`${grid.name}\``, String(unknown), ...Array(5).fill('not recorded')]]),
    ];
  });
  return [
    '## How this was computed',
    'Each grid is one command. `npm run reproduce` runs them all, writes this page, and keeps a summary of ' +
      'each training in `docs/results/`. What happened in every epoch is in the file the command names, ' +
      'which is not kept in the repository. *Seconds* are those of the whole run.',
    markdownTable(['grid', 'trainings', 'seconds', 'commit', 'Node', 'machine', 'date'], rows),
    ['```', ...grids.map(({ command }) => command), '```'].join('\n'),
  ].join('\n\n');
}

function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function mostFrequent(values) {
  const count = (value) => values.filter((other) => other === value).length;
  return values.reduce((best, value) => (count(value) > count(best) ? value : best));
}

function spreadText({ mean, deviation }) {
  return deviation === undefined ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
}

function signed(value) {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function percent(share) {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function digits(value) {
  return Number(value.toPrecision(3)).toLocaleString('en');
}
