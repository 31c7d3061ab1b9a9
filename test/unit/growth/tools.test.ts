// What the tools of an update answer, against dense matrices in double precision.
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { getSharedEngine, getTrainingEngine } from '../../../src/engine/training.ts';
import { activation, CsrMatrix, optimizer, SparseMLP, topology } from '../../../src/index.ts';
import { type CsrPattern, fullPattern, type Positions } from '../../../src/matrix/pattern.ts';
import { randomPattern, sampleFree } from '../../../src/matrix/sampling.ts';
import type { Work } from '../../../src/run/turns.ts';
import type { EvolvingNetwork, GrowthTools, RowSample, ScoreKind } from '../../../src/topology/topology.ts';
import {
  carryingByPath,
  denseScores,
  denseWeights,
  type FakeModel,
  fakeModel,
  keysOf,
  keysOfPositions,
  propagate,
} from '../../support/fakeTools.ts';

/** A network with biases, whose numbers are those of float32. */
function problem(dims: number[], counts: number[], rows: number, seed = 1, bias = 0.3): FakeModel {
  const random = randomStream(seed, 'biases');
  const model = fakeModel(dims, counts, { rows, seed });
  return {
    ...model,
    x: model.x.map((row) => row.map(Math.fround)),
    biases: dims.slice(1).map((outDim) => Float32Array.from({ length: outDim }, () => bias * random.next())),
  };
}

interface Asking {
  readonly threads?: number;
  readonly batchSize?: number;
  readonly epochs?: number;
}

/** Asks the tools of the updates of a training that changes no weight. */
async function during(
  model: FakeModel,
  ask: (tools: GrowthTools, network: EvolvingNetwork) => Work<void>,
  { threads = 1, batchSize = 20, epochs = 2 }: Asking = {},
): Promise<void> {
  const mlp = await SparseMLP.fromWeights(
    model.patterns.map((pattern, l) => ({
      weights: CsrMatrix.fromParts({ ...pattern, values: model.weights[l] }),
      bias: model.biases?.[l] ?? [],
    })),
    {
      threads,
      seed: model.seed,
      activation: model.activation,
      topology: {
        ...topology.fixed(),
        name: 'asking',
        *evolve(network, states, tools) {
          yield* ask(tools, network);
          return { edits: network.layers.map(() => undefined), states };
        },
      },
    },
  );
  expect(mlp.threads).toBe(threads);
  const still = optimizer.sgd({ learningRate: 0, momentum: 0, weightDecay: 0 });
  try {
    await mlp.fit(model.x, model.y, { epochs, batchSize, optimizer: still });
    mlp.layers.forEach(({ weights }, l) => {
      expect(weights.values).toEqual(model.weights[l]);
    });
  } finally {
    mlp.dispose();
  }
}

/** The numbers of a sample's rows: rows are told apart by their features. */
function* rowsOf(model: FakeModel, tools: GrowthTools, sample: RowSample): Work<number[]> {
  const [inputs] = yield* tools.activations(sample);
  const features = model.patterns[0].cols;
  return Array.from({ length: sample.length }, (_, b) => {
    const row = model.x.findIndex((values) =>
      values.every((value, j) => j < features && inputs[j * sample.length + b] === value),
    );
    expect(row).toBeGreaterThanOrEqual(0);
    return row;
  });
}

function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, what: string): void {
  expect(got.length, what).toBe(want.length);
  // Sums of terms that cancel are as exact as their terms.
  const scale = Math.max(0.01, ...Array.from(want, Math.abs));
  for (let i = 0; i < want.length; i++) {
    if (!(Math.abs(got[i] - want[i]) <= 3e-6 * scale)) {
      expect.fail(`${what}: element ${i} is ${got[i]}; dense matrices say ${want[i]}`);
    }
  }
}

const everywhere = ({ patterns }: FakeModel): Positions[] =>
  patterns.map(({ rows, cols }) => {
    const { indptr, indices } = fullPattern(rows, cols);
    return { rows: Int32Array.from(indices, (_, p) => Math.floor(p / cols)), cols: indices, indptr };
  });

