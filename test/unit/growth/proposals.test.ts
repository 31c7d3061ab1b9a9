import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import {
  byProductOfNorms,
  neighboursOfNeighbours,
  type Proposal,
  proposePositions,
} from '../../../src/growth/proposals.ts';
import { type CsrPattern, emptyPattern, transposePattern } from '../../../src/matrix/pattern.ts';
import { randomPattern } from '../../../src/matrix/sampling.ts';
import { keysOf } from '../../support/fakeTools.ts';

const [ROWS, COLS] = [40, 60];
const all = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);
const noGuide = (): never => expect.fail('nothing is to be guided');

const proposal = (given: Partial<Proposal>): Proposal => ({
  kept: emptyPattern(ROWS, COLS),
  pattern: emptyPattern(ROWS, COLS),
  among: { inputs: all(COLS), outputs: all(ROWS) },
  count: 3 * ROWS,
  guided: 0,
  guide: noGuide,
  ...given,
});

const rowCounts = ({ rows, indptr }: CsrPattern): number[] =>
  Array.from({ length: rows }, (_, r) => indptr[r + 1] - indptr[r]);

describe('uniform proposals', () => {
  it('give every output neuron its share', () => {
    for (let seed = 0; seed < 20; seed++) {
      for (const count of rowCounts(proposePositions(proposal({}), randomStream(seed, 'p')))) {
        // Three draws, some of which may be the same.
        expect(count).toBeGreaterThanOrEqual(1);
        expect(count).toBeLessThanOrEqual(3);
      }
    }
  });

  it('fall on all output neurons alike where there are fewer than neurons', () => {
    const hits = new Array<number>(ROWS).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      const list = proposePositions(proposal({ count: 7 }), randomStream(seed, 'few'));
      rowCounts(list).forEach((count, r) => {
        hits[r] += count;
      });
    }
    // 2 000 · 7 / 40 = 350 each, with a deviation of at most √350.
    for (const hit of hits) expect(Math.abs(hit - 350)).toBeLessThan(5 * Math.sqrt(350));
  });

  it('fall on all inputs alike', () => {
    const hits = new Array<number>(COLS).fill(0);
    for (let seed = 0; seed < 400; seed++) {
      const { indices } = proposePositions(proposal({ count: 30 }), randomStream(seed, 'columns'));
      for (const column of indices) hits[column]++;
    }
    const mean = (400 * 30) / COLS;
    for (const hit of hits) expect(Math.abs(hit - mean)).toBeLessThan(5 * Math.sqrt(mean));
  });

  it('are among the neurons given, free, distinct and in order', () => {
    const kept = randomPattern(ROWS, COLS, 200, randomStream(1, 'kept'));
    const among = { inputs: Int32Array.of(3, 5, 7, 30, 59), outputs: Int32Array.of(0, 2, 38, 39) };
    const list = proposePositions(proposal({ kept, pattern: kept, among, count: 12 }), randomStream(2, 'p'));
    const keys = keysOf(list);
    expect(keys.length).toBeGreaterThan(3);
    const taken = new Set(keysOf(kept));
    keys.forEach((key, e) => {
      expect([...among.outputs]).toContain(Math.floor(key / COLS));
      expect([...among.inputs]).toContain(key % COLS);
      expect(taken.has(key)).toBe(false);
      if (e > 0) expect(key).toBeGreaterThan(keys[e - 1]);
    });
  });

  it('are all pairs of the neurons given where there are no more', () => {
    const among = { inputs: Int32Array.of(1, 4), outputs: Int32Array.of(9, 11, 12) };
    const list = proposePositions(proposal({ among, count: 6 }), randomStream(1, 'p'));
    expect(keysOf(list)).toEqual([9, 11, 12].flatMap((row) => [row * COLS + 1, row * COLS + 4]));
  });

  it('list what is pruned, and nothing else where no neuron takes part', () => {
    const pattern = randomPattern(ROWS, COLS, 100, randomStream(1, 'pattern'));
    const among = { inputs: all(COLS), outputs: new Int32Array(0) };
    const list = proposePositions(proposal({ pattern, among }), randomStream(1, 'p'));
    expect(keysOf(list)).toEqual(keysOf(pattern));
  });
});

describe('neighbours of neighbours', () => {
  const pattern = randomPattern(ROWS, COLS, 90, randomStream(1, 'pattern'));
  const some = randomPattern(ROWS, COLS, 50, randomStream(2, 'along'));
  const connections = (of: CsrPattern): (readonly [number, number])[] =>
    keysOf(of).map((key) => [Math.floor(key / COLS), key % COLS]);

  it.each<[string, CsrPattern]>([
    ['the connections themselves', pattern],
    ['others', some],
  ])('are two connections further, along %s', (_, along) => {
    // Path by path.
    const reached = new Set<number>();
    for (const [j, a] of connections(pattern)) {
      for (const [other, input] of connections(along)) {
        if (input !== a) continue;
        for (const [row, b] of connections(along)) if (row === other) reached.add(j * COLS + b);
      }
    }
    const guide = neighboursOfNeighbours(pattern, along, () => transposePattern(along));
    const found = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const list = proposePositions(
        proposal({ pattern: emptyPattern(ROWS, COLS), guided: 1, guide, count: 200 }),
        randomStream(seed, 'walk'),
      );
      for (const key of keysOf(list)) found.add(key);
    }
    expect([...found].filter((key) => !reached.has(key))).toEqual([]);
    expect(found.size).toBeGreaterThan(0.95 * reached.size);
  });

  it('are none where no connection leads on', () => {
    const none = emptyPattern(ROWS, COLS);
    const guide = neighboursOfNeighbours(pattern, none, () => transposePattern(none));
    const list = proposePositions(proposal({ guided: 1, guide, count: 50 }), randomStream(1, 'p'));
    expect(list.indices).toHaveLength(0);
  });
});

describe('pairs by the product of norms', () => {
  it('come as often as the roots of the squared norms say', () => {
    const outputs = Float64Array.from({ length: ROWS }, (_, r) => (r % 4 === 0 ? 0 : (r % 4) ** 2));
    const inputs = Float64Array.from({ length: COLS }, (_, c) => (c % 3) ** 2);
    const guide = byProductOfNorms({ inputs, outputs });
    const hits = { rows: new Array<number>(ROWS).fill(0), cols: new Array<number>(COLS).fill(0) };
    for (let seed = 0; seed < 1000; seed++) {
      const list = proposePositions(proposal({ guided: 1, guide, count: 10 }), randomStream(seed, 'norms'));
      for (const key of keysOf(list)) {
        hits.rows[Math.floor(key / COLS)]++;
        hits.cols[key % COLS]++;
      }
    }
    // Ten draws each, of which hardly any comes twice. Σ of the roots: 10 · (1 + 2 + 3) and 20 · (1 + 2).
    hits.rows.forEach((hit, r) => {
      const mean = (10_000 * (r % 4)) / 60;
      expect(Math.abs(hit - mean), `row ${r}`).toBeLessThanOrEqual(5 * Math.sqrt(mean) + 0.02 * mean);
    });
    hits.cols.forEach((hit, c) => {
      const mean = (10_000 * (c % 3)) / 60;
      expect(Math.abs(hit - mean), `column ${c}`).toBeLessThanOrEqual(5 * Math.sqrt(mean) + 0.02 * mean);
    });
  });
});
