import { type CellRecord, isFinished, type Looks } from '../cell.ts';
import type { Spread } from '../statistics.ts';
import { type Comparison, type Group, type MethodSummary, splitBy } from '../summary.ts';
import { type Colour, colourAt } from './colours.ts';
import { Plotter } from './plots.ts';
import { GRADIENT, pngUrl } from './png.ts';
import {
  lossCurve,
  neuronCurve,
  replacedCurve,
  shareOfPruned,
  testCurve,
  unusedCurve,
  validationCurve,
} from './series.ts';

/** What the report tells about how the results came about. */
export interface ReportContext {
  readonly command: string;
  readonly version: string;
  readonly node: string;
  readonly machine: string;
  /** Trainings at a time. */
  readonly jobs: number;
  readonly date: Date;
  readonly epochs: number;
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
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${styleFor(methods.length)}</style>
</head>
<body>
${body.join('\n')}
</body>
</html>
`;
}

/** Text that means nothing to a browser, also within quotes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]);
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
      ? [`Best here: ${best.method}, test accuracy ${spreadText(best.testAccuracy)}.`]
      : []),
    ...(failed === 0 ? [] : [`${plural(failed, 'training')} diverged.`]),
  ].join(' ');
}

function groupTitle({ cell }: Group): string {
  const { dataset, hidden, epsilon } = cell;
  const layers = hidden.length === 0 ? 'no hidden layer' : `hidden layers ${hidden.join(' – ')}`;
  return `${dataset}, ${layers}${epsilon === null ? '' : `, ε = ${epsilon}`}`;
}

function resultsSection(groups: readonly Group[], plotter: Plotter): string {
  const head = [
    'method',
    'seeds',
    'test accuracy',
    'connections',
    'density',
    'time',
    'multiply-adds',
    'fewer than dense',
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
<div class="scroll"><table><thead><tr>${head.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>${bodies.join('')}</table></div>
<p class="note">Test accuracy at the first epoch of the best validation accuracy, mean ± standard deviation over seeds. Time is that of one training.
Multiply-adds are for one sample in one epoch: forward, backward and growth; a dense network of the same shape makes ${dense.map(siNumber).join(', ')}.</p>
${comparisonTables(groups)}</section>`;
}