const shapes: [string, number[], number[], number][] = [
  ['several layers', [9, 14, 11, 3], [40, 45, 20], 45],
  ['layers of one neuron', [7, 1, 4, 3], [3, 2, 6], 33],
  ['one feature', [1, 5, 1, 2], [3, 2, 1], 70],
  ['a full layer', [6, 8, 3], [20, 24], 100],
  ['one row', [5, 6, 2], [12, 7], 1],
];

describe.each(shapes)('with %s, tools tell', (_, dims, counts, rows) => {
  const model = problem(dims, counts, rows);
  const some = [...new Set([1, Math.ceil(rows / 2), rows])];

  it.each([1, 2, 3])('the scores of listed positions, on %i threads', async (threads) => {
    await during(
      model,
      function* (tools) {
        for (const count of some) {
          const sample = tools.sampleRows(count, `rows ${count}`);
          const chosen = yield* rowsOf(model, tools, sample);
          expect(new Set(chosen).size).toBe(count);
          for (const by of ['cosine', 'gradient'] as const) {
            const scores = yield* tools.scoreAt(everywhere(model), by, sample);
            const want = denseScores(model, by, chosen);
            scores.forEach((list, l) => {
              expectClose(list ?? [], want[l], `${by} of layer ${l} over ${count} rows`);
            });
          }
        }
      },
      { threads, batchSize: 64 },
    );
  });

  it('activations, sums over neurons, gradients, and which connections carry a signal', async () => {
    await during(model, function* (tools, network) {
      for (const count of some) {
        const sample = tools.sampleRows(count);
        const chosen = yield* rowsOf(model, tools, sample);
        const passes = propagate(denseWeights(model), model, chosen);
        const activations = yield* tools.activations(sample);
        expect(activations).toHaveLength(dims.length);
        activations.forEach((found, l) => {
          const want = Array.from({ length: dims[l] }, (_n, i) =>
            passes.map((pass) => pass.activations[l][i]),
          );
          expectClose(found, want.flat(), `activations of ${l}`);
        });
        const sums = yield* tools.neuronSums(sample, 'absolute');
        sums.forEach(({ inputs, outputs }, l) => {
          const total = (of: (pass: (typeof passes)[number]) => number): number =>
            passes.reduce((sum, pass) => sum + Math.abs(of(pass)), 0);
          expectClose(
            inputs,
            Array.from({ length: dims[l] }, (_n, i) => total((pass) => pass.activations[l][i])),
            `inputs of ${l}`,
          );
          // δ is that of the mean loss.
          expectClose(
            outputs,
            Array.from({ length: dims[l + 1] }, (_n, i) => total((pass) => pass.deltas[l][i] / count)),
            `outputs of ${l}`,
          );
        });
        const gradients = yield* tools.gradients(sample);
        const dense = denseScores(model, 'gradient', chosen);
        gradients.forEach((found, l) => {
          expectClose(
            found,
            keysOf(network.layers[l].pattern).map((key) => dense[l][key]),
            `gradients of ${l}`,
          );
        });
        const carrying = yield* tools.carrying(sample);
        const plain = carrying.map(({ connections, inputs, outputs }) => ({
          connections: [...connections],
          inputs: [...inputs],
          outputs: [...outputs],
        }));
        expect(plain).toEqual(carryingByPath(model, chosen));
      }
    });
  });
});

