import { afterAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { TILE } from '../../../src/engine/abi.ts';
import { Region } from '../../../src/engine/region.ts';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import { searchCosines, searchMagnitudes } from '../../../src/growth/exactSearch.ts';
import { GrowthCost } from '../../../src/growth/growthCost.ts';
import type { PairStream } from '../../../src/growth/pairStream.ts';
import type { Positions } from '../../../src/matrix/pattern.ts';
import { randomPattern } from '../../../src/matrix/sampling.ts';
import { inlineExecutor } from '../../../src/run/executor.ts';
import { runNow } from '../../../src/run/turns.ts';

const engine = getTrainingEngine();
const region = new Region(engine.arena);
afterAll(() => region.free());

const context = (inDim: number, outDim: number) => ({
  engine,
  executor: inlineExecutor(engine.kernels),
  dims: [inDim, outDim],
  cost: new GrowthCost(),
});

/**
 * Activations of two layers' neurons, samples × neurons: outputs follow some inputs (or their negatives),
 * some neurons are dead, and the values are multiples of 1/4, so that all inner products are exact in float32
 * and ties are real ties.
 */
function activations(samples: number, inDim: number, outDim: number, seed: number) {
  const random = randomStream(seed, 'activations');
  const draw = () => Math.max(0, Math.floor(8 * random.next()) - 3) / 4;
  const sign = (j: number) => (j % 3 === 1 ? -1 : 1);
  const inputs = Array.from({ length: samples }, () =>
    Array.from({ length: inDim }, (_, j) => (j % 7 === 3 ? 0 : sign(j) * draw())),
  );
  const outputs = inputs.map((row) =>
    Array.from({ length: outDim }, (_, i) => (i % 11 === 5 ? 0 : draw() + Math.abs(row[(i * 13) % inDim]))),
  );
  return { inputs, outputs };
}

/** The rows as a stream of tiles, zeros in unused lanes. */
function stream(inputs: number[][], outputs: number[][]): PairStream {
  const rows = [...inputs.keys()];
  const toTiles = (matrix: number[][]) =>
    Array.from({ length: Math.ceil(rows.length / TILE) }, (_, t) => {
      const neurons = matrix[0].length;
      const block = region.f32(neurons * TILE);
      const { view } = block;
      for (let i = 0; i < neurons; i++) {
        for (let b = 0; b < TILE; b++) view[i * TILE + b] = matrix[rows[t * TILE + b]]?.[i] ?? 0;
      }
      return block.pointer;
    });
  const [ins, outs] = [toTiles(inputs), toTiles(outputs)];
  const slots = ins.map((input, t) => ({ inputs: [input], outputs: [outs[t]] }));
  return { rows: rows.length, rowCost: 0, tiles: ins.length, slots, load: () => {} };
}

/** A stream of which only the tiles of so many slots exist at a time. */
function inSlots(whole: PairStream, count: number, [inDim, outDim]: readonly number[]): PairStream {
  const slots = whole.slots.slice(0, count).map(() => ({
    inputs: [region.f32(inDim * TILE).pointer],
    outputs: [region.f32(outDim * TILE).pointer],
  }));
  const copy = (to: number, from: number, neurons: number) => {
    new Uint8Array(engine.arena.memory.buffer).copyWithin(to, from, from + 4 * neurons * TILE);
  };
  return {
    ...whole,
    slots,
    load(_, tile, slot) {
      copy(slots[slot].inputs[0], whole.slots[tile].inputs[0], inDim);
      copy(slots[slot].outputs[0], whole.slots[tile].outputs[0], outDim);
    },
  };
}

/** By plain float64 loops: the `count` free positions of largest score, ties to the lower. */
function bruteForce(
  inputs: number[][],
  outputs: number[][],
  kept: { indptr: Int32Array; indices: Int32Array },
  count: number,
  score: 'cosine' | 'magnitude',
): string[] {
  const scored: { i: number; j: number; s: number }[] = [];
  const norm = (m: number[][], c: number) => Math.sqrt(m.reduce((sum, row) => sum + row[c] ** 2, 0));
  const inNorms = inputs[0].map((_, j) => norm(inputs, j));
  const outNorms = outputs[0].map((_, i) => norm(outputs, i));
  outNorms.forEach((outNorm, i) => {
    const taken = new Set(kept.indices.subarray(kept.indptr[i], kept.indptr[i + 1]));
    inNorms.forEach((inNorm, j) => {
      if (taken.has(j)) return;
      const dot = inputs.reduce((sum, row, b) => sum + row[j] * outputs[b][i], 0);
      const cosine = inNorm * outNorm === 0 ? 0 : Math.min(1, Math.abs(dot) / (outNorm * inNorm));
      scored.push({ i, j, s: score === 'cosine' ? Math.fround(cosine) : Math.abs(dot) });
    });
  });
  scored.sort((a, b) => b.s - a.s || a.i - b.i || a.j - b.j);
  return scored
    .slice(0, count)
    .sort((a, b) => a.i - b.i || a.j - b.j)
    .map(({ i, j }) => `${i},${j}`);
}

const names = (positions: Positions | undefined): string[] =>
  Array.from(positions?.rows ?? [], (row, e) => `${row},${positions?.cols[e]}`);

describe.each([
  ['one block', 50, 40, 30, 100, 60],
  ['several blocks', 40, 2000, 150, 900, 250],
  ['one row a block', 5, 270_000, 2, 50, 40],
  ['every free position', 20, 9, 8, 30, 42],
  ['more wanted than a block holds', 6, 2000, 150, 100, 290_000],
])('the search over %s', (_, samples, inDim, outDim, nnz, count) => {
  const { inputs, outputs } = activations(samples, inDim, outDim, 1);
  const kept = randomPattern(outDim, inDim, nnz, randomStream(2, 'kept'));

  it.each(['cosine', 'magnitude'] as const)('finds what plain loops find: %s', (score) => {
    const pairs = stream(inputs, outputs);
    const [found] = runNow(
      score === 'cosine'
        ? searchCosines(context(inDim, outDim), [{ kept, count }], pairs)
        : searchMagnitudes(context(inDim, outDim), [{ kept, count }], pairs),
    );
    expect(names(found)).toEqual(bruteForce(inputs, outputs, kept, count, score));
  });
});

describe('the search', () => {
  const [samples, inDim, outDim] = [200, 60, 50];
  const { inputs, outputs } = activations(samples, inDim, outDim, 3);
  const kept = randomPattern(outDim, inDim, 120, randomStream(2, 'kept'));
  const count = 80;

  it.each(['cosine', 'magnitude'] as const)(
    'finds the same whether tiles come one at a time or together, as on threads: %s',
    (score) => {
      const truth = bruteForce(inputs, outputs, kept, count, score);
      for (const slots of [1, 2, 3, 7]) {
        const pairs = inSlots(stream(inputs, outputs), slots, [inDim, outDim]);
        const site = context(inDim, outDim);
        const [found] = runNow(
          score === 'cosine'
            ? searchCosines(site, [{ kept, count }], pairs)
            : searchMagnitudes(site, [{ kept, count }], pairs),
        );
        expect(names(found), `${slots} at a time`).toEqual(truth);
        if (score === 'magnitude') expect(site.cost.pairs).toBe(inDim * outDim);
      }
    },
  );

  it('finds only what is above the least score that counts', () => {
    const all = bruteForce(inputs, outputs, kept, 1000, 'cosine');
    const [found] = runNow(
      searchCosines(context(inDim, outDim), [{ kept, count: 1000, least: 0.75 }], stream(inputs, outputs)),
    );
    const cosineOf = (name: string): number => {
      const [i, j] = name.split(',').map(Number);
      const sum = (of: (r: number) => number) => inputs.reduce((total, _, r) => total + of(r), 0);
      const dot = sum((r) => inputs[r][j] * outputs[r][i]);
      return Math.abs(dot) / Math.sqrt(sum((r) => inputs[r][j] ** 2) * sum((r) => outputs[r][i] ** 2));
    };
    const above = all.filter((name) => cosineOf(name) > 0.75);
    expect(above.length).toBeGreaterThan(10);
    expect(above.length).toBeLessThan(900);
    expect(names(found)).toEqual(above);
  });
});
