import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { checkCsr } from '../../../src/matrix/canonical.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import type { Positions } from '../../../src/matrix/pattern.ts';
import {
  addPositions,
  type CsrPattern,
  mergePositions,
  noPositions,
  positionsOutside,
  removeConnections,
} from '../../../src/matrix/pattern.ts';
import { randomPattern, sampleFree } from '../../../src/matrix/sampling.ts';
import { connectionCounts } from '../../../src/topology/density.ts';
import { applyEdit, planEdit } from '../../../src/topology/edit.ts';
import {
  METHOD_NAMES,
  type MethodName,
  methods,
  topology,
  topologyByName,
} from '../../../src/topology/methods.ts';
import { pruneSchedule } from '../../../src/topology/pruneOptions.ts';
import type { EvolvingLayer } from '../../../src/topology/topology.ts';

const positionsOf = (pattern: CsrPattern): string[] =>
  Array.from({ length: pattern.rows }, (_, r) =>
    Array.from(pattern.indices.slice(pattern.indptr[r], pattern.indptr[r + 1]), (c) => `${r},${c}`),
  ).flat();
const names = ({ rows, cols }: Positions): string[] => Array.from(rows, (r, e) => `${r},${cols[e]}`);
const canonical = (pattern: CsrPattern): void => checkCsr(pattern);

describe('density', () => {
  // Connections a layer as the published rule gives them (reference-results.md).
  it.each([
    ['Madelon', [500, 1000, 1000, 1000, 2], 1, [1500, 2000, 2000, 1002]],
    ['PCMAC', [3289, 1000, 1000, 1000, 2], 1, [4289, 2000, 2000, 1002]],
    ['MNIST', [784, 1000, 1000, 1000, 10], 1, [1784, 2000, 2000, 1010]],
    ['Madelon, last layer full', [500, 1000, 1000, 1000, 2], 5, [7500, 10000, 10000, 2000]],
  ])('follows the Erdős–Rényi rule: %s', (_, dims, epsilon, expected) => {
    expect(connectionCounts(dims, { epsilon })).toEqual(expected);
  });

  it.each(['er', 'erk'] as const)(
    'spreads an overall density by %s, full layers taken out',
    (distribution) => {
      const counts = connectionCounts([784, 300, 100, 10], { density: 0.1, distribution });
      const total = counts.reduce((a, b) => a + b);
      expect(Math.abs(total - 0.1 * (784 * 300 + 300 * 100 + 100 * 10))).toBeLessThan(counts.length + 1);
      expect(counts[2]).toBe(1000);
    },
  );

  it('takes one density for all layers, or one for each', () => {
    expect(connectionCounts([10, 20, 5], { density: 0.5, distribution: 'uniform' })).toEqual([100, 50]);
    expect(connectionCounts([10, 20, 5], { density: [0.1, 1] })).toEqual([20, 100]);
  });

  it.each([
    [{ epsilon: 0 }],
    [{ epsilon: -1 }],
    [{ epsilon: Number.NaN }],
    [{ density: 0 }],
    [{ density: 1.5 }],
    [{ epsilon: 1, density: 0.5 }],
    [{ density: [0.5, 0] }],
  ])('refuses %o', (options) => {
    expect(() => connectionCounts([10, 20, 5], options)).toThrow(
      expect.objectContaining({ code: 'E_ARGUMENT' }),
    );
  });
});

