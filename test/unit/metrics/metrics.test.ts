// Metrics against scikit-learn's (test/fixtures/make_metrics.py), and against their definitions where that has
// no say.
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { measureClasses } from '../../../src/metrics/classification.ts';
import { measureLabels } from '../../../src/metrics/multilabel.ts';
import { measureNumbers } from '../../../src/metrics/regression.ts';
import { rocAuc } from '../../../src/metrics/rocAuc.ts';
import fixture from '../../fixtures/metrics.json' with { type: 'json' };

const DIGITS = 12;

/** Numbers equal but for rounding in float64, however deep they are. */
function expectClose(came: unknown, wanted: unknown, what: string): void {
  if (typeof wanted === 'number') expect(came, what).toBeCloseTo(wanted, DIGITS);
  else {
    for (const [name, value] of Object.entries(Object(wanted))) {
      expectClose(Reflect.get(Object(came), name), value, `${what}.${name}`);
    }
  }
}

/** A list of records as a record of lists. */
function columns<T extends object>(records: readonly T[], names: readonly (keyof T)[]): object {
  return Object.fromEntries(names.map((name) => [name, records.map((record) => record[name])]));
}

const EACH = ['precision', 'recall', 'f1', 'rows'] as const;

describe('of classes', () => {
  it.each(fixture.classification)('as scikit-learn has them (%#)', (wanted) => {
    const { labels, probabilities, classes, logLoss, ...rest } = wanted;
    const names = classes.rows.map((_, c) => `class ${c}`);
    const came = measureClasses(Int32Array.from(labels), Float32Array.from(probabilities), names, 0.25);
    expectClose(came, rest, 'metrics');
    expectClose(columns(came.classes, EACH), classes, 'classes');
    expect(came.classes.map(({ label }) => label)).toEqual(names);
    expect(came).toMatchObject({ kind: 'classification', rows: labels.length, loss: 0.25 });
    expect('rocAuc' in came).toBe(names.length === 2);
    const diagonal = came.confusion.map((row, c) => row[c]);
    expect(came.classes.map(({ correct }) => correct)).toEqual(diagonal);
    const predicted = names.map((_, c) => came.confusion.reduce((sum, row) => sum + row[c], 0));
    expect(came.classes.map((one) => one.predicted)).toEqual(predicted);
  });

  it('of rows of one class, and of more classes than a matrix is made for', () => {
    const one = measureClasses(Int32Array.of(1, 1), Float32Array.of(0.4, 0.6, 0.7, 0.3), [0, 1], 0);
    expect(one).toMatchObject({ accuracy: 0.5, balancedAccuracy: 0.5, macro: { recall: 0.25 } });
    expect(one.rocAuc).toBeUndefined();
    const three = Float32Array.of(0.4, 0.6, 0, 0.7, 0.3, 0);
    expect(measureClasses(Int32Array.of(1, 1), three, [0, 1, 2], 0).macro).toEqual(one.macro);
    const many = Array.from({ length: 4097 }, (_, c) => c);
    const sure = Float32Array.from(many, (c) => Number(c === 4000));
    const { confusion, accuracy } = measureClasses(Int32Array.of(4000), sure, many, 0);
    expect({ confusion, accuracy }).toEqual({ confusion: [], accuracy: 1 });
  });
});

describe('the area under the ROC curve', () => {
  it('is the share of pairs in order, equal ones half', () => {
    const random = randomStream(3, 'auc');
    for (let round = 0; round < 50; round++) {
      const rows = 2 + random.below(40);
      const scores = Float32Array.from({ length: 2 * rows }, () => random.below(1 + round) / 8 - 1);
      const flags = Array.from({ length: rows }, () => random.below(3) === 0);
      let sum = 0;
      let pairs = 0;
      flags.forEach((isOne, a) => {
        flags.forEach((isOther, b) => {
          if (!isOne || isOther) return;
          pairs++;
          const [high, low] = [scores[2 * a + 1], scores[2 * b + 1]];
          sum += high > low ? 1 : high === low ? 0.5 : 0;
        });
      });
      const area = rocAuc(scores, 2, 1, (row) => flags[row]);
      if (pairs === 0) expect(area).toBeUndefined();
      else expect(area).toBeCloseTo(sum / pairs, DIGITS);
    }
  });

  it('is no number where a score is none', () => {
    for (const bad of [0, 1]) {
      const scores = Float32Array.of(0.1, 0.2);
      scores[bad] = Number.NaN;
      expect(rocAuc(scores, 1, 0, (row) => row === 1)).toBeNaN();
    }
  });
});

describe('of several labels', () => {
  it.each(fixture.multilabel)('as scikit-learn has them (%#)', (wanted) => {
    const { flags, probabilities, labels, rocAuc: areas, ...rest } = wanted;
    // For a single label scikit-learn means both answers, 0 among them, and not those of the label.
    const isSingle = areas.length === 1;
    const cols = areas.length;
    const data = Float32Array.from(flags);
    const names = areas.map((_, i) => `label ${i}`);
    const came = measureLabels(
      { rows: data.length / cols, cols, data },
      Float32Array.from(probabilities),
      names,
      0.5,
    );
    const { macro, micro, ...own } = rest;
    expectClose(came, own, 'metrics');
    expectClose(columns(came.labels, ['rocAuc']), { rocAuc: areas }, 'labels');
    if (isSingle) {
      const [{ precision, recall, f1 }] = came.labels;
      const [, ofLabel] = labels.f1;
      expect(f1).toBeCloseTo(ofLabel, DIGITS);
      expect([came.macro, came.micro]).toEqual(Array(2).fill({ precision, recall, f1 }));
      return;
    }
    expectClose(columns(came.labels, EACH), labels, 'labels');
    expectClose(came, { macro, micro }, 'metrics');
    expect(came).toMatchObject({ kind: 'multilabel', loss: 0.5 });
  });

  it('gives no label at a probability of a half', () => {
    const flags = { rows: 2, cols: 1, data: Float32Array.of(1, 1) };
    const [label] = measureLabels(flags, Float32Array.of(0.5, 0.5000001), ['a'], 0).labels;
    expect(label).toEqual({
      label: 'a',
      rows: 2,
      predicted: 1,
      correct: 1,
      precision: 1,
      recall: 0.5,
      f1: 2 / 3,
    });
  });
});

describe('of numbers', () => {
  it.each(fixture.regression)('as scikit-learn has them (%#)', (wanted) => {
    const { rows, targets, answers, ...rest } = wanted;
    const cols = targets.length / rows;
    const names = rest.outputs.map((_, output) => output);
    const matrix = { rows, cols, data: Float32Array.from(targets) };
    const came = measureNumbers(matrix, Float32Array.from(answers), names, 2);
    expectClose(came, rest, 'metrics');
    expect(came).toMatchObject({ kind: 'regression', rows, loss: 2 });
    expect(came.outputs.map(({ label }) => label)).toEqual(names);
  });

  it('has an R² for targets that are all alike', () => {
    const alike = { rows: 3, cols: 1, data: Float32Array.of(0.1, 0.1, 0.1) };
    expect(measureNumbers(alike, alike.data, [0], 0).r2).toBe(1);
    expect(measureNumbers(alike, Float32Array.of(0.1, 0.1, 0.2), [0], 0).r2).toBe(0);
  });
});
