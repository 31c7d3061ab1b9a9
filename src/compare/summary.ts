import { type Cell, type CellRecord, type FinishedCell, groupKey, isFinished } from './cell.ts';
import { measureOfCell } from './measure.ts';
import { holm, LEVEL, type Spread, seedsNeeded, signFlipTest, spreadOf } from './statistics.ts';

/** What the seeds of one method came to. */
export interface MethodSummary {
  readonly method: string;
  readonly finished: readonly FinishedCell[];
  readonly failed: number;
  /** Undefined where every seed failed, as are all the following. */
  readonly testAccuracy: Spread | undefined;
  readonly nnz: number | undefined;
  readonly density: number | undefined;
  /** Of a training: all of it, and its steps alone. */
  readonly seconds: number | undefined;
  readonly trainSeconds: number | undefined;
  /** Pairs of neurons scored in a training. */
  readonly pairs: number | undefined;
  /** Undefined also where no layer is sparse. */
  readonly explorationRate: number | undefined;
  readonly deadNeurons: number | undefined;
  /** For each sample of each epoch. */
  readonly multiplyAdds: number | undefined;
  readonly denseMultiplyAdds: number | undefined;
}

/** The difference of two methods over the seeds that both finished. */
export interface Comparison {
  readonly first: string;
  readonly second: string;
  readonly seeds: number;
  /** Mean test accuracy of the first minus that of the second. */
  readonly difference: number;
  /** Seeds with which the first is better. */
  readonly ahead: number;
  /** Of the paired permutation test, corrected for the number of pairs compared. */
  readonly p: number;
  readonly verdict: 'significant' | 'not significant' | 'too few seeds';
}

/** Cells that differ in method and seed only. */
export interface Group {
  readonly cell: Pick<Cell, 'dataset' | 'hidden' | 'epsilon'>;
  readonly methods: readonly MethodSummary[];
  readonly comparisons: readonly Comparison[];
  /** Seeds without which no pair of the group can be shown to differ. */
  readonly seedsNeeded: number;
}

/** The records in groups; order as in `records`. */
export function summarize(records: readonly CellRecord[]): Group[] {
  return [...splitBy(records, groupKey).values()].map((group) => {
    const [{ dataset, hidden, epsilon }] = group;
    const methods = [...splitBy(group, ({ method }) => method).values()].map(summarizeMethod);
    const pairs = methods.flatMap((first, m) =>
      methods.slice(m + 1).map((second) => [first, second] as const),
    );
    const comparisons = compareMethods(pairs);
    const needed = seedsNeeded(comparisons.length);
    return { cell: { dataset, hidden, epsilon }, methods, comparisons, seedsNeeded: needed };
  });
}

/** How each pair of methods differs; pairs without a seed that both finished are left out. */
export function compareMethods(pairs: readonly (readonly [MethodSummary, MethodSummary])[]): Comparison[] {
  const tested = pairs
    .map(([first, second]) => pairUp(first, second))
    .filter(({ differences }) => differences.length > 0);
  const corrected = holm(tested.map(({ differences }) => signFlipTest(differences)));
  const needed = seedsNeeded(tested.length);
  return tested.map(({ first, second, differences, units }, t) => ({
    first,
    second,
    seeds: differences.length,
    difference: spreadOf(differences).mean / units,
    ahead: differences.filter((difference) => difference > 0).length,
    p: corrected[t],
    verdict:
      corrected[t] < LEVEL
        ? 'significant'
        : differences.length < needed
          ? 'too few seeds'
          : 'not significant',
  }));
}

function summarizeMethod(records: readonly CellRecord[]): MethodSummary {
  const finished = records.filter(isFinished);
  const mean = (of: (cell: FinishedCell) => number): number | undefined =>
    finished.length === 0 ? undefined : spreadOf(finished.map(of)).mean;
  const explored = finished.flatMap(({ explorationRate }) => explorationRate ?? []);
  return {
    method: records[0].method,
    finished,
    failed: records.length - finished.length,
    testAccuracy:
      finished.length === 0 ? undefined : spreadOf(finished.map(({ testAccuracy }) => testAccuracy)),
    nnz: mean(({ nnz }) => nnz),
    density: mean(({ density }) => density),
    seconds: mean(({ seconds }) => seconds),
    trainSeconds: mean(({ trainSeconds }) => trainSeconds),
    pairs: mean(({ pairs }) => pairs),
    explorationRate: explored.length === 0 ? undefined : spreadOf(explored).mean,
    deadNeurons: mean(({ deadNeurons }) => deadNeurons),
    multiplyAdds: mean(({ multiplyAdds }) => multiplyAdds.total),
    denseMultiplyAdds: mean(({ multiplyAdds }) => multiplyAdds.dense),
  };
}

const MILLION = 1e6;

function pairUp(
  first: MethodSummary,
  second: MethodSummary,
): { first: string; second: string; differences: number[]; units: number } {
  // Whole numbers, so that equal differences are equal: rows that are right, or millionths of R².
  const unitsOf = ({ testRows, loss }: FinishedCell): number =>
    measureOfCell({ loss }) === 'R²' ? MILLION : testRows;
  const correct = (cell: FinishedCell): number => Math.round(cell.testAccuracy * unitsOf(cell));
  const others = new Map(second.finished.map((cell) => [cell.seed, cell]));
  const differences = first.finished.flatMap((cell) => {
    const other = others.get(cell.seed);
    return other === undefined ? [] : [correct(cell) - correct(other)];
  });
  const units = first.finished[0] === undefined ? 1 : unitsOf(first.finished[0]);
  return { first: first.method, second: second.method, differences, units };
}

/** Lists of what has the same key, in order of first appearance. */
export function splitBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const lists = new Map<string, T[]>();
  for (const item of items) {
    const list = lists.get(keyOf(item));
    if (list === undefined) lists.set(keyOf(item), [item]);
    else list.push(item);
  }
  return lists;
}