describe('patterns', () => {
  it.each([
    [1, 1, 1],
    [5, 7, 0],
    [5, 7, 35],
    [40, 30, 600],
    [40, 30, 1199],
    [1000, 3, 17],
  ])('randomPattern(%i × %i, %i) is canonical and of that size', (rows, cols, nnz) => {
    const pattern = randomPattern(rows, cols, nnz, randomStream(3, 'pattern'));
    canonical(pattern);
    expect(pattern.indices.length).toBe(nnz);
  });

  it('draws every free position equally often', () => {
    const taken = randomPattern(6, 5, 12, randomStream(1, 'taken'));
    const hits = new Map<string, number>();
    const random = randomStream(2, 'draw');
    const rounds = 3000;
    for (let round = 0; round < rounds; round++) {
      for (const name of names(sampleFree(taken, 4, random))) hits.set(name, (hits.get(name) ?? 0) + 1);
    }
    const free = 18;
    expect(hits.size).toBe(free);
    expect(positionsOf(taken).filter((name) => hits.has(name))).toEqual([]);
    // χ² with 17 degrees of freedom stays below 50 with probability 0.99996.
    const mean = (rounds * 4) / free;
    const chi2 = [...hits.values()].reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0);
    expect(chi2).toBeLessThan(50);
  });

  it('removes, adds, merges and subtracts as sets do', () => {
    const pattern = randomPattern(20, 15, 90, randomStream(5, 'p'));
    const removed = Int32Array.from([0, 3, 4, 50, 89]);
    const kept = removeConnections(pattern, removed);
    canonical(kept);
    const all = positionsOf(pattern);
    expect(positionsOf(kept)).toEqual(all.filter((_, p) => !removed.includes(p)));
    const a = sampleFree(kept, 30, randomStream(5, 'a'));
    const grown = addPositions(kept, a);
    canonical(grown);
    expect(positionsOf(grown).sort()).toEqual([...positionsOf(kept), ...names(a)].sort());
    const b = sampleFree(grown, 20, randomStream(5, 'b'));
    const merged = mergePositions(a, b);
    expect(positionsOf(addPositions(kept, merged))).toEqual(positionsOf(addPositions(grown, b)));
    expect(names(positionsOutside(grown, merged))).toEqual(names(b));
  });
});

describe('schedule', () => {
  it('anneals ζ as its name says, from the first epoch to the last', () => {
    const at = (annealing: 'constant' | 'cosine' | 'polynomial') => {
      const { fraction } = pruneSchedule({ pruneFraction: 0.4, annealing });
      return [1, 25, 50, 75, 100].map((epoch) => fraction(epoch, 100));
    };
    const want = (shape: (t: number) => number) => [0.01, 0.25, 0.5, 0.75, 1].map((t) => 0.4 * shape(t));
    const close = (got: number[], expected: number[]) =>
      got.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 6);
      });
    close(
      at('constant'),
      want(() => 1),
    );
    close(
      at('cosine'),
      want((t) => (1 + Math.cos(Math.PI * t)) / 2),
    );
    close(
      at('polynomial'),
      want((t) => (1 - t) ** 3),
    );
  });
});

/** A layer with weights, momentum and everything a method could need. */
function makeLayer(name: MethodName, seed: number) {
  const [outDim, inDim, nnz] = [24, 18, 100];
  const method = topologyByName(name);
  const random = randomStream(seed, 'weights');
  const dense = () => Float32Array.from({ length: outDim * inDim }, () => random.next() - 0.5);
  const initial = { weights: dense(), gradient: dense() };
  const needsInitial = method.needs.includes('initialGradient');
  const shape = { index: 0, inDim, outDim, nnz, ...(needsInitial && { initial }) };
  const { pattern, state } = method.init(shape, randomStream(seed, 'init'));
  const values = Float32Array.from(pattern.indices, () => random.next() - 0.5);
  const momentum = Float32Array.from(pattern.indices, () => random.next() - 0.5);
  return { method, pattern, state, values, momentum, shape };
}