function methodRow(summary: MethodSummary, plotter: Plotter): string {
  const { method, finished, failed, testAccuracy, nnz, density, seconds } = summary;
  const { multiplyAdds: own, denseMultiplyAdds: dense } = summary;
  const or = (value: number | undefined, text: (value: number) => string): string =>
    value === undefined ? '–' : text(value);
  const cells = [
    `${finished.length}${failed === 0 ? '' : ` (${failed} diverged)`}`,
    testAccuracy === undefined ? '–' : spreadText(testAccuracy),
    or(nnz, (value) => Math.round(value).toLocaleString('en')),
    or(density, (value) => `${Number((100 * value).toPrecision(3))} %`),
    or(seconds, (value) => `${Number(value.toPrecision(3))} s`),
    or(own, siNumber),
    or(dense && own && dense / own, (value) => `${Number(value.toPrecision(3))} ×`),
  ];
  return `<tr><th scope="row">${chip(method, plotter)}</th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
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
    `<tr><th scope="row">${escapeHtml(first)} − ${escapeHtml(second)}</th><td>${seeds}</td><td>${signed(difference)}</td><td>${p.toFixed(3)}</td><td class="${verdict === 'significant' ? 'yes' : ''}">${verdict}</td></tr>`;
  const few = comparisons.some(({ verdict }) => verdict === 'too few seeds')
    ? ` With ${plural(comparisons.length, 'pair')} it takes ${needed} seeds or more before any difference can be called significant.`
    : '';
  return `<div class="scroll"><table><thead><tr><th scope="col">pair</th><th scope="col">seeds</th><th scope="col">difference</th><th scope="col">p</th><th scope="col">verdict</th></tr></thead><tbody>${comparisons.map(row).join('')}</tbody></table></div>
<p class="note">Exact permutation test of the differences paired by seed, two-sided, p corrected for ${plural(comparisons.length, 'pair')} by Holm’s method; significant below 0.05.${few}</p>`;
}

/** For every dataset and shape that was trained at several densities. */
function densityFigures(groups: readonly Group[], plotter: Plotter): string[] {
  const byShape = splitBy(groups, ({ cell }) => JSON.stringify([cell.dataset, cell.hidden]));
  const figures = [...byShape.values()]
    .filter((same) => same.length > 1)
    .flatMap((same) => {
      const { dataset, hidden } = same[0].cell;
      const svg = plotter.density(same);
      const title = `Accuracy against density: ${dataset}, hidden layers ${hidden.join(' – ')}`;
      const caption =
        'Test accuracy of networks of one shape with more and more connections; bars are one standard deviation over seeds.';
      return svg === undefined ? [] : [figure(title, svg, caption)];
    });
  if (figures.length === 0) return [];
  const methods = groups[0].methods.map(({ method }) => method);
  return [
    `<section><h2>Density</h2>${legend(methods, plotter)}<div class="figures">${figures.join('')}</div></section>`,
  ];
}

function groupSection(group: Group, plotter: Plotter, groups: number, isFirst: boolean): string {
  const { methods } = group;
  const names = methods.map(({ method }) => method);
  const content = [
    legend(names, plotter),
    part('Learning', learningFigures(methods, plotter)),
    part('What evolution did', evolutionFigures(methods, plotter)),
    part('Neurons', neuronFigures(methods, plotter)),
    pictures(methods, plotter),
  ].join('\n');
  return groups === 1
    ? `<section>${content}</section>`
    : `<details${isFirst ? ' open' : ''}><summary><h2>${escapeHtml(groupTitle(group))}</h2></summary>${content}</details>`;
}

type Figure = readonly [title: string, svg: string | undefined, caption: string];

function part(title: string, figures: readonly Figure[]): string {
  const drawn = figures.flatMap(([name, svg, caption]) =>
    svg === undefined ? [] : [figure(name, svg, caption)],
  );
  return drawn.length === 0 ? '' : `<h3>${title}</h3><div class="figures">${drawn.join('')}</div>`;
}

const BANDS = 'Lines are means over seeds, bands one standard deviation.';

function learningFigures(methods: readonly MethodSummary[], plotter: Plotter): Figure[] {
  const validated = methods.some(({ finished }) => finished.some((cell) => cell.bestValAccuracy !== null));
  const kind = validated ? 'Validation' : 'Training';
  return [
    [
      `${kind} accuracy`,
      plotter.curves(methods, validationCurve, {
        y: `${kind.toLowerCase()} accuracy`,
        percent: true,
        describe: `${kind} accuracy by epoch`,
      }),
      `After every epoch. ${BANDS}`,
    ],
    [
      'Test accuracy',
      plotter.curves(methods, testCurve, {
        y: 'test accuracy',
        percent: true,
        describe: 'Test accuracy at the best epoch so far, by epoch',
      }),
      `At the best ${kind.toLowerCase()} accuracy so far: what would be reported if training ended there. ${BANDS}`,
    ],
    [
      'Training loss',
      plotter.curves(methods, lossCurve, { y: 'cross-entropy', describe: 'Training loss by epoch' }),
      `Mean cross-entropy of the training rows. ${BANDS}`,
    ],
  ];
}

function evolutionFigures(methods: readonly MethodSummary[], plotter: Plotter): Figure[] {
  return [
    [
      'Connections replaced',
      plotter.curves(methods, replacedCurve, {
        y: 'share of all connections',
        percent: true,
        fromZero: true,
        describe: 'Share of connections that an update replaced, by epoch',
      }),
      'How many connections of the network are in another place after an update. The closer to zero, the more the topology has settled.',
    ],
    [
      'Pruned and grown again at once',
      plotter.curves(methods, shareOfPruned('regrown'), {
        y: 'share of pruned connections',
        percent: true,
        fromZero: true,
        describe: 'Share of pruned connections grown again by the same update, by epoch',
      }),
      'Of the weakest connections, those that the method chose again in the same update; they keep their weight.',
    ],
    [
      'Grown at random',
      plotter.curves(methods, shareOfPruned('random'), {
        y: 'share of grown connections',
        percent: true,
        fromZero: true,
        describe: 'Share of grown connections drawn at random, by epoch',
      }),
      'SET draws all of them; CTRE those whose first choice had just been pruned.',
    ],
    [
      'Features that matter',
      plotter.featureGroups(methods),
      'Mean connections of a feature: solid for informative ones, dashed for those that repeat them, dotted for noise. A method that finds the features moves its connections from the dotted to the solid line.',
    ],
  ];
}

function neuronFigures(methods: readonly MethodSummary[], plotter: Plotter): Figure[] {
  const rows = methods.flatMap(({ finished }) => finished)[0]?.looks.sampleRows ?? 0;
  const share = (describe: string) => ({
    y: 'share of hidden neurons',
    percent: true,
    fromZero: true,
    describe,
  });
  return [
    [
      'Neurons that never fire',
      plotter.curves(methods, neuronCurve('silent'), share('Share of hidden neurons that never fire')),
      `Hidden neurons that are zero for all of ${rows} training rows.`,
    ],
    [
      'Neurons without input',
      plotter.curves(methods, neuronCurve('noInput'), share('Share of hidden neurons without input')),
      'Hidden neurons that no connection leads to: they know nothing of the sample.',
    ],
    [
      'Neurons without output',
      plotter.curves(methods, neuronCurve('noOutput'), share('Share of hidden neurons without output')),
      'Hidden neurons that no connection leads from: nobody hears them.',
    ],
    [
      'Inputs without connection',
      plotter.curves(methods, unusedCurve, {
        y: 'share of inputs',
        percent: true,
        fromZero: true,
        describe: 'Share of inputs without a connection',
      }),
      'Features that the network does not look at.',
    ],
    [
      'Connections of inputs',
      plotter.degrees(methods, 'inputs'),
      'Share of inputs with at least so many connections, after training; the grey dashes are the random network before it. A long tail to the right: a few inputs get most connections.',
    ],
    [
      'Connections of hidden neurons',
      plotter.degrees(methods, 'hidden'),
      'The same for hidden neurons, inputs and outputs together.',
    ],
  ];
}

/** Where the inputs are pixels: how many connections each has, epoch by epoch. */
function pictures(methods: readonly MethodSummary[], plotter: Plotter): string {
  // With every connection all pixels are alike.
  const sparse = methods.filter(({ density }) => density !== undefined && density < 1);
  const shown = sparse.flatMap(({ finished }) =>
    finished
      .flatMap(({ method, seed, looks: { picture } }) =>
        picture === undefined ? [] : { method, seed, picture },
      )
      .slice(0, 1),
  );
  const all = shown.flatMap(({ picture }) => picture.connections.flat()).sort((a, b) => a - b);
  if (all.length === 0) return '';
  // One pixel with many connections would darken all the others.
  const most = Math.max(1, all[Math.floor(0.995 * (all.length - 1))]);
  return `<h3>Where the network looks</h3>
<p class="note">Connections of every input pixel, seed ${shown[0].seed}, at the epochs below each picture. All pictures have one scale:
<span class="scale"><span>0</span><i style="background:linear-gradient(to right, ${GRADIENT})"></i><span>${most} or more</span></span></p>
${shown.map(({ method, picture }) => filmStrip(method, picture, most, plotter)).join('')}`;
}

function filmStrip(
  method: string,
  { width, height, epochs, connections }: NonNullable<Looks['picture']>,
  most: number,
  plotter: Plotter,
): string {
  const frames = epochs.map((epoch, index) => {
    const levels = Uint8Array.from(connections[index], (count) =>
      Math.round(255 * Math.min(1, count / most)),
    );
    const words = `Connections of every input of ${method}, epoch ${epoch}`;
    return `<figure class="frame"><img src="${pngUrl(width, height, levels)}" width="${width}" height="${height}" alt="${escapeHtml(words)}"><figcaption>${epoch === 0 ? 'before' : epoch}</figcaption></figure>`;
  });
  return `<div class="strip"><h4>${chip(method, plotter)}</h4><div class="frames">${frames.join('')}</div></div>`;
}

function methodSection(context: ReportContext): string {
  const { command, version, node, machine, jobs, date } = context;
  const facts: readonly (readonly [string, string])[] = [
    ['Command', command],
    ['Program', `ctre ${version}, Node ${node}`],
    ['Machine', `${machine}; ${plural(jobs, 'training')} at a time`],
    ['Date', date.toISOString().slice(0, 16).replace('T', ' ').concat(' UTC')],
  ];
  return `<footer><h2>How this was made</h2>
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
<p class="note"><b>Accuracy.</b> Validation rows choose the epoch, test rows are only looked at. The same command gives the same accuracies, bit for bit; times depend on the machine and on what else it does.</p>
<p class="note"><b>Significance.</b> If two methods were equal, each seed’s difference could as well have the other sign. The p-value is the share of all ways to choose signs that give a mean difference as large as the one seen. The test assumes nothing about how accuracies are distributed, which matters here: a very sparse network learns, or stays at chance. With n seeds no p is below 2 / 2ⁿ.</p>
<p class="note"><b>Multiply-adds.</b> Forward: one for each connection. Backward: two for each, one in the first layer. Growth: what the search for new connections multiplies, spread over all samples of all epochs; an upper bound, since neurons that never fire are skipped. Biases, activations, the optimiser and sorting are left out for sparse and dense alike. Fewer multiply-adds are not as much less time: sparse ones need indices, dense ones do not.</p>
<p class="note"><b>Neurons and connections</b> are counted after the update that follows an epoch.</p></footer>`;
}

function figure(title: string, svg: string, caption: string): string {
  return `<figure><h4>${escapeHtml(title)}</h4>${svg}<figcaption>${escapeHtml(caption)}</figcaption></figure>`;
}

function legend(methods: readonly string[], plotter: Plotter): string {
  return `<ul class="legend">${methods.map((method) => `<li>${chip(method, plotter)}</li>`).join('')}</ul>`;
}

function chip(method: string, plotter: Plotter): string {
  return `<i class="chip" style="background:${plotter.colour(method)}"></i>${escapeHtml(method)}`;
}

function spreadText({ mean, deviation }: Spread): string {
  return `${mean.toFixed(4)}${deviation === undefined ? '' : ` ± ${deviation.toFixed(4)}`}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function siNumber(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
}

/** The properties of the methods' colours, by their place. */
function methodColours(methods: number, page: keyof Colour): string {
  return Array.from({ length: methods }, (_, place) => `--method-${place}:${colourAt(place)[page]}`).join(
    ';',
  );
}

const styleFor = (methods: number): string => `
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2126;--soft:#59636e;--line:#d8dde3;--panel:#f6f8fa;${methodColours(methods, 'light')}}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e6e9ed;--soft:#a2abb5;--line:#343b44;--panel:#1b2026;${methodColours(methods, 'dark')}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem clamp(1rem,4vw,2.5rem) 4rem;max-width:76rem;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0;overflow-wrap:anywhere}
h2{font-size:1.35rem;margin:2.2rem 0 .6rem}
h3{font-size:1.1rem;margin:2rem 0 .6rem}
h4{font-size:1rem;margin:0 0 .3rem;overflow-wrap:anywhere}
header p{color:var(--soft);max-width:60rem;overflow-wrap:anywhere}
.note{color:var(--soft);font-size:.9rem;max-width:60rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:.35rem .9rem .35rem 0;text-align:right;border-bottom:1px solid var(--line)}
th:first-child{text-align:left}
thead th{color:var(--soft);font-weight:500;font-size:.9rem}
tbody th{font-weight:600}
tbody th[colspan]{font-weight:500;color:var(--soft);padding-top:.9rem;white-space:normal;overflow-wrap:anywhere}
td.yes{font-weight:600}
.chip{display:inline-block;width:.8em;height:.8em;border-radius:.2em;margin-right:.45em;vertical-align:-.05em}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:1.5rem 0 0;padding:.5rem 0;position:sticky;top:0;background:var(--paper);z-index:1}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1.2rem}
figure{margin:0;padding:.9rem 1rem;background:var(--panel);border:1px solid var(--line);border-radius:.6rem;min-width:0}
figure svg{width:100%;height:auto}
figcaption{color:var(--soft);font-size:.88rem;line-height:1.45;margin-top:.3rem}
body>details{border-top:1px solid var(--line);margin-top:2rem}
summary{cursor:pointer;overflow-wrap:anywhere}
summary h2{display:inline-block;margin:1rem 0}
.strip{margin:1rem 0}
.frames{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.2rem,1fr));gap:.6rem}
.frame{padding:.3rem;text-align:center}
.frame img{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:.3rem}
.scale{display:inline-flex;align-items:center;gap:.4rem}
.scale i{width:7rem;height:.8em;border-radius:.2em}
footer{border-top:1px solid var(--line);margin-top:3rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
@media (max-width:34rem){dl{display:block}dd{margin-bottom:.6rem}h1{font-size:1.5rem}}
`;
