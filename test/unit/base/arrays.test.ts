import { describe, expect, it } from 'vitest';
import { copyNumbers, copyNumbersInto, findNotFinite } from '../../../src/base/arrays.ts';

/** The list behind a proxy that counts how often each of its elements is read. */
function counted(list: readonly unknown[]): { list: unknown; reads: Map<string, number> } {
  const reads = new Map<string, number>();
  const proxy = new Proxy(list, {
    get(target, key, receiver): unknown {
      if (typeof key === 'string') reads.set(key, (reads.get(key) ?? 0) + 1);
      return Reflect.get(target, key, receiver);
    },
  });
  return { list: proxy, reads };
}

/** A list that loses its end as soon as its first element is read. */
function shrinking(length: number): number[] {
  const list = Array.from({ length }, (_, p) => p);
  Object.defineProperty(list, 0, {
    get() {
      list.length = 2;
      return 0;
    },
  });
  return list;
}

const copies: [string, (value: unknown, length: number) => ArrayLike<number>][] = [
  ['copyNumbers', (value, length) => copyNumbers('it', value, length)],
  [
    'copyNumbersInto',
    (value, length) => {
      const target = new Float32Array(length + 2).fill(9);
      copyNumbersInto('it', value, length, target, 1);
      expect([target[0], target[length + 1]]).toEqual([9, 9]);
      return target.subarray(1, length + 1);
    },
  ],
];

describe.each(copies)('%s', (_, copy) => {
  it.each<[string, unknown]>([
    ['an array', [1, -0.5, 4]],
    ['a Float32Array', Float32Array.of(1, -0.5, 4)],
    ['a part of one', Float32Array.of(7, 1, -0.5, 4).subarray(1)],
    ['a Float64Array', Float64Array.of(1, -0.5, 4)],
    ['an object with a length', { length: 3, 0: 1, 1: -0.5, 2: 4 }],
    ['a proxy', new Proxy([1, -0.5, 4], {})],
    ['an array whose prototype has an element', Object.setPrototypeOf([1, -0.5, 4], [9, 9, 9, 9])],
  ])('copies %s', (_name, list) => {
    expect(Array.from(copy(list, 3))).toEqual([1, -0.5, 4]);
  });

  it('copies integers', () => {
    expect(Array.from(copy(Int32Array.of(3, -1), 2))).toEqual([3, -1]);
  });

  it('reads every element once', () => {
    const { list, reads } = counted([1, 2, 3]);
    copy(list, 3);
    expect(['0', '1', '2'].map((key) => reads.get(key))).toEqual([1, 1, 1]);
  });

  it.each<[string, unknown, string]>([
    ['text', [1, '2', 3], 'it[1] is "2"; expected a number'],
    ['a hole', Object.assign(new Array(3), { 0: 1, 2: 3 }), 'it[1] is undefined; expected a number'],
    ['a list that shrinks', shrinking(3), 'it[2] is undefined; expected a number'],
    ['64-bit integers', BigInt64Array.of(1n, 2n, 3n), 'it[0] is 1n; expected a number'],
    ['what is no list', 7, 'it is 7; expected a list'],
    ['a proxy of a typed array', new Proxy(new Float32Array(3), {}), 'it is an object; expected a list'],
  ])('refuses %s', (_name, list, message) => {
    expect(() => copy(list, 3)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT', message }));
  });

  it('refuses another length', () => {
    const message = 'it has 2 elements; expected 3';
    expect(() => copy([1, 2], 3)).toThrow(expect.objectContaining({ code: 'E_SHAPE', message }));
    expect(() => copy(new Float32Array(2), 3)).toThrow(expect.objectContaining({ code: 'E_SHAPE', message }));
  });

  it('lets through what a getter of the caller throws', () => {
    const list = Object.defineProperty([1, 2, 3], 1, {
      get() {
        throw new RangeError('mine');
      },
    });
    expect(() => copy(list, 3)).toThrow(new RangeError('mine'));
  });
});

describe('findNotFinite', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('finds %s anywhere', (bad) => {
    for (let p = 0; p < 5; p++) {
      const numbers = new Float32Array(5).fill(3.4e38);
      numbers[p] = bad;
      numbers[4] = p < 4 ? bad : numbers[4];
      expect(findNotFinite(numbers)).toBe(p);
    }
  });

  it('passes finite numbers', () => {
    expect(findNotFinite(Float32Array.of(0, -0, 1e-45, -3.4e38))).toBe(-1);
    expect(findNotFinite(new Float32Array(0))).toBe(-1);
  });
});
