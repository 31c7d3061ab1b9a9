import { afterAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { TILE } from '../../../src/engine/abi.ts';
import { getEngine } from '../../../src/engine/engine.ts';
import { Region } from '../../../src/engine/region.ts';
import { searchCosines, searchMagnitudes } from '../../../src/growth/exactSearch.ts';
import type { PairStream } from '../../../src/growth/pairStream.ts';
import { searchSampled } from '../../../src/growth/sampledSearch.ts';
import type { Positions } from '../../../src/matrix/pattern.ts';
import { randomPattern } from '../../../src/matrix/sampling.ts';
import { inlineExecutor } from '../../../src/run/executor.ts';
import { runNow } from '../../../src/run/turns.ts';

const engine = getEngine();
const region = new Region(engine.arena);
afterAll(() => region.free());

const context = (inDim: number, outDim: number) => ({
  engine,
  executor: inlineExecutor(engine.kernels),
  dims: [inDim, outDim],
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
function stream(inputs: number[][], outputs: number[][], rows = inputs.map((_, r) => r)): PairStream {
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
  return { tiles: ins.length, slots, load: () => {} };
}

/** A stream of which only the tiles of so many slots exist at a time. */
function inSlots(whole: PairStream, count: number): PairStream {
  const slots = whole.slots.slice(0, count).map(({ inputs, outputs }) => ({
    inputs: inputs.map(() => region.f32(8 * TILE).pointer),
    outputs: outputs.map(() => region.f32(8 * TILE).pointer),
  }));
  const copy = (to: number, from: number) => {
    new Uint8Array(engine.arena.memory.buffer).copyWithin(to, from, from + 4 * 8 * TILE);
  };
  return {
    tiles: whole.tiles,
    slots,
    load(_, tile, slot) {
      copy(slots[slot].inputs[0], whole.slots[tile].inputs[0]);
      copy(slots[slot].outputs[0], whole.slots[tile].outputs[0]);
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
        ? searchCosines(context(inDim, outDim), [{ kept, count }], pairs, undefined)
        : searchMagnitudes(context(inDim, outDim), [{ kept, count }], pairs),
    );
    expect(names(found)).toEqual(bruteForce(inputs, outputs, kept, count, score));
  });
});

describe('the sampled search', () => {
  const [samples, inDim, outDim, count] = [600, 60, 50, 80];
  const { inputs, outputs } = activations(samples, inDim, outDim, 3);
  const kept = randomPattern(outDim, inDim, 120, randomStream(2, 'kept'));
  const exact = bruteForce(inputs, outputs, kept, count, 'cosine');
  const search = (sampleRows: number, oversample: number) => {
    const rows = Array.from({ length: sampleRows }, (_, r) => (r * 7) % samples);
    const [found] = runNow(
      searchSampled(
        context(inDim, outDim),
        [{ kept, count }],
        stream(inputs, outputs, rows),
        stream(inputs, outputs),
        oversample,
        undefined,
      ),
    );
    return names(found);
  };
  const recall = (found: string[]) => found.filter((name) => exact.includes(name)).length / count;

  it('is the exact one when every row is in the sample, or every position among the proposals', () => {
    expect(search(samples, 1)).toEqual(exact);
    expect(search(10, 100)).toEqual(exact);
  });

  it('finds nearly all from a part of the rows, the more of them the better', () => {
    expect(recall(search(400, 4))).toBeGreaterThan(0.9);
    expect(recall(search(100, 1))).toBeLessThan(recall(search(200, 4)));
    expect(search(200, 4)).toHaveLength(count);
  });

  it('finds the same whether tiles come one at a time or together, as on threads', () => {
    // Neurons 5 and 6 are silent in the sample, fire apart, and once together: too weakly to show in their
    // norms.
    const [ins, outs] = [5, 6].map((neuron, side) =>
      Array.from({ length: 4 * TILE }, (_, r) => {
        const row = Array.from({ length: 8 }, (_, n) => Number(n === 0 && r < TILE));
        if (r === TILE + side) row[neuron] = 1;
        if (r === 3 * TILE) row[neuron] = 2 ** -30;
        return row;
      }),
    );
    const none = randomPattern(8, 8, 0, randomStream(2, 'none'));
    const sample = Array.from({ length: TILE }, (_, r) => r);
    const truth = bruteForce(ins, outs, none, 2, 'cosine');
    expect(truth).toEqual(['0,0', '6,5']);
    for (const slots of [1, 2, 4]) {
      const all = inSlots(stream(ins, outs), slots);
      const some = stream(ins, outs, sample);
      const [found] = runNow(
        searchSampled(context(8, 8), [{ kept: none, count: 2 }], some, all, 1, undefined),
      );
      expect(names(found), `${slots} at a time`).toEqual(truth);
    }
  });

  it('finds neurons that fire together in a few rows, none of them in the sample', () => {
    const seldom = [inputs, outputs].map((rows) =>
      rows.map((row, r) => row.map((value, n) => (n < 6 ? Number(r === 300 + n || r === 400 + n) : value))),
    );
    const [ins, outs] = seldom;
    const rows = Array.from({ length: 200 }, (_, r) => r);
    const [found] = runNow(
      searchSampled(
        context(inDim, outDim),
        [{ kept, count: 12 }],
        stream(ins, outs, rows),
        stream(ins, outs),
        4,
        undefined,
      ),
    );
    const truth = bruteForce(ins, outs, kept, 12, 'cosine');
    const pairs = Array.from({ length: 6 }, (_, n) => `${n},${n}`).filter((name) => truth.includes(name));
    expect(pairs.length).toBeGreaterThan(4);
    expect(names(found)).toEqual(truth);
  });
});
