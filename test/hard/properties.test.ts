import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.ts';
import { getEngine } from '../../src/engine/engine.ts';
import { CsrMatrix, type CsrPattern, initializer, optimizer, SparseMLP } from '../../src/index.ts';
import { checkCsr } from '../../src/matrix/canonical.ts';
import type { Positions } from '../../src/matrix/pattern.ts';
import { addPositions, mergePositions, noPositions, removeConnections } from '../../src/matrix/pattern.ts';
import { randomPattern, sampleFree } from '../../src/matrix/sampling.ts';
import { Layer } from '../../src/nn/layer.ts';
import { applyEdit, comparePatterns, planEdit } from '../../src/topology/edit.ts';
import type { MethodOption } from '../../src/topology/method.ts';
import { METHOD_NAMES, methods, topologyByName } from '../../src/topology/methods.ts';
import { effort, runSeed } from '../support/effort.ts';

/**
 * fast-check's seed is the run's: its report names the path to the smallest failure, CTRE_SEED and that path
 * run it again.
 */
const parameters = (runs: number) => ({ seed: runSeed, numRuns: runs, path: process.env.CTRE_PATH });

/** Laws of one matrix, looked at from outside: no part of the code under test decides. */
function checkCanonical({ rows, cols, indptr, indices, values }: CsrMatrix): void {
  expect(indptr.length).toBe(rows + 1);
  expect(indptr[0]).toBe(0);
  expect(indptr[rows]).toBe(indices.length);
  expect(values.length).toBe(indices.length);
  for (let r = 0; r < rows; r++) {
    expect(indptr[r + 1]).toBeGreaterThanOrEqual(indptr[r]);
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      const previous = p === indptr[r] ? -1 : indices[p - 1];
      if (!(indices[p] > previous && indices[p] < cols)) {
        throw new Error(`row ${r}: column ${indices[p]} after ${previous} of ${cols}`);
      }
    }
  }
  expect(values.every(Number.isFinite)).toBe(true);
}

/** The CSC of a layer says the same as its CSR: every connection once, in the order of columns, then rows. */
function checkTransposed(layer: Layer): void {
  const { structure, inDim, outDim } = layer;
  if (structure === undefined) return;
  const { indptr, indices } = layer.pattern();
  const triples: [col: number, row: number, place: number][] = [];
  for (let r = 0; r < outDim; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) triples.push([indices[p], r, p]);
  }
  triples.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  expect(Array.from(structure.rowIdx.view)).toEqual(triples.map(([, row]) => row));
  expect(Array.from(structure.perm.view)).toEqual(triples.map(([, , place]) => place));
  const offsets = Array.from({ length: inDim + 1 }, (_, c) => triples.filter(([col]) => col < c).length);
  expect(Array.from(structure.colPtr.view)).toEqual(offsets);
}

const size = fc.integer({ min: 1, max: 14 });
const methodName = fc.constantFrom(...METHOD_NAMES);
const share = fc.oneof(fc.constantFrom(0, 1, 0.2), fc.double({ min: 0, max: 1, noNaN: true }));
/** Values that an option of a method can have. */
function optionValues(option: MethodOption): fc.Arbitrary<unknown> {
  if (option.kind === 'choice') return fc.constantFrom(...option.choices);
  const { least, most } = option.bounds;
  // The default is no limit; small numbers keep trainings short.
  if (option.kind === 'integer') return fc.integer({ min: least, max: Math.min(most ?? 4, 4) });
  return least === 0 && most === 1 ? share : fc.double({ min: least, max: most ?? least + 4, noNaN: true });
}
/** A method, and any of the options it takes. */
const method = methodName.chain((name) => {
  const values = Object.entries(methods[name].options).map(
    ([key, option]): [string, fc.Arbitrary<unknown>] => [key, optionValues(option)],
  );
  return fc.record({
    name: fc.constant(name),
    options: fc.record(Object.fromEntries(values), { requiredKeys: [] }),
  });
});
const density = fc.oneof(
  fc.record({ epsilon: fc.double({ min: 0.2, max: 6, noNaN: true }) }),
  fc.record({
    density: fc.double({ min: 0.05, max: 1, noNaN: true }),
    distribution: fc.constantFrom('er' as const, 'erk' as const, 'uniform' as const),
  }),
);

