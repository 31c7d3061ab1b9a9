import { measureOf } from '../measure.ts';
import { type Group, type MethodSummary, splitBy } from '../summary.ts';
import { escapeHtml, figure, groupTitle, legend } from './html.ts';
import { pictures } from './pictures.ts';
import type { Plotter } from './plots.ts';
import {
  lossCurve,
  neuronCurve,
  replacedCurve,
  shareOfPruned,
  testCurve,
  unusedCurve,
  validationCurve,
} from './series.ts';

/** For every dataset and shape that was trained at several densities. */
export function densityFigures(groups: readonly Group[], plotter: Plotter): string[] {
  const byShape = splitBy(groups, ({ cell }) => JSON.stringify([cell.dataset, cell.hidden]));
  const figures = [...byShape.values()]
    .filter((same) => same.length > 1)
    .flatMap((same) => {
      const { dataset, hidden } = same[0].cell;
      const svg = plotter.density(same);
      const measure = measureOf(same.flatMap(({ methods }) => methods));
      const name = measure === 'accuracy' ? 'Accuracy' : measure;
      const title = `${name} against density: ${dataset}, hidden layers ${hidden.join(' – ')}`;
      const caption =
        `Test ${measure} of networks of one shape with more and more connections; bars are one standard ` +
        'deviation over seeds.';
      return svg === undefined ? [] : [figure(title, svg, caption)];
    });
  if (figures.length === 0) return [];
  const methods = groups[0].methods.map(({ method }) => method);
  return [
    '<section><h2>Density</h2>',
    legend(methods, plotter),
    `<div class="figures">${figures.join('')}</div></section>`,
  ];
}

/** All figures of a group. */
export function groupSection(group: Group, plotter: Plotter, groups: number, isFirst: boolean): string {
  const { methods } = group;
  const names = methods.map(({ method }) => method);
  const content = [
    legend(names, plotter),
    part('Learning', learningFigures(methods, plotter)),
    part('What evolution did', evolutionFigures(methods, plotter)),
    part('Neurons', neuronFigures(methods, plotter)),
    pictures(methods, plotter),
  ].join('\n');
  if (groups === 1) return `<section>${content}</section>`;
  const summary = `<summary><h2>${escapeHtml(groupTitle(group))}</h2></summary>`;
  return `<details${isFirst ? ' open' : ''}>${summary}${content}</details>`;
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
  const measure = measureOf(methods);
  const isShare = measure === 'accuracy';
  const loss = methods.flatMap(({ finished }) => finished)[0]?.loss ?? 'cross-entropy';
  return [
    [
      `${kind} ${measure}`,
      plotter.curves(methods, validationCurve, {
        y: `${kind.toLowerCase()} ${measure}`,
        percent: isShare,
        describe: `${kind} ${measure} by epoch`,
      }),
      `After every epoch. ${BANDS}`,
    ],
    [
      `Test ${measure}`,
      plotter.curves(methods, testCurve, {
        y: `test ${measure}`,
        percent: isShare,
        describe: `Test ${measure} at the best epoch so far, by epoch`,
      }),
      `At the best ${kind.toLowerCase()} ${measure} so far: what would be reported if training ended ` +
        `there. ${BANDS}`,
    ],
    [
      'Training loss',
      plotter.curves(methods, lossCurve, { y: loss, describe: 'Training loss by epoch' }),
      `Mean ${loss} of the training rows. ${BANDS}`,
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
        describe: 'Share of connections that updates replaced, by epoch',
      }),
      'How many connections of the network the updates of an epoch put in another place. The closer to ' +
        'zero, the more the topology has settled.',
    ],
    [
      'Pruned and grown again at once',
      plotter.curves(methods, shareOfPruned('regrown'), {
        y: 'share of pruned connections',
        percent: true,
        fromZero: true,
        describe: 'Share of pruned connections grown again by the same update, by epoch',
      }),
      'Of the weakest connections, those that the method chose again in the same update; they keep their ' +
        'weight.',
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
      'Mean connections of a feature: solid for informative ones, dashed for those that repeat them, ' +
        'dotted for noise. A method that finds the features moves its connections from the dotted to the ' +
        'solid line.',
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
      'Dead neurons',
      plotter.curves(methods, neuronCurve('dead'), share('Share of hidden neurons that are dead')),
      'Hidden neurons that cannot matter: they have no input, no output, or never fire. The next three ' +
        'figures show each of these.',
    ],
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
      'Hidden neurons that no connection leads from: they change nothing.',
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
      'Share of inputs with at least so many connections, after training; the grey dashes are the random ' +
        'network before it. A long tail to the right: a few inputs get most connections.',
    ],
    [
      'Connections of hidden neurons',
      plotter.degrees(methods, 'hidden'),
      'The same for hidden neurons, inputs and outputs together.',
    ],
  ];
}