describe.each([
  ['leaky ReLU', activation.leakyRelu({ slope: 0.25 })],
  ['All-ReLU', activation.allRelu({ slope: 0.5 })],
  ['no activation', activation.linear()],
])('with %s, tools tell', (_, own) => {
  // Few connections and no biases: some neurons have no input, and their sums are all 0.
  const model = { ...problem([9, 14, 11, 3], [12, 12, 9], 45, 3, 0), activation: own };

  it('activations, scores, and what carries a signal; elsewhere the gradient is 0', async () => {
    await during(model, function* (tools) {
      const sample = tools.sampleRows(30);
      const chosen = yield* rowsOf(model, tools, sample);
      const passes = propagate(denseWeights(model), model, chosen);
      const found = yield* tools.activations(sample);
      found.forEach((list, l) => {
        const want = Array.from({ length: [9, 14, 11, 3][l] }, (_n, i) =>
          passes.map((pass) => pass.activations[l][i]),
        );
        expectClose(list, want.flat(), `activations of ${l}`);
      });
      for (const by of ['cosine', 'gradient'] as const) {
        const scores = yield* tools.scoreAt(everywhere(model), by, sample);
        const want = denseScores(model, by, chosen);
        scores.forEach((list, l) => {
          expectClose(list ?? [], want[l], `${by} of layer ${l}`);
        });
      }
      const carrying = yield* tools.carrying(sample);
      const plain = carrying.map(({ connections, inputs, outputs }) => ({
        connections: [...connections],
        inputs: [...inputs],
        outputs: [...outputs],
      }));
      expect(plain).toEqual(carryingByPath(model, chosen));
      const gradients = denseScores(model, 'gradient', chosen);
      let silent = 0;
      let kept = 0;
      carrying.forEach(({ inputs, outputs }, l) => {
        gradients[l].forEach((gradient, at) => {
          const [i, j] = [Math.floor(at / inputs.length), at % inputs.length];
          if (inputs[j] === 0 || outputs[i] === 0) expect(gradient).toBe(0);
          else kept += gradient === 0 ? 0 : 1;
        });
        silent += inputs.filter((flag) => flag === 0).length;
      });
      expect(silent).toBeGreaterThan(0);
      expect(kept).toBeGreaterThan(20);
    });
  });
});

describe('guided proposals', () => {
  // Every output has an input of its own, so no connection leads to another one.
  const matching = (rows: number, cols: number): CsrPattern => ({
    rows,
    cols,
    indptr: Int32Array.from({ length: rows + 1 }, (_, r) => r),
    indices: Int32Array.from({ length: rows }, (_, r) => r),
  });
  const dims = [24, 20, 18, 3];
  const patterns = dims.slice(1).map((rows, l) => matching(rows, dims[l]));
  const plain = problem(dims, [20, 18, 3], 60);
  const model = { ...plain, patterns, weights: patterns.map(({ rows }) => new Float32Array(rows).fill(0.7)) };
  const wanted = patterns.map((kept) => ({ kept, count: 10, least: 0 }));

  it('by gradient do not go along connections', async () => {
    await during(model, function* (tools) {
      const rows = tools.sampleRows(60);
      const found = yield* tools.likeliest(wanted, 'gradient', rows, { search: 'auto', pairs: 1, guided: 1 });
      for (const positions of found) expect(positions?.cols.length).toBeGreaterThan(3);
    });
  });

  it('by cosine go along the connections given, or those there are', async () => {
    await during(model, function* (tools) {
      const rows = tools.sampleRows(60);
      const how = { search: 'auto', pairs: 8, guided: 1 } as const;
      // In the other layers all positions are listed.
      const [none] = yield* tools.likeliest([wanted[0], undefined, undefined], 'cosine', rows, how);
      expect(none?.cols).toHaveLength(0);
      // Output 7 also has input 2: the way goes from (2, 2) to (2, 7), and from (7, 7) to (7, 2).
      const along = { ...patterns[0], indptr: patterns[0].indptr.map((at, r) => (r > 7 ? at + 1 : at)) };
      along.indices = Int32Array.from([
        ...patterns[0].indices.slice(0, 7),
        2,
        ...patterns[0].indices.slice(7),
      ]);
      const [found] = yield* tools.likeliest(
        [{ ...wanted[0], along }, undefined, undefined],
        'cosine',
        rows,
        how,
      );
      const keys = keysOfPositions(found ?? expect.fail('nothing'), dims[0]);
      expect(keys).toEqual([2 * dims[0] + 7, 7 * dims[0] + 2]);
    });
  });
});

