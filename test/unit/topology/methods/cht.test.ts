import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../../src/base/random.ts';
import { type CsrPattern, noPositions, removeConnections } from '../../../../src/matrix/pattern.ts';
import { randomPattern } from '../../../../src/matrix/sampling.ts';
import { runNow } from '../../../../src/run/turns.ts';
import { removeChains } from '../../../../src/topology/chainRemoval.ts';
import { createCht } from '../../../../src/topology/methods/cht.ts';
import { scoreMissingLinks } from '../../../../src/topology/missingLinks.ts';
import { evolveOnce, fakeModel, keysOf, keysOfPositions } from '../../../support/fakeTools.ts';

/** The links of a pattern as a dense matrix, `[row][col]`. */
function matrixOf({ rows, cols, ...pattern }: CsrPattern): number[][] {
  const keys = new Set(keysOf({ rows, cols, ...pattern }));
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: cols }, (_c, c) => (keys.has(r * cols + c) ? 1 : 0)),
  );
}

const times = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, value, i) => sum + value * b[i][j], 0)));
const turned = (a: number[][]): number[][] => a[0].map((_, j) => a.map((row) => row[j]));

/** CH3-L3p of one missing link, by the definition's sets. */
function scoreBySets(W: number[][], b: number, a: number): number {
  const row = W[b];
  // The local community: outputs v and inputs u on a path a–v–u–b.
  const outputs = W.flatMap((rowOf, v) =>
    rowOf[a] === 1 && row.some((link, u) => link * rowOf[u] === 1) ? [v] : [],
  );
  const inputs = row.flatMap((link, u) => (link === 1 && outputs.some((v) => W[v][u] === 1) ? [u] : []));
  const outside = (links: number[], inside: number[]): number =>
    links.filter((linked, n) => linked === 1 && !inside.includes(n)).length;
  const ofInputs = inputs.map((u) => {
    const column = W.map((rowOf) => rowOf[u]);
    return 1 + outside(column, [...outputs, b]);
  });
  let score = 0;
  for (const v of outputs) {
    const ofOutput = 1 + outside(W[v], [...inputs, a]);
    inputs.forEach((u, i) => {
      if (W[v][u] === 1) score += 1 / Math.sqrt(ofOutput * ofInputs[i]);
    });
  }
  return score;
}

/** CH3-L3p of every missing link that dense products find paths for; by key. */
function scoresByMatrices(pattern: CsrPattern): Map<number, number> {
  const W = matrixOf(pattern);
  const paths = times(times(W, turned(W)), W);
  const missing = Array.from({ length: pattern.rows * pattern.cols }, (_, key) => key)
    .filter((key) => W[Math.floor(key / pattern.cols)][key % pattern.cols] === 0)
    .filter((key) => paths[Math.floor(key / pattern.cols)][key % pattern.cols] > 0);
  return new Map(
    missing.map((key) => [key, scoreBySets(W, Math.floor(key / pattern.cols), key % pattern.cols)]),
  );
}

const found = (pattern: CsrPattern): Map<number, number> => {
  const { keys, scores } = runNow(scoreMissingLinks(pattern, randomStream(1, 'links')));
  expect(new Set(keys).size).toBe(keys.length);
  return new Map([...keys].map((key, i) => [key, scores[i]]));
};

describe('CH3-L3p', () => {
  it.each([
    [9, 7, 20],
    [12, 12, 24],
    [6, 15, 60],
    [10, 10, 99],
    [5, 5, 3],
  ])('agrees with dense products: %i × %i, %i links', (rows, cols, nnz) => {
    for (let seed = 0; seed < 5; seed++) {
      const pattern = randomPattern(rows, cols, nnz, randomStream(seed, 'pattern'));
      const expected = scoresByMatrices(pattern);
      const got = found(pattern);
      expect([...got.keys()].sort((p, q) => p - q)).toEqual([...expected.keys()].sort((p, q) => p - q));
      for (const [key, score] of expected) expect(got.get(key)).toBeCloseTo(score, 12);
    }
  });

  it('walks few paths around hubs', () => {
    // Ten inputs with 400 outputs each: 10 · 10 · 400 paths for each output, if all were walked.
    const rows = 1000;
    const pattern = randomPattern(rows, 10, 4000, randomStream(1, 'hubs'));
    const wide = { ...pattern, cols: 2000 };
    const { keys, scores } = runNow(scoreMissingLinks(wide, randomStream(1, 'links')));
    const linked = new Set(keysOf(wide));
    expect(keys.length).toBeGreaterThan(1000);
    expect(keys.length).toBeLessThanOrEqual(2 ** 20);
    expect([...keys].filter((key) => linked.has(key) || key % 2000 >= 10)).toEqual([]);
    // A score over some of the paths is less than the one over all.
    const W = matrixOf(wide);
    for (const i of [0, 500, 1000]) {
      const [b, a] = [Math.floor(keys[i] / 2000), keys[i] % 2000];
      expect(scores[i]).toBeGreaterThan(0);
      expect(scores[i]).toBeLessThan(0.9 * scoreBySets(W, b, a));
    }
  });

  it('finds nothing where there is nothing to close', () => {
    expect(
      found({ rows: 2, cols: 2, indptr: Int32Array.of(0, 1, 2), indices: Int32Array.of(0, 1) }).size,
    ).toBe(0);
  });
});

