import type * as PlotModule from '@observablehq/plot';
import type { FinishedCell } from '../cell.ts';
import { measureOf } from '../measure.ts';
import type { Group, MethodSummary } from '../summary.ts';
import { type Curve, degreeCurve, groupCurve, meanCurves, type Point } from './series.ts';

/** What curves look like: a plot is as wide as a column of the report. */
interface PlotWords {
  readonly x?: string;
  readonly y: string;
  readonly percent?: boolean;
  readonly fromZero?: boolean;
  /** For people who cannot see it. */
  readonly describe: string;
}

const WIDTH = 360;
const HEIGHT = 240;

/** So many ticks that none is between two epochs. */
function wholeTicks(points: readonly Point[]): number {
  const epochs = points.map(({ x }) => x);
  return Math.max(1, Math.min(5, Math.max(...epochs) - Math.min(...epochs)));
}

/** Draws plots as SVG text, with a document that is no browser's. */
export class Plotter {
  readonly #plot: typeof PlotModule;
  readonly #document: Document;
  readonly #methods: readonly string[];

  /** @param methods in the order of their colours. */
  static async create(methods: readonly string[]): Promise<Plotter> {
    const [plot, { parseHTML }] = await Promise.all([import('@observablehq/plot'), import('linkedom')]);
    return new Plotter(plot, parseHTML('<!doctype html><html><body></body></html>').document, methods);
  }

  private constructor(plot: typeof PlotModule, document: Document, methods: readonly string[]) {
    this.#plot = plot;
    this.#document = document;
    this.#methods = methods;
  }

  /** The colour of a method, as in style sheets. */
  colour(method: string): string {
    return `var(--method-${this.#methods.indexOf(method)})`;
  }

  /** Mean curves with bands; undefined where no method has one. */
  curves(
    methods: readonly MethodSummary[],
    curveOf: (cell: FinishedCell) => Curve | undefined,
    words: PlotWords,
  ): string | undefined {
    const points = meanCurves(methods, curveOf);
    if (points.length === 0) return undefined;
    return this.#draw(this.#curveMarks(points, {}), words, { x: { ticks: wholeTicks(points) } });
  }

  /** Mean connections of a feature, by what it means. */
  featureGroups(methods: readonly MethodSummary[]): string | undefined {
    const styles = {
      informative: {},
      redundant: { strokeDasharray: '6 4' },
      noise: { strokeDasharray: '1.5 4' },
    };
    const curves = (['informative', 'redundant', 'noise'] as const).map((group) => ({
      points: meanCurves(methods, groupCurve(group)),
      style: styles[group],
    }));
    const all = curves.flatMap(({ points }) => points);
    if (all.length === 0) return undefined;
    return this.#draw(
      curves.flatMap(({ points, style }) => this.#curveMarks(points, style)),
      {
        y: 'connections of a feature',
        describe: 'Mean connections of informative, redundant and noise features by epoch',
      },
      { x: { ticks: wholeTicks(all) } },
    );
  }

