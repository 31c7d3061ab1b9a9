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
import { pruneShare } from '../../../src/topology/pruneOptions.ts';
import {
  denseScores,
  evolveOnce,
  type FakeModel,
  fakeModel,
  fakeNetwork,
  fakeTools,
  finish,
  keysOf,
  keysOfPositions,
  largestOutside,
} from '../../support/fakeTools.ts';

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
  it.each([1, 0.5])('anneals ζ as its name says, from the first step to the last update (%d)', (until) => {
    const { progress } = fakeNetwork(fakeModel([3, 2], [2]));
    const at = (annealing: 'constant' | 'cosine' | 'polynomial') =>
      [1, 25, 50, 75, 100].map((step) =>
        pruneShare(
          { pruneFraction: 0.4, annealing, until, every: 0 },
          { ...progress, step: step * until, steps: 100 },
        ),
      );
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

const DIMS = [18, 24, 16, 4];
const COUNTS = [100, 90, 30];

/** A small network as a method starts it, with what it remembers. */
function started(name: MethodName, seed: number, options: object = {}) {
  const method = topologyByName(name, options);
  const shapes = COUNTS.map((nnz, index) => ({ index, inDim: DIMS[index], outDim: DIMS[index + 1], nnz }));
  const starts = shapes.map((shape) => method.init(shape, randomStream(seed, `init/${shape.index}`)));
  const random = randomStream(seed, 'weights');
  const draw = (pattern: CsrPattern) => Float32Array.from(pattern.indices, () => random.next() - 0.5);
  const patterns = starts.map(({ pattern }) => pattern);
  const model: FakeModel = {
    ...fakeModel(DIMS, COUNTS, { seed }),
    patterns,
    weights: patterns.map(draw),
    slots: patterns.map((pattern) => [draw(pattern)]),
  };
  const { tools, asked } = fakeTools(model);
  const before = starts.map(({ state }) => state);
  const states = finish(method.start?.(fakeNetwork(model), before, tools) ?? before);
  const changed = patterns.map((pattern, l) => asked.replaced?.[l]?.pattern ?? pattern);
  return { method, model, states, shapes, patterns: changed };
}

/** One update of a network, applied to it. */
function update(name: MethodName, seed: number) {
  const { method, model, states } = started(name, seed);
  const { edits, evolved } = evolveOnce(method, model, states);
  const layers = model.patterns.map((pattern, l) => {
    const target = {
      current: pattern,
      setPattern: (next: CsrPattern) => {
        target.current = next;
        for (const array of [target.values, ...target.weightSlots]) {
          array.view = new Float32Array(next.indices.length);
        }
      },
      values: { view: model.weights[l].slice() },
      weightSlots: (model.slots?.[l] ?? []).map((slot) => ({ view: slot.slice() })),
    };
    const edit = edits[l];
    const counts = edit && applyEdit(target, planEdit(pattern, edit), () => 9);
    return { target, edit, counts };
  });
  return { model, edits, shrinks: evolved.shrinks ?? false, layers };
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
    const { patterns, shapes, method } = started(name, 1);
    patterns.forEach((pattern, l) => {
      canonical(pattern);
      const { inDim, outDim, nnz } = shapes[l];
      expect([pattern.rows, pattern.cols]).toEqual([outDim, inDim]);
      const isAll = startsFull && pattern.indices.length === inDim * outDim;
      if (!isAll && method.options.memoryBound !== 'soft') expect(pattern.indices.length).toBe(nnz);
    });
  });

  it('starts from the same bytes for the same seed, and from others for another', () => {
    expect(started(name, 4).patterns).toEqual(started(name, 4).patterns);
    if (!startsFull) expect(started(name, 4).patterns).not.toEqual(started(name, 5).patterns);
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
  it.each([1, 2, 3, 4, 5])('keeps count and order; survivors keep weight and momentum (seed %i)', (seed) => {
    const { model, shrinks, layers } = update(name, seed);
    let [pruned, grown] = [0, 0];
    layers.forEach(({ target, edit, counts }, l) => {
      if (edit === undefined || counts === undefined) return;
      canonical(target.current);
      const before = model.patterns[l];
      expect(target.current.indices.length).toBe(
        before.indices.length - counts.pruned + counts.grown + counts.regrown,
      );
      const old = new Map(positionsOf(before).map((position, p) => [position, p]));
      const after = positionsOf(target.current);
      let fresh = 0;
      after.forEach((position, q) => {
        const p = old.get(position);
        if (p === undefined) fresh++;
        expect(target.values.view[q]).toBe(p === undefined ? 9 : model.weights[l][p]);
        expect(target.weightSlots[0].view[q]).toBe(p === undefined ? 0 : model.slots?.[l][0][p]);
      });
      expect(fresh).toBe(counts.grown);
      const strong = positionsOf(before).filter((_, p) => !edit.prune.includes(p));
      expect(strong.filter((position) => !after.includes(position))).toEqual([]);
      pruned += counts.pruned;
      grown += counts.grown + counts.regrown;
    });
    expect(pruned).toBeGreaterThan(0);
    if (shrinks) expect(grown).toBeLessThanOrEqual(pruned);
    else expect(grown).toBe(pruned);
  });

  it('does the same for the same seed', () => {
    expect(update(name, 7).edits).toEqual(update(name, 7).edits);
  });
});

describe('what distinguishes the methods', () => {
  const model = fakeModel(DIMS, COUNTS, { seed: 6 });
  const states = COUNTS.map(() => null);
  /** By layer, the largest cosines outside of what an edit keeps. */
  const alike = (prunes: readonly (Int32Array | undefined)[]) => {
    const dense = denseScores(model, 'cosine', [...model.x.keys()]);
    return model.patterns.map((pattern, l) => {
      const prune = prunes[l] ?? new Int32Array(0);
      const found = largestOutside(removeConnections(pattern, prune), dense[l], prune.length);
      return keysOfPositions(found, pattern.cols);
    });
  };

  it('cte grows the largest cosines and nothing else', () => {
    const { edits } = evolveOnce(topology.cte(), model, states);
    const best = alike(edits.map((edit) => edit?.prune));
    edits.forEach((edit, l) => {
      expect(edit?.prune.length).toBe(Math.floor(0.2 * COUNTS[l]));
      expect(keysOfPositions(edit?.grow ?? noPositions, DIMS[l])).toEqual(best[l]);
      expect(edit?.random.cols.length).toBe(0);
    });
  });

  it('ctre-sim replaces the largest cosines that were just pruned, and only those', () => {
    const { edits } = evolveOnce(topology.ctreSim({ pruneFraction: 0.6 }), model, states);
    const best = alike(edits.map((edit) => edit?.prune));
    let replaced = 0;
    edits.forEach((edit, l) => {
      const old = new Set(keysOf(model.patterns[l]));
      const fresh = best[l].filter((key) => !old.has(key));
      const random = keysOfPositions(edit?.random ?? noPositions, DIMS[l]);
      expect(random).toHaveLength(best[l].length - fresh.length);
      replaced += random.length;
      const grown = keysOfPositions(edit?.grow ?? noPositions, DIMS[l]);
      expect(grown.filter((key) => !random.includes(key))).toEqual(fresh);
      expect(random.filter((key) => best[l].includes(key) || !grown.includes(key))).toEqual([]);
    });
    expect(replaced).toBeGreaterThan(0);
  });

  it('ctre-seq turns random for good once the accuracy has stood still for `patience` epochs', () => {
    const method = topology.ctreSeq({ patience: 3 });
    let { states } = started('ctre-seq', 1);
    const accuracies = [0.5, 0.6, 0.6, 0.55, 0.6, 0.9, 0.95];
    const atRandom = accuracies.map((accuracy, e) => {
      const progress = { epoch: e + 1, step: 10 * (e + 1), accuracy };
      const { evolved, edits } = evolveOnce(method, { ...model, progress }, states as never);
      states = evolved.states;
      const random = edits.every((edit) => edit?.random.cols.length === edit?.grow.cols.length);
      expect(evolved.by).toBe(random ? undefined : 'cosine');
      return random;
    });
    expect(atRandom).toEqual([false, false, false, false, true, true, true]);
  });

  it('ctre-seq counts epochs, not updates', () => {
    const method = topology.ctreSeq({ patience: 3, every: 10 });
    let { states } = started('ctre-seq', 1);
    const atRandom = [1, 1, 1, 1, 2, 3, 4].map((epoch, u) => {
      const progress = { epoch, step: 10 * (u + 1), accuracy: 0.5 };
      const { evolved } = evolveOnce(method, { ...model, progress }, states as never);
      states = evolved.states;
      return evolved.by === undefined;
    });
    expect(atRandom).toEqual([false, false, false, false, false, false, true]);
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
    expect(() => planEdit(target.current, edit)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
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
    expect(planEdit(start().current, grown).edit).toBe(grown);
    expect(() => planEdit(start().current, edit)).toThrow(/drawn at random/);
  });
});
