import { measureOf } from '../measure.ts';
import type { Comparison, Group, MethodSummary } from '../summary.ts';
import { chip, escapeHtml, groupTitle, plural, siNumber, spreadText } from './html.ts';
import type { Plotter } from './plots.ts';

/** What every method came to, and which differences are significant. */
export function resultsSection(groups: readonly Group[], plotter: Plotter): string {
  const measure = measureOf(groups.flatMap(({ methods }) => methods));
  const head = [
    'method',
    'seeds',
    `test ${measure}`,
    'connections',
    'density',
    'multiply-adds',
    'fewer than dense',
    'explored',
    'dead neurons',
    'steps',
    'the rest',
  ];
  const bodies = groups.map(
    (group) =>
      `<tbody><tr><th colspan="${head.length}" scope="rowgroup">${escapeHtml(groupTitle(group))}</th></tr>${group.methods
        .map((method) => methodRow(method, plotter))
        .join('')}</tbody>`,
  );
  const dense = [
    ...new Set(groups.flatMap(({ methods }) => methods.flatMap((m) => m.denseMultiplyAdds ?? []))),
  ];
  return `<section><h2>Results</h2>
<div class="scroll"><table>${headRow(head)}${bodies.join('')}</table></div>
<p class="note">Test ${measure} at the best epoch on the validation rows, mean ± standard deviation
over seeds. Multiply-adds are for one sample in one epoch: forward, backward and growth. A dense network
of the same shape makes ${dense.map(siNumber).join(', ')}. Explored: the share of positions that were ever
connected, in sparse layers. Dead neurons: the share of hidden neurons without an input, without an output,
or that never fire. Steps and the rest: seconds of one training, for its steps, and for all that is not
steps (choosing connections, and scores).</p>
${comparisonTables(groups)}</section>`;
}

function headRow(names: readonly string[]): string {
  return `<thead><tr>${names.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>`;
}

function methodRow(summary: MethodSummary, plotter: Plotter): string {
  const { method, finished, failed, testAccuracy, nnz, density, seconds, trainSeconds } = summary;
  const { multiplyAdds: own, denseMultiplyAdds: dense, explorationRate, deadNeurons } = summary;
  const or = (value: number | undefined, text: (value: number) => string): string =>
    value === undefined ? '–' : text(value);
  const inPercent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;
  const inSeconds = (value: number): string => `${Number(value.toPrecision(3))} s`;
  const cells = [
    `${finished.length}${failed === 0 ? '' : ` (${failed} diverged)`}`,
    testAccuracy === undefined ? '–' : spreadText(testAccuracy),
    or(nnz, (value) => Math.round(value).toLocaleString('en')),
    or(density, inPercent),
    or(own, siNumber),
    or(dense && own && dense / own, (value) => `${Number(value.toPrecision(3))} ×`),
    or(explorationRate, inPercent),
    or(deadNeurons, inPercent),
    or(trainSeconds, inSeconds),
    or(seconds && seconds - (trainSeconds ?? 0), inSeconds),
  ];
  const data = cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
  return `<tr><th scope="row">${chip(method, plotter)}</th>${data}</tr>`;
}

function comparisonTables(groups: readonly Group[]): string {
  const tables = groups.map(comparisonTable);
  const title = '<h3>Which differences are significant</h3>';
  if (groups.length === 1) return tables[0] === '' ? '' : `${title}${tables[0]}`;
  const folded = tables.flatMap((table, index) =>
    table === ''
      ? []
      : `<details><summary>${escapeHtml(groupTitle(groups[index]))}</summary>${table}</details>`,
  );
  return folded.length === 0 ? '' : `${title}${folded.join('')}`;
}

function comparisonTable(group: Group): string {
  const { comparisons, seedsNeeded: needed } = group;
  if (comparisons.length === 0) return '';
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
  const row = ({ first, second, seeds, difference, p, verdict }: Comparison): string =>
    [
      `<tr><th scope="row">${escapeHtml(first)} − ${escapeHtml(second)}</th>`,
      ...[String(seeds), signed(difference), p.toFixed(3)].map((cell) => `<td>${cell}</td>`),
      `<td class="${verdict === 'significant' ? 'yes' : ''}">${verdict}</td></tr>`,
    ].join('');
  const few = comparisons.some(({ verdict }) => verdict === 'too few seeds')
    ? ` With ${plural(comparisons.length, 'pair')} a difference can be significant from ${needed} seeds on.`
    : '';
  const head = headRow(['pair', 'seeds', 'difference', 'p', 'verdict']);
  const rows = comparisons.map(row).join('');
  return `<div class="scroll"><table>${head}<tbody>${rows}</tbody></table></div>
<p class="note">Exact permutation test of the differences paired by seed, two-sided. Holm’s method
corrects p for ${plural(comparisons.length, 'pair')}. A difference is significant where p is below
0.05.${few}</p>`;
}