  /** How many connections neurons have: before training, and after it. */
  degrees(methods: readonly MethodSummary[], kind: 'inputs' | 'hidden'): string | undefined {
    // A network with every connection would only stretch the axis.
    const sparse = methods.filter(({ density }) => density !== undefined && density < 1);
    if (sparse.length === 0) return undefined;
    const curves = [
      {
        points: degreeCurve(sparse[0].finished, 'first', kind),
        style: { stroke: 'currentColor', strokeOpacity: 0.6, strokeDasharray: '2 3' },
      },
      ...sparse.map(({ method, finished }) => ({
        points: degreeCurve(finished, 'last', kind),
        style: this.#lineStyle(method),
      })),
    ];
    const all = curves.flatMap(({ points }) => points);
    if (all.length === 0) return undefined;
    const most = Math.max(...all.map(({ x }) => x));
    const least = Math.min(...all.map(({ share }) => share));
    const decades = Array.from({ length: 9 }, (_, power) => Number(`1e${power}`));
    return this.#draw(
      curves.map(({ points, style }) => this.#plot.line(points, { x: 'x', y: 'share', ...style })),
      {
        x: 'connections',
        y: 'share of neurons with as many or more',
        describe: `Distribution of the connections of ${kind === 'inputs' ? 'inputs' : 'hidden neurons'}`,
      },
      {
        x: {
          type: 'log',
          tickFormat: ',d',
          ticks: decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]).filter((x) => x <= most),
        },
        y: {
          type: 'log',
          nice: false,
          domain: [least, 1],
          tickFormat: '~%',
          ticks: decades.map((decade) => 1 / decade).filter((share) => share >= least),
        },
      },
    );
  }

  /** Test accuracy against density: a point for each group; undefined where nothing came to its end. */
  density(groups: readonly Group[]): string | undefined {
    const plot = this.#plot;
    const points = groups.flatMap(({ methods }) =>
      methods.flatMap(({ method, testAccuracy, density }) => {
        if (testAccuracy === undefined || density === undefined) return [];
        const { mean, deviation = 0 } = testAccuracy;
        return [{ method, x: density, mean, low: mean - deviation, high: mean + deviation }];
      }),
    );
    if (points.length === 0) return undefined;
    const measure = measureOf(groups.flatMap(({ methods }) => methods));
    const marks = this.#used(points).flatMap((method) => {
      const own = points.filter((point) => point.method === method).sort((a, b) => a.x - b.x);
      const stroke = this.colour(method);
      return [
        plot.ruleX(own, { x: 'x', y1: 'low', y2: 'high', stroke, strokeOpacity: 0.5, strokeWidth: 2 }),
        plot.line(own, { x: 'x', y: 'mean', ...this.#lineStyle(method) }),
        plot.dot(own, { x: 'x', y: 'mean', fill: stroke, r: 3.5, title: ({ method }: Point) => method }),
      ];
    });
    return this.#draw(
      marks,
      {
        x: 'density',
        y: `test ${measure}`,
        percent: measure === 'accuracy',
        describe: `Test ${measure} against density`,
      },
      { x: { type: 'log', tickFormat: '~%', ticks: 5 } },
    );
  }

  #used(points: readonly Point[]): string[] {
    return this.#methods.filter((method) => points.some((point) => point.method === method));
  }

  #lineStyle(method: string): PlotModule.LineOptions {
    return { stroke: this.colour(method), strokeWidth: 2, className: 'curve' };
  }

  #curveMarks(points: readonly Point[], style: PlotModule.LineOptions): PlotModule.Markish[] {
    const plot = this.#plot;
    const methods = this.#used(points);
    const of = (method: string): Point[] => points.filter((point) => point.method === method);
    return [
      ...methods.map((method) =>
        plot.areaY(of(method), {
          x: 'x',
          y1: 'low',
          y2: 'high',
          fill: this.colour(method),
          fillOpacity: 0.16,
          className: 'band',
        }),
      ),
      ...methods.map((method) =>
        plot.line(of(method), { x: 'x', y: 'mean', ...this.#lineStyle(method), ...style }),
      ),
    ];
  }

  #draw(
    marks: readonly PlotModule.Markish[],
    { x = 'epoch', y, percent = false, fromZero = false, describe }: PlotWords,
    scales: Pick<PlotModule.PlotOptions, 'x' | 'y'> = {},
  ): string {
    const plot = this.#plot;
    const svg = plot.plot({
      document: this.#document,
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 52,
      marginBottom: 40,
      marginTop: 28,
      marginRight: 14,
      style: { fontSize: '13px', fontFamily: 'inherit', background: 'none', overflow: 'visible' },
      x: { label: x, labelArrow: 'none', ticks: 5, ...scales.x },
      y: {
        label: y,
        labelArrow: 'none',
        ticks: 5,
        ...(percent && { tickFormat: '~%' }),
        zero: fromZero,
        // To the next tick: a curve at the upper end of its range would run along the edge.
        nice: true,
        ...scales.y,
      },
      marks: [
        plot.gridY({ strokeOpacity: 0.12, ticks: scales.y?.ticks ?? 5 }),
        ...marks,
        plot.frame({ strokeOpacity: 0.25, anchor: 'bottom' }),
      ],
    });
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', describe);
    return svg.outerHTML;
  }
}
