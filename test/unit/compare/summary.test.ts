import { describe, expect, it } from 'vitest';
import type { CellRecord, FinishedCell, Looks } from '../../../src/compare/cell.ts';
import { type ReportContext, renderReport } from '../../../src/compare/report/htmlReport.ts';
import {
  degreeCurve,
  groupCurve,
  meanCurves,
  shareOfPruned,
  testCurve,
  validationCurve,
} from '../../../src/compare/report/series.ts';
import { compareMethods, summarize } from '../../../src/compare/summary.ts';
import { methods } from '../../../src/topology/methods.ts';

const LOOKS: Looks = {
  epochs: [0, 1, 2],
  unusedInputs: [0, 1, 1],
  noInput: [[], [], []],
  noOutput: [[], [], []],
  silent: [[], [], []],
  dead: [[], [], []],
  sampleRows: 10,
  degrees: { first: { inputs: [[1, 4]], hidden: [] }, last: { inputs: [[1, 4]], hidden: [] } },
};

/** A cell of two epochs on four inputs, made up. */
function cell(more: Partial<FinishedCell> = {}): FinishedCell {
  return {
    ...{ dataset: 'made up', hidden: [], epsilon: null, method: 'set', seed: 0, data: '' },
    ...{ inputs: 4, classes: 2, nnz: 4, nnzByLayer: [4], density: 0.5, trainRows: 90, testRows: 100 },
    ...{ epochs: 2, bestEpoch: 2, bestValAccuracy: 0.5, testAccuracy: 0.5, finalTestAccuracy: 0.5 },
    ...{ seconds: 1, trainSeconds: 1, startSeconds: 0, evolveSeconds: 0 },
    ...{ pairs: 0, explorationRate: 0.5, deadNeurons: 0 },
    multiplyAdds: { forward: 1, backward: 1, growth: 0, total: 2, dense: 4 },
    curves: { loss: [2, 1], accuracy: [0.4, 0.6], valAccuracy: [0.3, 0.5], testAccuracy: [0.2, 0.5] },
    evolution: null,
    looks: LOOKS,
    ...more,
  };
}

/** A method's cells, with so many test rows of 100 right for the seeds from 0. */
const method = (name: string, correct: readonly number[]): FinishedCell[] =>
  correct.map((rows, seed) => cell({ method: name, seed, testAccuracy: rows / 100 }));

describe('summarize', () => {
  it('compares R² of numbers to a millionth, below 0, too', () => {
    const numbers = (name: string, values: readonly number[]): FinishedCell[] =>
      values.map((testAccuracy, seed) =>
        cell({ method: name, seed, testAccuracy, loss: 'huber', testRows: 10 }),
      );
    const better = [0.812, 0.813, 0.814, 0.815, -0.1, 0.5];
    const [group] = summarize([
      ...numbers('a', better),
      ...numbers(
        'b',
        better.map((value) => value - 0.001),
      ),
    ]);
    // Of ten rows a difference of 0.001 would be none.
    expect(group.comparisons).toMatchObject([{ seeds: 6, ahead: 6, p: 2 / 64, verdict: 'significant' }]);
    expect(group.comparisons[0].difference).toBeCloseTo(0.001, 9);
  });

  it('tells what differs from what does not, by hand', () => {
    // All six differences have one sign: 2 of 64 choices of signs are as extreme. Of the sums of the other
    // six, 0, all are.
    const [first] = summarize([
      ...method('a', [91, 92, 93, 94, 95, 96]),
      ...method('b', [81, 82, 83, 84, 85, 86]),
    ]);
    expect(first.comparisons).toMatchObject([{ seeds: 6, p: 2 / 64, verdict: 'significant' }]);
    expect(first.comparisons[0].difference).toBeCloseTo(0.1, 12);
    const [second] = summarize([
      ...method('a', [51, 49, 51, 49, 51, 49]),
      ...method('b', [50, 50, 50, 50, 50, 50]),
    ]);
    expect(second.comparisons).toMatchObject([{ seeds: 6, difference: 0, p: 1, verdict: 'not significant' }]);
  });

  it('has the means of what methods cost and explored, over what finished', () => {
    const [{ methods: two }] = summarize([
      cell({ explorationRate: 0.2, deadNeurons: 0.1, seconds: 5, trainSeconds: 2, pairs: 10 }),
      cell({ seed: 1, explorationRate: 0.4, deadNeurons: 0.3, seconds: 7, trainSeconds: 4, pairs: 30 }),
      cell({ method: 'dense', explorationRate: null }),
    ]);
    expect(two[0]).toMatchObject({ seconds: 6, trainSeconds: 3, pairs: 20 });
    expect(two[0].explorationRate).toBeCloseTo(0.3, 12);
    expect(two[0].deadNeurons).toBeCloseTo(0.2, 12);
    expect(two[1].explorationRate).toBeUndefined();
  });

  it('pairs the seeds that both methods have', () => {
    const [, , ...some] = method('b', [10, 20, 30, 40]);
    const [{ comparisons }] = summarize([...method('a', [90, 90, 31, 42]), ...some]);
    expect(comparisons).toMatchObject([{ first: 'a', second: 'b', seeds: 2, verdict: 'too few seeds' }]);
    expect(comparisons[0].difference).toBeCloseTo(0.015, 12);
  });
});

