import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { checkCsr } from '../../../src/matrix/canonical.ts';
import { addPositions, emptyPattern, type Positions } from '../../../src/matrix/pattern.ts';
import { firstFree, randomPattern, sampleFree } from '../../../src/matrix/sampling.ts';

const listOf = ({ rows, cols }: Positions): string[] => Array.from(rows, (row, e) => `${row},${cols[e]}`);

describe('a pattern drawn at random', () => {
  it.each([
    [0, 5, 0],
    [5, 7, 0],
    [5, 7, 1],
    [5, 7, 17],
    [5, 7, 18],
    [5, 7, 34],
    [5, 7, 35],
  ])('%i × %i with %i connections is canonical and has as many', (rows, cols, nnz) => {
    const pattern = randomPattern(rows, cols, nnz, randomStream(1, `${rows}/${cols}/${nnz}`));
    checkCsr(pattern);
    expect(pattern.indices).toHaveLength(nnz);
  });

  it('has every position equally often', () => {
    const random = randomStream(1, 'uniform');
    for (const nnz of [3, 9]) {
      const counts = new Float64Array(12);
      for (let draw = 0; draw < 4000; draw++) {
        const { indptr, indices } = randomPattern(3, 4, nnz, random);
        for (let r = 0; r < 3; r++)
          for (let p = indptr[r]; p < indptr[r + 1]; p++) counts[4 * r + indices[p]]++;
      }
      // Within five standard deviations of a binomial distribution.
      const [mean, deviation] = [(4000 * nnz) / 12, Math.sqrt((4000 * nnz * (12 - nnz)) / 144)];
      for (const count of counts) expect(Math.abs(count - mean)).toBeLessThan(5 * deviation);
    }
  });
});

describe('free positions', () => {
  const taken = randomPattern(6, 9, 20, randomStream(1, 'taken'));

  it.each([0, 1, 16, 17, 18, 33, 34])('%i of 34 are free, distinct and in order', (count) => {
    const found = sampleFree(taken, count, randomStream(1, 'free'));
    expect(new Set(listOf(found)).size).toBe(count);
    // Adding refuses no position, so a taken one or a wrong order would leave no canonical pattern.
    checkCsr(addPositions(taken, found));
  });

  it('come from the first one on', () => {
    const all = sampleFree(taken, 34, randomStream(1, 'all'));
    for (const count of [0, 1, 20, 34]) {
      expect(listOf(firstFree(taken, count))).toEqual(listOf(all).slice(0, count));
    }
    expect(listOf(firstFree(emptyPattern(2, 2), 3))).toEqual(['0,0', '0,1', '1,0']);
  });

  it('are no more than there are', () => {
    const message = '35 free positions are wanted; expected an integer from 0 to 34, as there are';
    expect(() => sampleFree(taken, 35, randomStream(1, 'many'))).toThrow(
      expect.objectContaining({ code: 'E_ARGUMENT', message }),
    );
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('are a number of them, not %f', (count) => {
    expect(() => sampleFree(taken, count, randomStream(1, 'none'))).toThrow(
      `${count} free positions are wanted; expected an integer from 0 to 34`,
    );
  });

  it('are not drawn for ever by what is not random', () => {
    const stuck = { ...randomStream(1, 'stuck'), below: () => 3 };
    expect(() => sampleFree(taken, 2, stuck)).toThrow(
      expect.objectContaining({ code: 'E_ARGUMENT', message: expect.stringMatching(/again and again/) }),
    );
  });
});
