// What the generated part of docs/results.md says, from the trainings of the grids: nothing is read or
// written here.
import { compareMethods, summarize } from '../dist/compare/summary.js';

/** A difference from the reference that is noise: so small, or so many standard errors. */
const CLOSE = 0.04;
const ERRORS = 2;

/**
 * The tables of all data sets and how they were computed, as Markdown.
 * @param datasets `{ title, protocol, figures?, grids }` in their order: `figures` are the reference's by ε
 *   and method, and a grid is `{ name, methods, seeds, epsilons, isDense, isDefault, note?, records, runs,
 *   command, report? }`.
 * @param source where the reference's figures are from; undefined where there are none.
 */
export function renderResults(datasets, source) {
  const sections = datasets.map((dataset) => {
    const { title, protocol, grids } = dataset;
    const epsilons = [...new Set(grids.flatMap((grid) => grid.epsilons))];
    const left = grids.filter(({ records }) => records.length === 0);
    const begun = grids.filter((grid) => !left.includes(grid) && grid.records.length < sizeOf(grid));
    const reports = grids.filter(({ report }) => report !== undefined);
    return [
      `## ${title}`,
      protocol,
      ...(begun.length === 0 ? [] : [`**Not complete**: ${begun.map(gridState).join('; ')}.`]),
      ...(left.length === 0 ? [] : [`**Not run**: ${left.map(gridState).join('; ')}.`]),
      ...epsilons.map((epsilon) => densitySection(dataset, epsilon)),
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
export function sizeOf({ methods, seeds, epsilons }) {
  return methods.length * seeds.length * epsilons.length;
}

function gridState(grid) {
  return `\`${grid.name}\`, ${grid.records.length} of ${sizeOf(grid)} trainings`;
}

function explain(source) {
  return [
    'Test accuracy at the first epoch of best validation accuracy: mean ± standard deviation over the ' +
      'seeds. Seconds are those of one training, multiply-adds those of one',
    'sample in one epoch: forward, backward and growth. The last row of a table, **default**, is what ' +
      'ctre does where nothing is asked for; the others are the',
    'published settings (`--preset paper`).',
    ...(source === undefined
      ? []
      : [
          '',
          `*Reference*: ${source} *Within*: the difference of the two means is at most ${CLOSE}, or at ` +
            `most ${ERRORS} of its standard errors`,
          'where both deviations are known.',
        ]),
  ].join('\n');
}

function densitySection({ figures, grids }, epsilon) {
  const rows = grids.flatMap((grid) => methodsAt(grid, epsilon).map((summary) => ({ grid, summary })));
  const title = `### ε = ${epsilon}`;
  if (rows.length === 0) return `${title}\n\nNo training yet.`;
  const head = [
    ...['method', 'seeds', 'test accuracy'],
    ...(figures === undefined ? [] : ['reference', 'difference', 'within']),
    ...['connections', 'seconds', 'multiply-adds', 'fewer than dense'],
  ];
  const table = rows.map(({ grid, summary }) => methodRow(grid, summary, figures, epsilon));
  return [title, markdownTable(head, table), ...differences(rows)].join('\n\n');
}

/** What the seeds of the grid's methods came to at a density; a dense network is the same at each. */
function methodsAt(grid, epsilon) {
  const { methods, records, isDense } = grid;
  const [group] = summarize(records.filter((record) => isDense || record.epsilon === epsilon));
  const rank = ({ method }) => methods.indexOf(method);
  return (group?.methods ?? []).toSorted((a, b) => rank(a) - rank(b));
}

function methodRow(grid, summary, figures, epsilon) {
  const { method, finished, failed, testAccuracy, nnz, seconds, multiplyAdds, denseMultiplyAdds } = summary;
  const all = grid.seeds.length;
  const tried = finished.length + failed;
  const reference = grid.isDefault ? undefined : figures?.[epsilon]?.[method];
  return [
    grid.isDefault ? `**default** (\`${method}\`)` : `\`${method}\`${grid.note ?? ''}`,
    `${finished.length}${tried < all ? ` of ${all}` : ''}${failed === 0 ? '' : ` (${failed} diverged)`}`,
    testAccuracy === undefined ? '–' : spreadText(testAccuracy),
    ...(figures === undefined ? [] : referenceCells(testAccuracy, reference)),
    nnz === undefined ? '–' : Math.round(nnz).toLocaleString('en'),
    seconds === undefined ? '–' : String(Number(seconds.toPrecision(3))),
    multiplyAdds === undefined ? '–' : short(multiplyAdds),
    multiplyAdds === undefined ? '–' : `${Number((denseMultiplyAdds / multiplyAdds).toPrecision(3))} ×`,
  ];
}

function referenceCells(own, reference) {
  if (reference === undefined) return ['–', '–', '–'];
  const text = `${spreadText(reference)} (${reference.seeds})`;
  if (own === undefined) return [text, '–', '–'];
  const difference = own.mean - reference.mean;
  return [text, signed(difference), isWithin(difference, own, reference) ? 'yes' : '**no**'];
}

function isWithin(difference, own, reference) {
  const size = Math.abs(difference);
  if (size <= CLOSE) return true;
  if (own.deviation === undefined || reference.deviation === undefined) return false;
  return size <= ERRORS * Math.sqrt(own.deviation ** 2 / own.n + reference.deviation ** 2 / reference.seeds);
}

/**
 * The differences that the page is about: the default against each, and growth by cosine against growth at
 * random.
 */
function differences(rows) {
  const named = rows.map(({ grid, summary }) =>
    grid.isDefault ? { ...summary, method: 'default' } : summary,
  );
  const of = (name) => named.filter(({ method }) => method === name);
  const pairs = [
    ...of('default').flatMap((ours) => named.filter((other) => other !== ours).map((other) => [ours, other])),
    ...['ctre-sim', 'cte'].flatMap((name) => of(name).flatMap((a) => of('set').map((b) => [a, b]))),
  ];
  const compared = compareMethods(pairs);
  if (compared.length === 0) return [];
  const lines = compared.map(({ first, second, seeds, difference, ahead, p, verdict }) => [
    `${first} − ${second}`,
    signed(difference),
    `${ahead} of ${seeds}`,
    p.toFixed(3),
    verdict === 'significant' ? '**significant**' : verdict,
  ]);
  const most = Math.max(...compared.map(({ seeds }) => seeds));
  return [
    markdownTable(['pair', 'difference', 'first is better', 'p', 'verdict'], lines),
    `Paired by seed, exact permutation test, p after Holm for ${compared.length} pairs. Seeds of one ` +
      `pair: ${most} at most, so its own p is ${Number((2 / 2 ** most).toPrecision(3))} or more; the ` +
      'number of seeds with which the first is better says more.',
  ];
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
    'Each grid is one command, and its results are in the file that the command names; `npm run ' +
      'reproduce` runs them all and writes this page. *Seconds* are those of the whole run.',
    markdownTable(['grid', 'trainings', 'seconds', 'commit', 'Node', 'machine', 'date'], rows),
    ['```', ...grids.map(({ command }) => command), '```'].join('\n'),
  ].join('\n\n');
}

function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function spreadText({ mean, deviation }) {
  return deviation === undefined ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
}

function signed(value) {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function short(value) {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
}