describe('compareMethods', () => {
  it('counts the seeds with which the first is better, and corrects for the pairs given', () => {
    const accuracies = [...method('a', [51, 50, 49, 52]), ...method('b', [50, 50, 50, 50])];
    const [a, b] = summarize(accuracies)[0].methods;
    // +1, 0, −1, +2: 12 of 16 choices of signs come to 2 or more either way; of two such pairs the corrected
    // p is 1.
    expect(compareMethods([[a, b]])).toMatchObject([
      { first: 'a', second: 'b', seeds: 4, ahead: 2, p: 12 / 16 },
    ]);
    expect(
      compareMethods([
        [a, b],
        [b, a],
      ]).map(({ ahead, p }) => [ahead, p]),
    ).toEqual([
      [2, 1],
      [1, 1],
    ]);
    expect(compareMethods([])).toEqual([]);
  });
});

describe('curves', () => {
  it('take the training accuracy where nothing was validated', () => {
    const unvalidated = cell({
      curves: { loss: [2, 1], accuracy: [0.4, 0.6], valAccuracy: [null, null], testAccuracy: [0.2, 0.5] },
    });
    expect(validationCurve(unvalidated)).toEqual({ x: [1, 2], y: [0.4, 0.6] });
  });

  it('of the test accuracy stay at the best epoch', () => {
    const curves = {
      ...{ loss: [4, 3, 2, 1], accuracy: [0, 0, 0, 0] },
      ...{ valAccuracy: [0.5, 0.4, 0.5, 0.6], testAccuracy: [0.41, null, null, 0.39] },
    };
    expect(testCurve(cell({ curves })).y).toEqual([0.41, 0.41, 0.41, 0.39]);
  });

  it('end where the first of the seeds does', () => {
    const seeds = summarize([
      cell({ seed: 0 }),
      cell({ seed: 1, curves: { loss: [1], accuracy: [0.8], valAccuracy: [0.7], testAccuracy: [0.8] } }),
    ])[0].methods;
    const deviation = Math.sqrt(0.08);
    const points = meanCurves(seeds, validationCurve);
    expect(points).toHaveLength(1);
    expect(points[0]).toMatchObject({ method: 'set', x: 1, mean: 0.5 });
    expect(points[0].high).toBeCloseTo(0.5 + deviation, 12);
    expect(points[0].low).toBeCloseTo(0.5 - deviation, 12);
  });

  it('have a hole where nothing was pruned', () => {
    const evolution = {
      ...{ epochs: [2, 5], updates: [1, 3] },
      ...{
        pruned: [
          [3, 1],
          [0, 0],
        ],
        regrown: [
          [1, 0],
          [0, 0],
        ],
      },
      ...{
        grown: [
          [3, 1],
          [0, 0],
        ],
        random: [
          [2, 1],
          [0, 0],
        ],
      },
    };
    expect(shareOfPruned('random')(cell({ evolution }))).toEqual({ x: [2, 5], y: [0.75, null] });
    expect(shareOfPruned('regrown')(cell({ evolution }))?.y).toEqual([0.25, null]);
  });

  it('of groups of features are those that were counted', () => {
    const groups = { informative: [3, 4, 5], redundant: [2, 2, 2], noise: [1, 0, 0] };
    expect(groupCurve('informative')(cell({ looks: { ...LOOKS, groups } }))).toEqual({
      x: [0, 1, 2],
      y: [3, 4, 5],
    });
    expect(groupCurve('noise')(cell())).toBeUndefined();
  });

  it('of degrees begin at 1, whether or not some neuron has none', () => {
    const last = {
      inputs: [
        [0, 2],
        [1, 4],
        [5, 2],
      ],
      hidden: [
        [2, 3],
        [3, 1],
      ],
    } as const;
    const looks = { ...LOOKS, degrees: { first: last, last } };
    const [one, two] = [cell({ looks }), cell({ looks, seed: 1 })];
    expect(degreeCurve([one, two], 'last', 'inputs')).toEqual([
      { x: 1, share: 0.75 },
      { x: 5, share: 0.25 },
    ]);
    expect(degreeCurve([one], 'first', 'hidden')).toEqual([
      { x: 2, share: 1 },
      { x: 3, share: 0.25 },
    ]);
  });
});