const creation = fc.record({
  dims: fc.tuple(size, fc.array(size, { maxLength: 3 }), fc.integer({ min: 2, max: 5 })),
  method,
  density,
  weights: fc.constantFrom(initializer.glorot(), initializer.sparseHe(), initializer.uniform({ bound: 0.3 })),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('train' as const),
      rows: fc.integer({ min: 1, max: 70 }),
      epochs: fc.integer({ min: 1, max: 4 }),
      batchSize: fc.integer({ min: 1, max: 80 }),
      sparse: fc.boolean(),
      adam: fc.boolean(),
      seed: fc.nat(1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('save' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('load' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('copy' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('create' as const), creation }) },
);

type Creation = typeof creation extends fc.Arbitrary<infer T> ? T : never;

function createModel({ dims, method, density, weights, seed }: Creation) {
  const [inputs, hidden, classes] = dims;
  return SparseMLP.create({
    layers: [inputs, ...hidden, classes],
    ...density,
    topology: topologyByName(method.name, method.options),
    initializer: weights,
    seed,
  });
}

/** Samples small enough that no training of these diverges. */
function samples(rows: number, cols: number, classes: number, seed: number) {
  const random = randomStream(seed, 'samples');
  const data = Float32Array.from({ length: rows * cols }, () => (random.next() < 0.4 ? 0 : random.next()));
  const y = Int32Array.from({ length: rows }, () => random.below(classes));
  return { x: { rows, cols, data }, y };
}

describe(`any sequence of calls (CTRE_SEED=${runSeed})`, () => {
  it('leaves canonical matrices of as many connections as there were', async () => {
    const { arena } = getEngine();
    const { blocks } = arena.usage();
    const sequence = fc.tuple(creation, fc.array(command, { minLength: 1, maxLength: 6 }));
    await fc.assert(
      fc.asyncProperty(sequence, async ([first, commands]) => {
        let model = await createModel(first).catch((error: unknown) => {
          // A density that leaves a layer without a connection.
          expect(error).toMatchObject({ code: 'E_ARGUMENT' });
          return undefined;
        });
        if (model === undefined) return;
        try {
          let counts = model.layers.map(({ nnz }) => nnz);
          let fixed: string | undefined;
          const pattern = (): string =>
            JSON.stringify(
              model?.layers.map(({ weights: { indptr, indices } }) => [[...indptr], [...indices]]),
            );
          for (const step of commands) {
            if (step.do === 'create') {
              const other = await createModel(step.creation).catch(() => undefined);
              if (other !== undefined) {
                model.dispose();
                model = other;
                counts = model.layers.map(({ nnz }) => nnz);
                fixed = undefined;
              }
            } else if (step.do === 'train') {
              const { layers } = model;
              const { evolve, start } = topologyByName(model.method);
              const { x, y } = samples(step.rows, layers[0].inDim, layers.at(-1)?.outDim ?? 0, step.seed);
              const { epochs } = model;
              const before = pattern();
              await model.fit(step.sparse ? CsrMatrix.fromDense(x) : x, y, {
                epochs: step.epochs,
                batchSize: step.batchSize,
                optimizer: step.adam ? optimizer.adam() : optimizer.sgd(),
              });
              expect(model.epochs).toBe(epochs + step.epochs);
              // Without an update the pattern stays, but for a choice before the first step.
              const isChosen = start !== undefined && fixed === undefined;
              if (evolve === undefined && !isChosen) expect(pattern()).toBe(before);
              if (isChosen) fixed = pattern();
            } else {
              const bytes = model.save();
              expect(model.save()).toEqual(bytes);
              if (step.do === 'load') {
                model.dispose();
                model = await SparseMLP.load(bytes);
                expect(model.save()).toEqual(bytes);
              } else if (step.do === 'copy') {
                const copy = await SparseMLP.load(bytes);
                expect(copy.save()).toEqual(bytes);
                copy.dispose();
                // A copy of the weights is a copy: what becomes of it is nothing to the model.
                for (const { weights } of model.layers) weights.indices.fill(-1);
                expect(model.save()).toEqual(bytes);
              }
            }
            const now = model.layers.map(({ nnz }) => nnz);
            // Some methods move connections between layers, some come down to fewer; none gets more.
            const total = (list: number[]): number => list.reduce((sum, nnz) => sum + nnz, 0);
            if (/^(prune|mest)$/.test(model.method)) expect(total(now)).toBeLessThanOrEqual(total(counts));
            else expect(total(now)).toBe(total(counts));
            counts = now;
            for (const { weights, bias, nnz } of model.layers) {
              checkCanonical(weights);
              expect(weights.nnz).toBe(nnz);
              expect(bias.every(Number.isFinite)).toBe(true);
            }
          }
        } finally {
          model.dispose();
        }
        expect(arena.usage().blocks).toBe(blocks);
      }),
      parameters(effort(150, 10_000)),
    );
  });
});

describe(`any sequence of edits (CTRE_SEED=${runSeed})`, () => {
  const edits = fc.record({
    rows: size,
    cols: size,
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    slots: fc.integer({ min: 0, max: 2 }),
    seed: fc.nat(1e6),
    steps: fc.array(
      fc.record({
        prune: fc.double({ min: 0, max: 1, noNaN: true }),
        again: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  });

  it('moves weight and optimiser state with their connection, and CSC with CSR', () => {
    const { arena } = getEngine();
    fc.assert(
      fc.property(edits, ({ rows, cols, share, slots, seed, steps }) => {
        let layer: Layer | undefined;
        try {
          const random = randomStream(seed, 'edits');
          const nnz = Math.max(1, Math.floor(share * (rows * cols - 1)));
          if (nnz >= rows * cols) return;
          layer = new Layer(arena, 0, cols, rows, nnz);
          layer.setPattern(randomPattern(rows, cols, nnz, random));
          layer.setSlots(layer.allocateSlots(slots));
          for (const { view } of [layer.values, ...layer.weightSlots]) {
            for (let p = 0; p < nnz; p++) view[p] = 1 + random.next();
          }
          for (const { prune, again } of steps) {
            const before = contents(layer);
            const pattern = layer.pattern();
            const all = Int32Array.from({ length: nnz }, (_, p) => p);
            random.shuffle(all);
            const pruned = all.slice(0, Math.floor(prune * nnz)).sort();
            const kept = removeConnections(pattern, pruned);
            const grow = growth(pattern, kept, pruned, again, random);
            let fresh = 0;
            const counts = applyEdit(
              layer,
              planEdit(pattern, { prune: pruned, grow, random: noPositions }),
              () => -++fresh,
            );
            const after = contents(layer);
            const changed = comparePatterns(pattern, layer.pattern(), grow);
            const places = ({ rows, cols }: Positions): string[] =>
              Array.from(rows, (row, e) => `${row},${cols[e]}`);
            expect(places(changed.pruned)).toEqual([...before.keys()].filter((place) => !after.has(place)));
            expect(places(changed.grown)).toEqual([...after.keys()].filter((place) => !before.has(place)));
            expect(changed.random).toEqual(changed.grown);
            checkCsr(layer.pattern());
            checkCanonical(CsrMatrix.fromParts({ ...layer.pattern(), values: layer.values.view }));
            checkTransposed(layer);
            expect(after.size).toBe(nnz);
            let [drawn, survivors] = [0, 0];
            for (const [place, [weight, ...state]] of after) {
              const old = before.get(place);
              if (old === undefined) {
                drawn++;
                expect([weight, ...state]).toEqual([-drawn, ...state.map(() => 0)]);
              } else {
                survivors++;
                expect([weight, ...state]).toEqual(old);
              }
            }
            expect(drawn).toBe(fresh);
            expect(counts).toEqual({
              pruned: pruned.length,
              regrown: survivors - (nnz - pruned.length),
              grown: drawn,
              random: 0,
            });
          }
        } finally {
          layer?.free();
        }
      }),
      parameters(effort(300, 10_000)),
    );
  });

  /** By position, the weight and the optimiser's state. */
  function contents(layer: Layer): Map<string, number[]> {
    const { indptr, indices, rows } = layer.pattern();
    const all = new Map<string, number[]>();
    for (let r = 0; r < rows; r++) {
      for (let p = indptr[r]; p < indptr[r + 1]; p++) {
        all.set(`${r},${indices[p]}`, [
          layer.values.view[p],
          ...layer.weightSlots.map(({ view }) => view[p]),
        ]);
      }
    }
    return all;
  }

  /**
   * As many positions as were pruned: about `again` of them just pruned, the others where nothing was, as far
   * as there is room.
   */
  function growth(
    pattern: CsrPattern,
    kept: CsrPattern,
    pruned: Int32Array,
    again: number,
    random: ReturnType<typeof randomStream>,
  ) {
    const free = pattern.rows * pattern.cols - pattern.indices.length;
    const fresh = Math.min(free, pruned.length - Math.floor(again * pruned.length));
    const new_ = sampleFree(pattern, fresh, random);
    // What is neither kept nor free was pruned: the complement of both is drawn from.
    const occupied = addPositions(kept, sampleFree(pattern, free, random));
    return mergePositions(new_, sampleFree(occupied, pruned.length - fresh, random));
  }
});