describe('signed sums', () => {
  const model = problem([4, 6, 5, 3], [12, 14, 10], 7, 5);

  it('are those of one sign a row, the same for all neurons', async () => {
    await during(model, function* (tools) {
      const sample = tools.sampleRows(7);
      const chosen = yield* rowsOf(model, tools, sample);
      const passes = propagate(denseWeights(model), model, chosen);
      const seen = new Set<number>();
      for (let question = 0; question < 40; question++) {
        const sums = yield* tools.neuronSums(sample, 'signed');
        // 2⁷ choices of signs: one of them explains every sum.
        const fits = Array.from({ length: 128 }, (_, signs) => signs).filter((signs) => {
          const sign = (r: number): number => (((signs >> r) & 1) === 1 ? 1 : -1);
          return sums.every(({ inputs, outputs }, l) => {
            const isNear = (got: number, of: (pass: (typeof passes)[number]) => number): boolean =>
              Math.abs(got - Math.abs(passes.reduce((sum, pass, r) => sum + sign(r) * of(pass), 0))) < 1e-5;
            return (
              inputs.every((got, i) => isNear(got, (pass) => pass.activations[l][i])) &&
              outputs.every((got, i) => isNear(got, (pass) => pass.deltas[l][i] / 7))
            );
          });
        });
        // All signs turned are the same sums.
        expect(fits).toHaveLength(2);
        seen.add(fits[0]);
      }
      expect(seen.size).toBeGreaterThan(15);
    });
  });
});

