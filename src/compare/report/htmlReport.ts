import { type CellRecord, isFinished } from '../cell.ts';
import { measureOf } from '../measure.ts';
import type { Group } from '../summary.ts';
import { densityFigures, groupSection } from './figures.ts';
import { escapeHtml, plural, spreadText } from './html.ts';
import { Plotter } from './plots.ts';
import { resultsSection } from './resultsSection.ts';
import { styleFor } from './style.ts';

/** What the report tells about how the results came about. */
export interface ReportContext {
  readonly command: string;
  readonly version: string;
  readonly node: string;
  readonly machine: string;
  /** Trainings at a time; undefined where workers of a queue trained. */
  readonly jobs: number | undefined;
  readonly date: Date;
  /** Of a training, in words. */
  readonly epochs: string;
  readonly datasets: readonly { readonly name: string; readonly about: string }[];
}

/** The report as one HTML file that needs nothing else: no script, no network. */
export async function renderReport(
  groups: readonly Group[],
  records: readonly CellRecord[],
  context: ReportContext,
): Promise<string> {
  const methods = [...new Set(records.map(({ method }) => method))];
  const plotter = await Plotter.create(methods);
  const title = `Sparse training on ${context.datasets.map(({ name }) => name).join(', ')}`;
  const body = [
    `<header><h1>${escapeHtml(title)}</h1>`,
    `<p>${escapeHtml(introduction(groups, records, context))}</p></header>`,
    resultsSection(groups, plotter),
    ...densityFigures(groups, plotter),
    ...groups.map((group, index) => groupSection(group, plotter, groups.length, index === 0)),
    methodSection(context),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${styleFor(methods.length)}</style>
</head>
<body>
${body.join('\n')}
</body>
</html>
`;
}

function introduction(
  groups: readonly Group[],
  records: readonly CellRecord[],
  context: ReportContext,
): string {
  const seeds = new Set(records.map(({ seed }) => seed)).size;
  const failed = records.filter((record) => !isFinished(record)).length;
  const best = groups[0]?.methods
    .flatMap(({ method, testAccuracy }) => (testAccuracy === undefined ? [] : [{ method, testAccuracy }]))
    .sort((a, b) => b.testAccuracy.mean - a.testAccuracy.mean)[0];
  return [
    context.datasets.map(({ name, about }) => `${name} (${about}).`).join(' '),
    `${records.length} trainings of ${context.epochs} epochs, ${plural(seeds, 'seed')} for each method.`,
    ...(best !== undefined && groups.length === 1
      ? [`Best here: ${best.method}, test ${measureOf(groups[0].methods)} ${spreadText(best.testAccuracy)}.`]
      : []),
    ...(failed === 0 ? [] : [`${plural(failed, 'training')} diverged.`]),
  ].join(' ');
}

function methodSection(context: ReportContext): string {
  const { command, version, node, machine, jobs, date } = context;
  const facts: readonly (readonly [string, string])[] = [
    ['Command', command],
    ['Program', `ctre ${version}, Node ${node}`],
    jobs === undefined
      ? ['Machine', `${machine}; workers of a queue trained`]
      : ['Machine', `${machine}; ${plural(jobs, 'training')} at a time`],
    ['Date', date.toISOString().slice(0, 16).replace('T', ' ').concat(' UTC')],
  ];
  return `<footer><h2>How this was made</h2>
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
<p class="note"><b>Accuracy.</b> Validation rows choose the epoch. Test rows choose nothing. The same
command gives the same accuracies, bit for bit. Times depend on the machine, and on what else it does.</p>
<p class="note"><b>Significance.</b> If two methods were equal, each seed’s difference could as well have
the other sign. The p-value is the share of all ways to choose signs that give a mean difference as large
as the one seen. The test assumes nothing about how accuracies are distributed. That matters here: a very
sparse network learns, or stays at chance. With n seeds no p is below 2 / 2ⁿ.</p>
<p class="note"><b>Multiply-adds.</b> Forward: one for each connection. Backward: two for each, one in the
first layer, for the connections there are at an epoch’s end. Growth: what was multiplied to choose connections,
before the first step and in updates, spread over all samples of all epochs. Biases, activations, the
optimiser and sorting are left out, for sparse and dense networks alike. Time does not shrink as much as
multiply-adds do: sparse ones need indices, dense ones do not.</p>
<p class="note"><b>Explored.</b> A position counts from the first step it takes part in, also if it is
pruned again within the same epoch. Layers with every connection are left out. The measure is that of
“in-time over-parameterization” (Liu et al. 2021).</p>
<p class="note"><b>Neurons and connections</b> are counted at the end of an epoch, before the update that
follows.</p></footer>`;
}