describe('the report of made-up cells', () => {
  const context: ReportContext = {
    ...{ command: 'ctre compare', version: '0.0.0', node: 'v0', machine: 'none', jobs: 1 },
    ...{ date: new Date(0), epochs: '2', datasets: [{ name: 'made up', about: 'by hand' }] },
  };
  const report = (records: readonly CellRecord[]): Promise<string> =>
    renderReport(summarize(records), records, context);

  it('tells signs and verdicts, and the best method', async () => {
    const html = await report([
      ...method('set', [81, 82, 83, 84, 85, 86]),
      ...method('cte', [91, 92, 93, 94, 95, 96]),
    ]);
    expect(html).toContain('<td>−0.1000</td><td>0.031</td><td class="yes">significant</td>');
    expect(html).toContain('Best here: cte, test accuracy 0.9350');
    expect(html).toContain('made up, no hidden layer<');
    expect(html).not.toContain('Where the network looks');
  });

  it('tells what was explored, what is dead, and the time for steps and for the rest', async () => {
    const figures = { explorationRate: 0.25, deadNeurons: 0.125, seconds: 9.5, trainSeconds: 4 };
    const html = await report([cell(figures), cell({ method: 'dense', explorationRate: null })]);
    const rows = [...html.matchAll(/<tr><th scope="row">.*?<\/tr>/g)].map(([row]) =>
      [...row.matchAll(/<td>([^<]*)<\/td>/g)].map(([, text]) => text),
    );
    expect(rows[0].slice(-5)).toEqual(['2 ×', '25 %', '12.5 %', '4 s', '5.5 s']);
    expect(rows[1].slice(-4)).toEqual(['–', '0 %', '1 s', '0 s']);
  });

  it('has a colour of its own for every method, in light and dark', async () => {
    const html = await report(Object.keys(methods).flatMap((name) => method(name, [50, 60])));
    const [light, dark] = [...html.matchAll(/:root\{[^}]*\}/g)].map(([rule]) => rule);
    const used = new Set(html.match(/(?<=var\()--method-\d+(?=\))/g));
    expect(used.size).toBe(Object.keys(methods).length);
    for (const rule of [light, dark]) {
      const colours = [...used].map(
        (name) => new RegExp(`${name}:(#[0-9a-f]{6}|hsl\\([^)]*\\))[;}]`).exec(rule)?.[1],
      );
      expect(colours).not.toContain(undefined);
      expect(new Set(colours).size).toBe(used.size);
    }
  });

  it('marks whole epochs, and ends at a mark', async () => {
    const curves = { loss: [4, 3, 2], accuracy: [0.5, 0.5, 0.5], testAccuracy: [0.5, 0.5, 0.5] };
    const three = cell({ epochs: 3, curves: { ...curves, valAccuracy: [0.21, 0.5, 0.99] } });
    const [plot] = /<svg[^>]*aria-label="Validation accuracy by epoch".*?<\/svg>/s.exec(
      await report([three]),
    ) ?? [''];
    const labels = [...plot.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(([, label]) => label);
    expect(labels.filter((label) => /^[\d.]+$/.test(label))).toEqual(['1', '2', '3']);
    expect(labels.filter((label) => label.endsWith('%'))).toEqual(['20%', '40%', '60%', '80%', '100%']);
  });

  it('shows pictures of those that have them', async () => {
    const picture = {
      width: 2,
      height: 2,
      epochs: [0, 2],
      connections: [
        [1, 1, 1, 1],
        [2, 2, 0, 0],
      ],
    };
    const html = await report([cell({ looks: { ...LOOKS, picture } }), cell({ method: 'cte' })]);
    expect(html.match(/class="strip"/g)).toHaveLength(1);
    expect(html.match(/alt="Connections of every input of set, epoch (0|2)"/g)).toHaveLength(2);
  });

  it('draws the connections of groups of features', async () => {
    const groups = { informative: [3, 4, 5], redundant: [2, 2, 2], noise: [1, 0, 0] };
    const title = 'Mean connections of informative, redundant and noise features by epoch';
    expect(await report([cell({ looks: { ...LOOKS, groups } })])).toContain(title);
    expect(await report([cell()])).not.toContain(title);
  });
});