describe('neurons that carry nothing', () => {
  it('leave the network with their chains', () => {
    const model = fakeModel([30, 30, 30, 30, 4], [40, 40, 40, 30], { seed: 4 });
    const kept = model.weights.map((weights) => new Uint8Array(weights.length).fill(1));
    expect(removeChains(model.patterns, kept, [false, false, false, false])).toBe(true);
    // Dense: a link stays where its input comes from an input of the network, and its output leads to one.
    const links = model.patterns.map(matrixOf);
    const fed = [Array(30).fill(true)];
    links.forEach((W, l) => {
      fed.push(W.map((row) => row.some((link, c) => link === 1 && fed[l][c])));
    });
    const leads: boolean[][] = [];
    leads[4] = Array(4).fill(true);
    for (let l = 3; l >= 0; l--) {
      leads[l] = turned(links[l]).map((column) => column.some((link, r) => link === 1 && leads[l + 1][r]));
    }
    model.patterns.forEach((pattern, l) => {
      const expected = keysOf(pattern).map((key) =>
        fed[l][key % pattern.cols] && leads[l + 1][Math.floor(key / pattern.cols)] ? 1 : 0,
      );
      expect([...kept[l]]).toEqual(expected);
    });
    expect(kept.some((list) => list.includes(0))).toBe(true);
  });
});

describe('cht', () => {
  it('grows the best missing links, as many as each layer lost', () => {
    const model = fakeModel([30, 30, 30, 4], [60, 60, 40], { seed: 9 });
    const { edits, patterns } = evolveOnce(createCht({ pruneFraction: 0.2 }), model, [null, null, null]);
    edits.forEach((edit, l) => {
      const { prune, grow, random } = edit ?? {
        prune: new Int32Array(0),
        grow: noPositions,
        random: noPositions,
      };
      const weights = model.weights[l];
      const sizes = [...weights].map(Math.abs).sort((a, b) => a - b);
      const weak = sizes[Math.floor(0.2 * weights.length)];
      for (let p = 0; p < weights.length; p++) if (Math.abs(weights[p]) < weak) expect(prune).toContain(p);
      expect(patterns[l].indices.length).toBe(weights.length);
      const scores = scoresByMatrices(removeConnections(model.patterns[l], prune));
      const drawn = new Set(keysOfPositions(random, model.patterns[l].cols));
      const grown = keysOfPositions(grow, model.patterns[l].cols).filter((key) => !drawn.has(key));
      const others = [...scores].flatMap(([key, score]) => (grown.includes(key) ? [] : [score]));
      const least = Math.min(...grown.map((key) => scores.get(key) ?? 0));
      expect(least).toBeGreaterThan(0);
      expect(least).toBeGreaterThanOrEqual(Math.max(0, ...others) - 1e-12);
      // Links at random only where no path asks for others.
      if (drawn.size > 0) expect(others).toEqual([]);
    });
    expect(edits.some((edit) => (edit?.prune.length ?? 0) > 12)).toBe(true);
  });

  it('keeps chains where nothing else would be left, and full layers whole', () => {
    const torn = [...Array(50).keys()]
      .map((seed) => fakeModel([8, 8, 8, 2], [3, 3, 3], { seed }))
      .filter(({ patterns, weights }) => {
        const kept = weights.map((list) => new Uint8Array(list.length).fill(1));
        return !removeChains(patterns, kept, [false, false, false]);
      });
    expect(torn.length).toBeGreaterThan(10);
    for (const model of torn) {
      const { edits, patterns } = evolveOnce(createCht({ pruneFraction: 0.4 }), model, [null, null, null]);
      expect(edits.map((edit) => edit?.prune.length)).toEqual([1, 1, 1]);
      expect(patterns.map(({ indices }) => indices.length)).toEqual([3, 3, 3]);
    }
    const full = fakeModel([20, 20, 2], [30, 40], { seed: 2 });
    const { edits } = evolveOnce(createCht({ preset: 'published' }), full, [null, null]);
    expect(edits[1]).toBeUndefined();
    expect(edits[0]?.prune.length).toBe(9);
  });
});
