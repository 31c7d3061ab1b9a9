// Attribution against float64: forward and backward in plain loops over a dense matrix, with the error that
// float32 may make (rounding.ts). Finite differences check the loops themselves.
import { describe, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import { CsrMatrix, type Labels, SparseMLP } from '../../../src/index.ts';
import { type DenseLayer, drawLayers, openLayers, sumsOf } from '../../support/denseNetwork.ts';
import { effort, runRandom, runSeed } from '../../support/effort.ts';
import { quadrants } from '../../support/problems.ts';
import { Approximate } from '../../support/rounding.ts';

const ZERO = new Approximate(0);

/** The gradient of a row's logit at its inputs. */
function gradientOf(layers: readonly DenseLayer[], row: readonly number[], label: number): Approximate[] {
  const sums = sumsOf(
    layers,
    row.map((value) => new Approximate(value)),
  );
  let delta = layers[layers.length - 1].bias.map((_, c) => new Approximate(Number(c === label)));
  for (let l = layers.length - 1; l >= 0; l--) {
    const { weights } = layers[l];
    delta = weights[0].map((_, j) => {
      const terms = weights.flatMap((list, i) =>
        list[j] === 0 ? [] : [[new Approximate(list[j]), delta[i]] as const],
      );
      const gradient = Approximate.inner(undefined, terms);
      if (l === 0) return gradient;
      const z = sums[l - 1][j];
      // A neuron at the border fires or not.
      if (z.error > 0 && Math.abs(z.value) <= z.error) {
        return new Approximate(gradient.value, Math.abs(gradient.value) + gradient.error);
      }
      return z.value > 0 ? gradient : ZERO;
    });
  }
  return delta;
}

const shapes: [name: string, dims: number[], density: number[]][] = [
  ['sparse', [7, 9, 8, 3], [0.4, 0.4, 0.5]],
  ['with every connection', [7, 6, 5, 4], [1, 1, 1]],
  ['mixed', [5, 12, 6, 2], [1, 0.3, 1]],
  ['one sparse layer', [6, 4], [0.5]],
  ['one full layer', [6, 4], [1]],
];

describe('attribution', () => {
  it.each(shapes)('is Σ |∂logit/∂input| over the rows: %s', async (name, dims, density) => {
    let worst = 0;
    for (const count of [1, 8, 9, 33, effort(70, 300)]) {
      const random = runRandom(`attribution ${name} ${count}`);
      const layers = drawLayers(dims, density, random);
      const classes = dims[dims.length - 1];
      const rows = Array.from({ length: count }, () =>
        dims.slice(0, 1).flatMap((n) => Array.from({ length: n }, () => Math.fround(2 * random.next() - 1))),
      );
      const y = rows.map(() => random.below(classes));
      const truth = dims
        .slice(0, 1)
        .flatMap((n) => Array.from({ length: n }, () => ({ value: 0, error: 0 })));
      rows.forEach((row, r) => {
        gradientOf(layers, row, y[r]).forEach(({ value, error }, j) => {
          truth[j].value += Math.abs(value);
          truth[j].error += error;
        });
      });
      const model = await openLayers(layers);
      const dense = { rows: count, cols: dims[0], data: Float32Array.from(rows.flat()) };
      for (const x of [rows, dense, CsrMatrix.fromDense(dense)]) {
        const got = model.inputImportance({ by: 'attribution', x, y });
        expect(got).toHaveLength(dims[0]);
        truth.forEach(({ value, error }, j) => {
          // The sum over the rows is in double precision.
          const bound = error + 2 ** -48 * value;
          worst = Math.max(worst, bound / (value + 1));
          const say = `input ${j} of ${count} rows is ${got[j]}, not ${value} ± ${bound}; CTRE_SEED=${runSeed}`;
          expect(Math.abs(got[j] - value), say).toBeLessThanOrEqual(bound);
        });
      }
      model.dispose();
    }
    // Bounds that would let a wrong gradient pass say nothing.
    expect(worst).toBeLessThan(1e-3);
  });

  it('of the loops here is the finite difference of a logit', () => {
    for (const [name, dims, density] of shapes) {
      const random = runRandom(`differences ${name}`);
      const layers = drawLayers(dims, density, random);
      const row = Array.from({ length: dims[0] }, () => 2 * random.next() - 1);
      for (let label = 0; label < dims[dims.length - 1]; label++) {
        const logit = (input: readonly number[]): number =>
          sumsOf(
            layers,
            input.map((entry) => new Approximate(entry)),
          )[layers.length - 1][label].value;
        gradientOf(layers, row, label).forEach(({ value }, j) => {
          // The network is linear between two kinks, and no kink is so near to a row that was drawn.
          const step = 2 ** -20;
          const moved = (by: number): number => logit(row.with(j, row[j] + by));
          expect((moved(step) - moved(-step)) / (2 * step)).toBeCloseTo(value, 8);
        });
      }
    }
  });

  it('is the same to the bit on any number of threads', async () => {
    const { x, y } = quadrants(333, 24);
    const layers = drawLayers([24, 60, 40, 4], [0.2, 1, 0.5], runRandom('threads'));
    const run = async (threads: number): Promise<Float64Array> => {
      const model = await openLayers(layers, { threads });
      const importance = model.inputImportance({ by: 'attribution', x, y });
      model.dispose();
      return importance;
    };
    const one = await run(1);
    for (const threads of [2, 3, 8]) expect(await run(threads)).toEqual(one);
  });

  it('adds to what an earlier call returned, and leaves that as it was', async () => {
    const { x, y } = quadrants(50);
    const model = await SparseMLP.create({ layers: [12, 20, 4], epsilon: 3, seed: 1 });
    let sum: Float64Array | undefined;
    const separate: Float64Array[] = [];
    for await (const _ of model.train(x, y, { epochs: 3 })) {
      const before = sum?.slice();
      const earlier = sum;
      separate.push(model.inputImportance({ by: 'attribution', x, y }));
      sum = model.inputImportance({ by: 'attribution', x, y, earlier });
      expect(earlier).toEqual(before);
    }
    const [a, b, c] = separate;
    expect(sum).toEqual(a.map((value, j) => value + b[j] + c[j]));
    expect(a).not.toEqual(c);
    model.dispose();
  });

  it('is, without labels, of the class that the network tells', async () => {
    const { x } = quadrants(70);
    const model = await SparseMLP.create({ layers: [12, 20, 4], epsilon: 3, seed: 1 });
    const probabilities = model.predict(x);
    const told = Array.from({ length: x.rows }, (_, r) => {
      const own = [...probabilities.slice(4 * r, 4 * r + 4)];
      return own.indexOf(Math.max(...own));
    });
    expect(new Set(told).size).toBeGreaterThan(1);
    const importance = model.inputImportance({ by: 'attribution', x });
    expect(importance).toEqual(model.inputImportance({ by: 'attribution', x, y: told }));
    expect(importance).not.toEqual(
      model.inputImportance({ by: 'attribution', x, y: told.map((label) => 3 - label) }),
    );
    model.dispose();
  });

  it('changes nothing, and gives its memory back, also after a mistake', async () => {
    const { x, y } = quadrants(40);
    const model = await SparseMLP.create({ layers: [12, 20, 4], epsilon: 3, seed: 1 });
    const saved = model.save();
    const { bytes } = getEngine().arena.usage();
    model.inputImportance({ by: 'attribution', x, y });
    expect(() => model.inputImportance({ by: 'attribution', x, y: y.subarray(1) })).toThrow(/39 labels/);
    expect(getEngine().arena.usage().bytes).toBe(bytes);
    expect(model.save()).toEqual(saved);
    expect(model.inputImportance({ by: 'attribution', x: [], y: [] })).toEqual(new Float64Array(12));
    model.dispose();
  });

  it.each<[string, object, RegExp]>([
    ['another kind', { by: 'weight' }, /by is "weight"; expected one of strength, attribution/],
    ['no rows', { by: 'attribution' }, /x is undefined/],
    ['rows too narrow', { by: 'attribution', x: [[1, 2]] }, /x\[0\].*2.*12/],
    ['a label too large', { by: 'attribution', x: [new Float32Array(12)], y: [4] }, /y\[0\] is 4/],
    ['rows for strength', { x: [new Float32Array(12)] }, /x is for by: 'attribution'/],
    ['labels for strength', { by: 'strength', y: [1] }, /y is for by: 'attribution'/],
    ['an array of another kind', { by: 'attribution', x: [], earlier: [1] }, /earlier is an array/],
    ['too short a sum', { by: 'attribution', x: [], earlier: new Float64Array(3) }, /earlier has 3 numbers/],
    [
      'a sum that is none',
      { by: 'attribution', x: [], earlier: new Float64Array(12).fill(Number.NaN) },
      /earlier\[0\] is NaN/,
    ],
    ['an unknown option', { rows: 1 }, /inputImportance has no option "rows"/],
  ])('takes mistakes for what they are: %s', async (_, options, sentence) => {
    const model = await SparseMLP.create({ layers: [12, 20, 4], epsilon: 3, seed: 1 });
    expect(() => model.inputImportance(options as { y?: Labels })).toThrow(sentence);
    model.dispose();
  });
});