/** One update with every input a method may ask for; candidates are any k free positions. */
function update(name: MethodName, seed: number, accuracy = 0.5) {
  const { method, pattern, state, values, momentum, shape } = makeLayer(name, seed);
  const count = 20;
  const weakest = Int32Array.from(
    [...values.keys()].sort((p, q) => Math.abs(values[p]) - Math.abs(values[q])).slice(0, count),
  ).sort();
  const candidates = sampleFree(removeConnections(pattern, weakest), count, randomStream(seed, 'candidates'));
  const layer: EvolvingLayer = {
    ...shape,
    pattern,
    values,
    weakest,
    candidates,
    progress: { epoch: 1, epochs: 10, accuracy },
  };
  const evolved = method.evolve?.(layer, state, randomStream(seed, 'evolve'));
  if (evolved === undefined) return undefined;
  const target = {
    current: pattern,
    pattern: () => target.current,
    setPattern: (next: CsrPattern) => {
      target.current = next;
      for (const array of [target.values, ...target.weightSlots]) {
        array.view = array.view.slice(0, next.indices.length);
      }
    },
    values: { view: values.slice() },
    weightSlots: [{ view: momentum.slice() }],
  };
  const counts = applyEdit(target, planEdit(pattern, evolved.edit, method.pruneCount !== undefined), () => 9);
  return { before: { pattern, values, momentum }, weakest, edit: evolved.edit, target, counts, candidates };
}

const evolvingNames = METHOD_NAMES.filter((name) => topologyByName(name).evolve !== undefined);

