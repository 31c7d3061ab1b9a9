import { describe, expect, it } from 'vitest';
import { type Dataset, encodeLabels, relabel } from '../../../src/data/index.ts';
import { errorOf } from './cases.ts';

describe('encodeLabels', () => {
  it('sorts numbers by value and strings by code unit', () => {
    expect(encodeLabels([10, -1, 9, 10])).toEqual({
      labels: Int32Array.of(2, 0, 1, 2),
      labelNames: [-1, 9, 10],
    });
    expect(encodeLabels(['b', 'B', 'a', '10', '9']).labelNames).toEqual(['10', '9', 'B', 'a', 'b']);
    expect(encodeLabels(Float64Array.of(-0, 0, 1)).labelNames).toEqual([0, 1]);
    expect(encodeLabels([])).toEqual({ labels: Int32Array.of(), labelNames: [] });
  });

  it('codes against known names, numbers and text alike', () => {
    expect(Array.from(encodeLabels([2, 1], [1, 2, 3]).labels)).toEqual([1, 0]);
    expect(Array.from(encodeLabels([2], ['1', '2', 'a']).labels)).toEqual([1]);
    const error = errorOf(() => encodeLabels([1, 4], [1, 2, 3]));
    expect(error.code).toBe('E_LABEL');
    expect(error.message).toContain('row 2 has the label 4; expected one of the classes 1, 2, 3');
  });

  it('names ten classes at most', () => {
    const names = (count: number) => Array.from({ length: count }, (_, name) => name);
    expect(errorOf(() => encodeLabels([99], names(10))).message).toMatch(/classes 0, 1, .* 8, 9$/);
    expect(errorOf(() => encodeLabels([99], names(11))).message).toMatch(/classes 0, 1, .* 8, 9, …$/);
  });

  it('refuses more labels than it can take, before it reads one', () => {
    const error = errorOf(() => encodeLabels({ length: 2 ** 26 + 1 }));
    expect(error.code).toBe('E_MEMORY');
    expect(error.message).toContain('the labels are 67108865; expected at most 67108864');
  });

  it.each([[0.5], [Number.NaN], [Infinity], [2 ** 53], ['']])('refuses %s', (label) => {
    const error = errorOf(() => encodeLabels([1, label]));
    expect(error.code).toBe('E_LABEL');
    expect(error.message).toContain('row 2');
  });
});

describe('relabel', () => {
  const x = { rows: 2, cols: 1, data: Float32Array.of(1, 2) };
  const dataset: Dataset = {
    x,
    labels: Int32Array.of(1, 0),
    labelNames: ['b', 'c'],
    test: { x, labels: Int32Array.of(0, 0) },
  };

  it("turns the file's codes into the model's", () => {
    const again = relabel(dataset, ['a', 'b', 'c']);
    expect(Array.from(again.labels)).toEqual([2, 1]);
    expect(Array.from(again.test?.labels ?? [])).toEqual([1, 1]);
    expect(again.labelNames).toEqual(['a', 'b', 'c']);
    expect(Array.from(dataset.labels)).toEqual([1, 0]);
  });

  it('passes classes over that no row has', () => {
    const gaps: Dataset = { x, labels: Int32Array.of(3, 1), labelNames: ['p', 'q', 'r', 's'] };
    expect(Array.from(relabel(gaps, ['s', 't', 'q']).labels)).toEqual([0, 2]);
  });

  it('names a class the model does not know', () => {
    expect(errorOf(() => relabel(dataset, ['a', 'b'])).message).toContain('"c"');
  });

  it('leaves a file without labels alone', () => {
    expect(relabel({ x, labels: new Int32Array(), labelNames: [] }, ['a']).labels.length).toBe(0);
  });
});
