import type { FinishedCell } from '../cell.ts';
import { spreadOf } from '../statistics.ts';
import type { MethodSummary } from '../summary.ts';

/** A point of a curve over the seeds of a method. */
export interface Point {
  readonly method: string;
  readonly x: number;
  readonly mean: number;
  /**
   * Mean minus (at least 0, since nothing here can be less) and plus standard deviation; the mean for one
   * seed.
   */
  readonly low: number;
  readonly high: number;
}

/** A curve of one cell: y at every x, as far as there is one. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly (number | null | undefined)[];
}

/**
 * The mean curve of every method, as far as the curves of all its seeds go: behind the end of the first one,
 * the mean would jump. A method without any is left out.
 */
export function meanCurves(
  methods: readonly MethodSummary[],
  curveOf: (cell: FinishedCell) => Curve | undefined,
): Point[] {
  return methods.flatMap(({ method, finished }) => {
    const curves = finished.flatMap((cell) => curveOf(cell) ?? []);
    if (curves.length === 0 || curves.length < finished.length) return [];
    const byX = curves.map(({ x, y }) => new Map(x.map((at, index) => [at, y[index]])));
    return curves[0].x.flatMap((x) => {
      const values = byX.map((curve) => curve.get(x)).filter((y) => typeof y === 'number');
      if (values.length < curves.length) return [];
      const { mean, deviation = 0 } = spreadOf(values);
      return [
        { method, x, mean, low: Math.min(mean, Math.max(0, mean - deviation)), high: mean + deviation },
      ];
    });
  });
}

const fromOne = (values: readonly unknown[]): number[] => values.map((_, index) => index + 1);
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** The validation accuracy by epoch; the training accuracy where nothing was validated. */
export function validationCurve({ curves }: FinishedCell): { x: number[]; y: number[] } {
  const y = curves.valAccuracy.map((accuracy, index) => accuracy ?? curves.accuracy[index]);
  return { x: fromOne(y), y };
}

export function lossCurve({ curves }: FinishedCell): Curve {
  return { x: fromOne(curves.loss), y: curves.loss };
}

/** By epoch: the test accuracy that would be reported if training had ended there. */
export function testCurve(cell: FinishedCell): Curve {
  const { x, y } = validationCurve(cell);
  let best = Number.NEGATIVE_INFINITY;
  let tested: number | null = null;
  const reported = y.map((accuracy, index) => {
    if (accuracy > best) {
      best = accuracy;
      tested = cell.curves.testAccuracy[index];
    }
    return tested;
  });
  return { x, y: reported };
}

/** By epoch with updates: what share of all connections they replaced, summed over them. */
export function replacedCurve({ evolution, nnz }: FinishedCell): Curve | undefined {
  return evolution === null
    ? undefined
    : { x: evolution.epochs, y: evolution.grown.map((counts) => total(counts) / nnz) };
}

/**
 * By epoch with updates: of the connections taken away, the share that was grown again at once, or drawn at
 * random.
 */
export function shareOfPruned(name: 'regrown' | 'random'): (cell: FinishedCell) => Curve | undefined {
  return ({ evolution }) =>
    evolution === null
      ? undefined
      : {
          x: evolution.epochs,
          y: evolution.pruned.map((pruned, at) =>
            total(pruned) === 0 ? null : total(evolution[name][at]) / total(pruned),
          ),
        };
}

/** At every look: the share of hidden neurons of a kind. */
export function neuronCurve(kind: 'noInput' | 'noOutput' | 'silent' | 'dead'): (cell: FinishedCell) => Curve {
  return ({ looks, hidden }) => ({
    x: looks.epochs,
    y: looks[kind].map((counts) => total(counts) / total(hidden)),
  });
}

/** At every look: the share of inputs without a connection. */
export function unusedCurve({ looks, inputs }: FinishedCell): Curve {
  return { x: looks.epochs, y: looks.unusedInputs.map((count) => count / inputs) };
}

/** At every look: mean connections of the features of a group. */
export function groupCurve(
  group: 'informative' | 'redundant' | 'noise',
): (cell: FinishedCell) => Curve | undefined {
  return ({ looks }) => looks.groups && { x: looks.epochs, y: looks.groups[group] };
}

/** The share of neurons that have at least x connections, for every x from 1 that some of the cells has. */
export function degreeCurve(
  cells: readonly FinishedCell[],
  when: 'first' | 'last',
  kind: 'inputs' | 'hidden',
): { x: number; share: number }[] {
  const neurons = new Map<number, number>();
  for (const { looks } of cells) {
    for (const [connections, count] of looks.degrees[when][kind]) {
      neurons.set(connections, (neurons.get(connections) ?? 0) + count);
    }
  }
  const all = total([...neurons.values()]);
  let atLeast = all - (neurons.get(0) ?? 0);
  const curve: { x: number; share: number }[] = [];
  for (const [x, count] of [...neurons]
    .filter(([connections]) => connections > 0)
    .sort(([a], [b]) => a - b)) {
    curve.push({ x, share: atLeast / all });
    atLeast -= count;
  }
  return curve;
}