describe('the table of methods', () => {
  const folder = new URL('../../../src/topology/methods/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));

  it.each(files)('has the method of methods/%s', async (file) => {
    const key = file.replace(/\.ts$/, '');
    const module: Record<string, unknown> = await import(new URL(file, folder).href);
    expect(Object.values(methods), `add ${key} to src/topology/methods.ts`).toContain(module[key]);
    expect(Object.keys(topology)).toContain(key);
  });

  it('has nothing but the methods of its folder, each by a name of its own', () => {
    expect(METHOD_NAMES).toHaveLength(files.length);
    expect(Object.keys(topology)).toHaveLength(files.length);
  });
});

describe.each(METHOD_NAMES)('the laws, for %s', (name) => {
  const { startsFull } = topologyByName(name);

  it('starts canonical, with the number of connections asked for, or all', () => {
    const { pattern, shape } = makeLayer(name, 1);
    canonical(pattern);
    expect(pattern.indices.length).toBe(startsFull ? shape.inDim * shape.outDim : shape.nnz);
  });

  it('starts from the same bytes for the same seed, and from others for another', () => {
    expect(makeLayer(name, 4).pattern).toEqual(makeLayer(name, 4).pattern);
    if (!startsFull) expect(makeLayer(name, 4).pattern).not.toEqual(makeLayer(name, 5).pattern);
  });

  it('makes itself again from its name and options', () => {
    const made = topologyByName(name);
    const again = topologyByName(made.name, JSON.parse(JSON.stringify(made.options)));
    expect(again.options).toEqual(made.options);
    expect(made.name).toBe(name);
    expect(() => topologyByName(name, { zeta: 1 })).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
  });

  it('says in a line each what it does and where it is from', () => {
    const { about, source } = methods[name];
    for (const text of [about, source]) expect(text).toMatch(/^\S.*\S$/);
    expect(about.length).toBeLessThan(72);
  });

  it('takes the options that its entry lists, with their defaults', () => {
    const { options } = methods[name];
    const defaults = Object.fromEntries(
      Object.entries(options).map(([key, option]) => [key, option.default]),
    );
    expect(topologyByName(name).options).toEqual(defaults);
    expect(Object.isFrozen(options)).toBe(true);
    for (const key of Object.keys(options)) {
      expect(() => topologyByName(name, { [key]: 'nonsense' })).toThrow(
        expect.objectContaining({ code: 'E_ARGUMENT', message: expect.stringContaining(key) }),
      );
      expect(() => topologyByName(name, { [key]: null })).toThrow(
        expect.objectContaining({ code: 'E_ARGUMENT' }),
      );
    }
  });

  it('uses the options that it checked: each is read once', () => {
    for (const [key, option] of Object.entries(methods[name].options)) {
      let reads = 0;
      const options = {
        get [key]() {
          reads++;
          return reads === 1 ? option.default : 'changed since';
        },
      };
      expect(topologyByName(name, options).options[key]).toBe(option.default);
      expect(reads).toBe(1);
    }
  });
});

describe.each(evolvingNames)('the laws of evolution, for %s', (name) => {
  const { pruneCount } = topologyByName(name);

  it.each([1, 2, 3, 4, 5])('keeps count and order; survivors keep weight and momentum (seed %i)', (seed) => {
    const result = update(name, seed);
    if (result === undefined) throw new Error('it does not evolve');
    const { before, weakest, target, counts, edit } = result;
    canonical(target.current);
    const lost = pruneCount === undefined ? 0 : weakest.length;
    expect(target.current.indices.length).toBe(before.pattern.indices.length - lost);
    const old = new Map(positionsOf(before.pattern).map((position, p) => [position, p]));
    let fresh = 0;
    const after = positionsOf(target.current);
    after.forEach((position, q) => {
      const p = old.get(position);
      if (p === undefined) fresh++;
      expect(target.values.view[q]).toBe(p === undefined ? 9 : before.values[p]);
      expect(target.weightSlots[0].view[q]).toBe(p === undefined ? 0 : before.momentum[p]);
    });
    expect(fresh).toBe(counts.grown);
    expect(counts.pruned).toBe(weakest.length);
    expect(counts.grown + counts.regrown).toBe(counts.pruned - lost);
    const strong = positionsOf(before.pattern).filter((_, p) => !edit.prune.includes(p));
    expect(strong.filter((position) => !after.includes(position))).toEqual([]);
  });

  it('does the same for the same seed', () => {
    expect(update(name, 7)?.edit).toEqual(update(name, 7)?.edit);
  });
});

describe('what distinguishes the methods', () => {
  it('prune comes down from all connections to those asked for, by Zhu and Gupta’s cubic schedule', () => {
    const { pruneCount } = topologyByName('prune', { until: 0.5 });
    const [full, target, epochs] = [30 * 20, 60, 41];
    let nnz = full;
    for (let epoch = 1; epoch < epochs; epoch++) {
      const shape = { index: 0, inDim: 20, outDim: 30, nnz };
      nnz -= pruneCount?.(shape, { target }, { epoch, epochs, accuracy: 0 }) ?? 0;
      const left = Math.max(0, 1 - epoch / 20) ** 3;
      expect(Math.abs(nnz - (target + (full - target) * left))).toBeLessThan(1.001);
    }
    expect(nnz).toBe(target);
  });

  it('cte, rigl and momentum grow their candidates and nothing else', () => {
    for (const name of ['cte', 'rigl', 'momentum'] as const) {
      const result = update(name, 1);
      expect(result?.edit.grow).toEqual(result?.candidates);
      expect(result?.edit.random.cols.length).toBe(0);
    }
  });

  it('ctre-sim replaces the candidates that were just pruned, and only those', () => {
    const result = update('ctre-sim', 1);
    if (result === undefined) throw new Error('it does not evolve');
    const old = positionsOf(result.before.pattern);
    const fresh = names(result.candidates).filter((position) => !old.includes(position));
    expect(result.edit.random.cols.length).toBe(result.candidates.cols.length - fresh.length);
    expect(result.edit.random.cols.length).toBeGreaterThan(0);
    const grown = names(result.edit.grow);
    expect(fresh.filter((position) => !grown.includes(position))).toEqual([]);
    const drawn = grown.filter((position) => !fresh.includes(position));
    expect(drawn.filter((position) => names(result.candidates).includes(position))).toEqual([]);
  });

  it('ctre-seq turns random for good once the accuracy has stood still for `patience` epochs', () => {
    const method = topologyByName('ctre-seq', { patience: 3 });
    const { pattern, values, shape } = makeLayer('ctre-seq', 1);
    const weakest = Int32Array.from([0, 1, 2]);
    const candidates = sampleFree(removeConnections(pattern, weakest), 3, randomStream(1, 'c'));
    let state = method.init(shape, randomStream(1, 'init')).state;
    const accuracies = [0.5, 0.6, 0.6, 0.55, 0.6, 0.9, 0.95];
    const atRandom = accuracies.map((accuracy, e) => {
      const progress = { epoch: e + 1, epochs: 10, accuracy };
      const wants = method.candidatesBy?.(state, progress) === 'activations';
      const result = method.evolve?.(
        { ...shape, pattern, values, weakest, candidates, progress },
        state,
        randomStream(e, 'evolve'),
      );
      if (result === undefined) throw new Error('it does not evolve');
      state = result.state;
      expect(wants).toBe(result.edit.random.cols.length === 0);
      return result.edit.random.cols.length > 0;
    });
    expect(atRandom).toEqual([false, false, false, false, true, true, true]);
  });

  it('snip keeps the largest |gradient · weight|', () => {
    const { pattern, shape } = makeLayer('snip', 3);
    const { weights, gradient } = (shape as { initial: { weights: Float32Array; gradient: Float32Array } })
      .initial;
    const ranked = Array.from(weights, (w, p) => ({ p, s: Math.fround(Math.abs(w * gradient[p])) }))
      .sort((a, b) => b.s - a.s || a.p - b.p)
      .slice(0, shape.nnz)
      .map(({ p }) => `${Math.floor(p / shape.inDim)},${p % shape.inDim}`);
    expect(positionsOf(pattern).sort()).toEqual(ranked.sort());
  });
});

describe('planEdit refuses what would break the layer, and leaves it alone', () => {
  const start = () => {
    const matrix = CsrMatrix.fromParts({
      rows: 2,
      cols: 3,
      indptr: [0, 2, 3],
      indices: [0, 2, 1],
      values: [1, 2, 3],
    });
    const pattern: CsrPattern = matrix;
    const target = {
      current: pattern,
      pattern: () => target.current,
      setPattern: (next: CsrPattern) => {
        target.current = next;
      },
      values: { view: matrix.values.slice() },
      weightSlots: [],
    };
    return target;
  };
  it.each([
    ['more grown than pruned', [0], [0, 1], [1, 0]],
    ['a kept connection grown', [0], [0], [2]],
    ['a position out of range', [0], [0], [3]],
    ['a row out of range', [0], [2], [0]],
    ['a position twice', [0, 1], [0, 0], [1, 1]],
    ['positions out of order', [0, 1], [1, 0], [0, 1]],
    ['pruned out of order', [1, 0], [0, 1], [1, 0]],
  ])('%s', (_, prune, rows, cols) => {
    const target = start();
    const edit = {
      prune: Int32Array.from(prune),
      grow: { rows: Int32Array.from(rows), cols: Int32Array.from(cols) },
      random: noPositions,
    };
    expect(() => planEdit(target.current, edit, false)).toThrow(
      expect.objectContaining({ code: 'E_ARGUMENT' }),
    );
    expect(target.current).toEqual(start().current);
    expect(target.values.view).toEqual(start().values.view);
  });

  it.each([
    ['drawn and not grown', [1], [1]],
    ['drawn out of order', [1, 0], [0, 1]],
    ['drawn without columns', [0], []],
  ])('%s', (_, rows, cols) => {
    const edit = {
      prune: Int32Array.of(0, 2),
      grow: { rows: Int32Array.of(0, 1), cols: Int32Array.of(1, 0) },
      random: { rows: Int32Array.from(rows), cols: Int32Array.from(cols) },
    };
    const grown = { ...edit, random: edit.grow };
    expect(planEdit(start().current, grown, false).edit).toBe(grown);
    expect(() => planEdit(start().current, edit, false)).toThrow(/drawn at random/);
  });
});