describe.each(['cosine', 'gradient'] as const)('the likeliest positions by %s', (by: ScoreKind) => {
  const dims = [30, 40, 25, 4];
  const model = problem(dims, [100, 120, 40], 75);
  const kept = model.patterns;

  it.each([1, 3])('are those of the exact search where all are listed, on %i threads', async (threads) => {
    await during(
      model,
      function* (tools) {
        const rows = tools.sampleRows(75);
        const chosen = yield* rowsOf(model, tools, rows);
        const wanted = kept.map((pattern, l) => (l === 1 ? undefined : { kept: pattern, count: 25 }));
        const auto = yield* tools.likeliest(wanted, by, rows, { search: 'auto', pairs: 1000 });
        const exact = yield* tools.likeliest(wanted, by, rows, { search: 'exact', pairs: 1 });
        expect(auto).toEqual(exact);
        expect(auto[1]).toBeUndefined();
        const dense = denseScores(model, by, chosen);
        auto.forEach((found, l) => {
          if (found === undefined) return;
          const grown = keysOfPositions(found, dims[l]);
          const least = Math.min(...grown.map((key) => Math.abs(dense[l][key])));
          const taken = new Set([...keysOf(kept[l]), ...grown]);
          const rest = [...dense[l].keys()].filter((key) => !taken.has(key));
          // The kernels sum in float32.
          expect(least).toBeGreaterThan(0);
          expect(Math.max(...rest.map((key) => Math.abs(dense[l][key])))).toBeLessThan(least * (1 + 1e-4));
        });
      },
      { threads },
    );
  });

  it('are found where all are listed, also between neurons that fire in a single row', async () => {
    const plain = problem(dims, [100, 120, 40], 200);
    const rare: FakeModel = {
      ...plain,
      x: plain.x.map((row, r) => row.map((value, j) => (j < 10 ? Number(r === 20 * j) : value))),
    };
    await during(rare, function* (tools) {
      const rows = tools.sampleRows(200);
      const chosen = yield* rowsOf(rare, tools, rows);
      const [dense] = denseScores(rare, by, chosen);
      const taken = new Set(keysOf(kept[0]));
      const want = [...dense.keys()].filter((key) => !taken.has(key) && Math.abs(dense[key]) > 1e-9);
      expect(want.some((key) => key % dims[0] < 10)).toBe(true);
      const wanted = [{ kept: kept[0], count: want.length }, undefined, undefined];
      const [found] = yield* tools.likeliest(wanted, by, rows, { search: 'auto', pairs: 1000 });
      expect(keysOfPositions(found ?? expect.fail('nothing'), dims[0])).toEqual(want);
    });
  });

  it.each([
    ['few pairs', 0.5, undefined],
    ['no pair more than wanted', 0, 0],
    ['uniform ones', 2, 0],
    ['guided ones', 2, 1],
    ['half of both', 1, 0.5],
  ])('are free, distinct, in order, and as many as wanted: %s', async (_, pairs, guided) => {
    await during(model, function* (tools) {
      const rows = tools.sampleRows(20);
      for (const share of [0, 0.1, 0.9, 1]) {
        const wanted = kept.map((pattern, l) => {
          const free = dims[l] * dims[l + 1] - pattern.indices.length;
          return { kept: pattern, count: Math.floor(share * free) };
        });
        const found = yield* tools.likeliest(wanted, by, rows, { search: 'auto', pairs, guided });
        found.forEach((positions, l) => {
          const keys = keysOfPositions(positions ?? expect.fail('nothing was found'), dims[l]);
          expect(keys).toHaveLength(wanted[l].count);
          keys.forEach((key, e) => {
            if (e > 0) expect(key).toBeGreaterThan(keys[e - 1]);
          });
          const taken = new Set(keysOf(kept[l]));
          expect(keys.filter((key) => taken.has(key))).toEqual([]);
          expect(keys.every((key) => key >= 0 && key < dims[l] * dims[l + 1])).toBe(true);
        });
      }
    });
  });

  it('are drawn among the neurons that the method names', async () => {
    await during(model, function* (tools) {
      const rows = tools.sampleRows(75);
      const among = kept.map(({ rows: outDim, cols }) => ({
        inputs: Uint8Array.from({ length: cols }, (_, a) => Number(a % 3 === 0)),
        outputs: Uint8Array.from({ length: outDim }, (_, b) => Number(b % 2 === 1)),
      }));
      // Only scores above 0 count, so nothing is drawn to make up a number.
      const wanted = kept.map((pattern) => ({ kept: pattern, count: 12, least: 0 }));
      const how = { search: 'auto', pairs: 0.4, guided: 0 } as const;
      const found = yield* tools.likeliest(wanted, by, rows, { ...how, among });
      let count = 0;
      found.forEach((positions, l) => {
        for (const key of keysOfPositions(positions ?? expect.fail('nothing'), dims[l])) {
          expect((key % dims[l]) % 3).toBe(0);
          expect(Math.floor(key / dims[l]) % 2).toBe(1);
          count++;
        }
      });
      expect(count).toBeGreaterThan(10);
    });
  });

  it('are the same on any number of threads, with a last tile that is not full', async () => {
    const answers: unknown[] = [];
    for (const threads of [1, 2, 3]) {
      await during(
        model,
        function* (tools) {
          const wanted = kept.map((pattern) => ({ kept: pattern, count: 15 }));
          const list: unknown[] = [];
          for (const count of [3, 44, 75]) {
            const rows = tools.sampleRows(count);
            for (const guided of [0, 1]) {
              list.push(yield* tools.likeliest(wanted, by, rows, { search: 'auto', pairs: 0.7, guided }));
            }
            list.push(yield* tools.likeliest(wanted, by, rows, { search: 'exact', pairs: 1 }));
          }
          answers.push(list);
        },
        { threads },
      );
    }
    expect(answers).toHaveLength(3);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('are only those above the least score', async () => {
    await during(model, function* (tools) {
      const rows = tools.sampleRows(75);
      const chosen = yield* rowsOf(model, tools, rows);
      const dense = denseScores(model, by, chosen);
      const wanted = kept.map((pattern, l) => {
        const taken = new Set(keysOf(pattern));
        const sizes = Array.from(dense[l], (score, key) => (taken.has(key) ? 0 : Math.abs(score)))
          .filter((size) => size > 0)
          .sort((a, b) => b - a);
        const third = Math.floor(sizes.length / 3);
        const least = (sizes[third] + sizes[third + 1]) / 2;
        return { kept: pattern, count: dims[l] * dims[l + 1] - pattern.indices.length, least };
      });
      for (const search of ['auto', 'exact'] as const) {
        const found = yield* tools.likeliest(wanted, by, rows, { search, pairs: 1 });
        found.forEach((positions, l) => {
          const taken = new Set(keysOf(kept[l]));
          const want = [...dense[l].keys()].filter(
            (key) => !taken.has(key) && Math.abs(dense[l][key]) > wanted[l].least,
          );
          expect(want.length).toBeGreaterThan(1);
          expect(want.length).toBeLessThan(wanted[l].count);
          expect(keysOfPositions(positions ?? expect.fail('nothing'), dims[l])).toEqual(want);
        });
      }
      const none = yield* tools.likeliest(
        kept.map((pattern) => ({ kept: pattern, count: 20, least: 2 })),
        by,
        rows,
        { search: 'auto', pairs: 1 },
      );
      expect(none.map((positions) => positions?.cols.length)).toEqual([0, 0, 0]);
    });
  });

  it('of a dead network are drawn at random among the free', async () => {
    // No hidden neuron fires: all scores of the first layers are 0, and all gradients of the last.
    const dead = problem(dims, [100, 120, 40], 75, 2, -1000);
    const draws: string[] = [];
    const hits = new Set<number>();
    for (const seed of [2, 3, 4]) {
      await during({ ...dead, seed }, function* (tools) {
        const rows = tools.sampleRows(40);
        for (let question = 0; question < 3; question++) {
          const [found] = yield* tools.likeliest(
            dead.patterns.map((pattern, l) => (l === 0 ? { kept: pattern, count: 200 } : undefined)),
            by,
            rows,
            { search: 'auto', pairs: 3 },
          );
          const keys = keysOfPositions(found ?? expect.fail('nothing'), dims[0]);
          const taken = new Set(keysOf(dead.patterns[0]));
          expect(new Set(keys).size).toBe(200);
          expect(keys.filter((key) => taken.has(key))).toEqual([]);
          expect(keys).toEqual([...keys].sort((a, b) => a - b));
          for (const key of keys) hits.add(key);
          draws.push(keys.join());
        }
      });
    }
    expect(new Set(draws).size).toBe(9);
    // 9 draws of 200 among 1100: 1 − (1 − 200 / 1100)⁹ of them are 0.84.
    expect(hits.size / 1100).toBeGreaterThan(0.75);
  });
});

describe('questions that are wrong', () => {
  const dims = [8, 12, 9, 3];
  const model = problem(dims, [40, 50, 20], 50);
  const [kept] = model.patterns;
  const list = (rows: number[], cols: number[]) => [
    { rows: Int32Array.from(rows), cols: Int32Array.from(cols) },
    undefined,
    undefined,
  ];
  const how = { search: 'auto', pairs: 2 } as const;
  const free = 8 * 12 - 40;
  const other = randomPattern(9, 12, 20, randomStream(1, 'other'));
  let earlier: RowSample = { length: 20 };

  it.each<[string, string, (tools: GrowthTools, rows: RowSample) => Work<unknown> | unknown]>([
    ['unsorted rows', 'E_ARGUMENT', (t, r) => t.scoreAt(list([1, 0], [0, 0]), 'cosine', r)],
    ['unsorted columns', 'E_ARGUMENT', (t, r) => t.scoreAt(list([1, 1], [3, 2]), 'gradient', r)],
    ['a position twice', 'E_ARGUMENT', (t, r) => t.scoreAt(list([1, 1], [3, 3]), 'gradient', r)],
    ['a row out of range', 'E_ARGUMENT', (t, r) => t.scoreAt(list([12], [0]), 'cosine', r)],
    ['a column out of range', 'E_ARGUMENT', (t, r) => t.scoreAt(list([0], [8]), 'cosine', r)],
    ['a row below 0', 'E_ARGUMENT', (t, r) => t.scoreAt(list([-1], [0]), 'cosine', r)],
    ['a column too few', 'E_ARGUMENT', (t, r) => t.scoreAt(list([0, 1], [0]), 'cosine', r)],
    [
      'positions that are arrays',
      'E_ARGUMENT',
      (t, r) => t.scoreAt([Object({ rows: [0], cols: [0] })], 'cosine', r),
    ],
    ['a list too few', 'E_ARGUMENT', (t, r) => t.scoreAt([undefined], 'cosine', r)],
    ['another score', 'E_ARGUMENT', (t, r) => t.scoreAt(list([0], [0]), Object('norm'), r)],
    ['rows of nobody', 'E_ARGUMENT', (t) => t.scoreAt(list([0], [0]), 'cosine', { length: 20 })],
    ['rows of another update', 'E_ARGUMENT', (t) => t.carrying(earlier)],
    ['rows that are a number', 'E_ARGUMENT', (t) => t.gradients(Object(5))],
    ['no rows', 'E_ARGUMENT', (t) => t.activations(Object(undefined))],
    ['no row', 'E_ARGUMENT', (t) => t.sampleRows(0)],
    ['half a row', 'E_ARGUMENT', (t) => t.sampleRows(2.5)],
    ['sums of another kind', 'E_ARGUMENT', (t, r) => t.neuronSums(r, Object('squared'))],
    ['a layer that is none', 'E_ARGUMENT', (t) => t.weakest(3, 1)],
    ['more weakest than there are', 'E_ARGUMENT', (t) => t.weakest(0, 41)],
    ['strengths of another layer', 'E_ARGUMENT', (t) => t.weakest(0, 1, new Float32Array(50))],
    [
      'more than are free',
      'E_ARGUMENT',
      (t, r) => t.likeliest([{ kept, count: free + 1 }, undefined, undefined], 'cosine', r, how),
    ],
    [
      'fewer than none',
      'E_ARGUMENT',
      (t, r) => t.likeliest([{ kept, count: -1 }, undefined, undefined], 'cosine', r, how),
    ],
    [
      'a wish for NaN',
      'E_ARGUMENT',
      (t, r) => t.likeliest([{ kept, count: Number.NaN }, undefined, undefined], 'cosine', r, how),
    ],
    [
      'another layer’s pattern',
      'E_SHAPE',
      (t, r) => t.likeliest([{ kept: other, count: 1 }, undefined, undefined], 'cosine', r, how),
    ],
    [
      'no pattern',
      'E_ARGUMENT',
      (t, r) => t.likeliest([Object({ count: 1 }), undefined, undefined], 'cosine', r, how),
    ],
    [
      'a pattern that is not canonical',
      'E_CSR',
      (t, r) =>
        t.likeliest(
          [{ kept: { ...kept, indices: kept.indices.map(() => 8) }, count: 1 }, undefined, undefined],
          'cosine',
          r,
          how,
        ),
    ],
    [
      'connections of another layer to go along',
      'E_SHAPE',
      (t, r) =>
        t.likeliest([{ kept, count: 1, along: other }, undefined, undefined], 'cosine', r, {
          ...how,
          guided: 1,
        }),
    ],
    [
      'a least score below 0',
      'E_ARGUMENT',
      (t, r) => t.likeliest([{ kept, count: 1, least: -1 }, undefined, undefined], 'cosine', r, how),
    ],
    [
      'no way to search',
      'E_ARGUMENT',
      (t, r) => t.likeliest([undefined, undefined, undefined], 'cosine', r, Object(undefined)),
    ],
    [
      'null for it',
      'E_ARGUMENT',
      (t, r) => t.likeliest([undefined, undefined, undefined], 'cosine', r, JSON.parse('null')),
    ],
    [
      'a search of another kind',
      'E_ARGUMENT',
      (t, r) =>
        t.likeliest([undefined, undefined, undefined], 'cosine', r, { ...how, search: Object('all') }),
    ],
    [
      'fewer pairs than none',
      'E_ARGUMENT',
      (t, r) => t.likeliest([undefined, undefined, undefined], 'cosine', r, { ...how, pairs: -1 }),
    ],
    [
      'neurons of another layer',
      'E_ARGUMENT',
      (t, r) => {
        const neurons = { inputs: new Uint8Array(30), outputs: new Uint8Array(39) };
        const among = [neurons, undefined, undefined];
        return t.likeliest([undefined, undefined, undefined], 'cosine', r, { ...how, among });
      },
    ],
    [
      'neurons that are a list',
      'E_ARGUMENT',
      (t, r) =>
        t.likeliest([undefined, undefined, undefined], 'cosine', r, {
          ...how,
          among: [Object([1, 2]), undefined, undefined],
        }),
    ],
    [
      'neurons of one layer only',
      'E_ARGUMENT',
      (t, r) => t.likeliest([undefined, undefined, undefined], 'cosine', r, { ...how, among: [undefined] }),
    ],
    [
      'more than all guided',
      'E_ARGUMENT',
      (t, r) => t.likeliest([undefined, undefined, undefined], 'cosine', r, { ...how, guided: 1.1 }),
    ],
  ])('are refused, and the next one is answered: %s', async (_, code, ask) => {
    let before: unknown;
    let isLater = false;
    await during(
      model,
      function* (tools) {
        const rows = tools.sampleRows(20, 'always');
        const right = function* (): Work<unknown> {
          const listed = sampleFree(kept, 30, randomStream(1, 'listed'));
          return [
            yield* tools.scoreAt([listed, undefined, undefined], 'gradient', rows),
            yield* tools.scoreAt([listed, undefined, undefined], 'cosine', rows),
          ];
        };
        before = yield* right();
        if (!isLater) {
          earlier = rows;
          isLater = true;
          return;
        }
        let error: unknown;
        try {
          const answer = ask(tools, rows);
          if (typeof answer === 'object' && answer !== null && 'next' in answer) {
            yield* answer as Work<unknown>;
          }
        } catch (reason) {
          error = reason;
        }
        expect(error).toMatchObject({ name: 'CtreError', code });
        expect(yield* right()).toEqual(before);
      },
      { epochs: 3 },
    );
    expect(isLater).toBe(true);
  });
});

describe('when an update is over', () => {
  const model = problem([8, 12, 9, 3], [40, 50, 20], 100);
  const refused = expect.objectContaining({ code: 'E_ARGUMENT', message: expect.stringMatching(/is over/) });

  it('its tools are refused', async () => {
    let kept: [GrowthTools, RowSample] | undefined;
    await during(model, function* (tools) {
      kept = [tools, tools.sampleRows(50)];
      yield;
    });
    const [tools, rows] = kept ?? expect.fail('there was no update');
    const none = [undefined, undefined, undefined];
    const how = { search: 'auto', pairs: 1 } as const;
    for (const ask of [
      () => tools.carrying(rows).next(),
      () => tools.activations(rows).next(),
      () => tools.gradients(rows).next(),
      () => tools.neuronSums(rows, 'absolute').next(),
      () => tools.scoreAt(none, 'cosine', rows).next(),
      () => tools.likeliest(none, 'cosine', rows, how).next(),
      () => tools.sampleRows(5),
      () => tools.weakest(0, 1),
    ]) {
      expect(ask).toThrow(refused);
    }
  });

  it('the tools of a start are refused, too', async () => {
    let ask: (() => unknown)[] = [];
    const mlp = await SparseMLP.create({
      layers: [8, 12, 3],
      topology: {
        ...topology.fixed(),
        name: 'asking',
        start(network, states, tools) {
          const rows = tools.sampleRows(50);
          const [{ pattern, weights }] = network.layers;
          ask = [
            () => tools.initialGradients(rows).next(),
            () => tools.replace([{ pattern, weights }, undefined]),
          ];
          return states;
        },
      },
    });
    await mlp.fit(model.x, model.y, { epochs: 1 });
    const before = mlp.save();
    expect(ask).toHaveLength(2);
    for (const each of ask) expect(each).toThrow(refused);
    expect(mlp.save()).toEqual(before);
    mlp.dispose();
  });

  it.each([1, 2])('what it left half done is freed, and does not go on (%i threads)', async (threads) => {
    const arenas = [getTrainingEngine(), await getSharedEngine()].map(({ arena }) => arena);
    const usage = () => arenas.map((arena) => [arena.usage().blocks, arena.usage().bytes]);
    const before = usage();
    const left: Work<unknown>[] = [];
    await during(
      model,
      function* (tools, network) {
        const rows = tools.sampleRows(100);
        const last = left.at(-1);
        if (last !== undefined) expect(() => last.next()).toThrow(refused);
        const wanted = network.layers.map(({ pattern }) => ({ kept: pattern, count: 5 }));
        const work = tools.likeliest(wanted, 'cosine', rows, { search: 'auto', pairs: 1 });
        work.next();
        work.next();
        // Tiles have one place: another question would be over the first one's.
        expect(() => tools.carrying(rows).next()).toThrow(/another question to the tools is under way/);
        left.push(work);
        yield;
      },
      { threads, epochs: 4 },
    );
    expect(left).toHaveLength(3);
    expect(usage()).toEqual(before);
  });
});
