import { describe, expect, it } from 'vitest';
import { loss, SparseMLP, WorkerModel } from '../../../src/index.ts';

const x = Array.from({ length: 40 }, (_, row) => [Math.sin(row), Math.cos(3 * row)]);
const y = Float32Array.from({ length: 80 }, (_, p) => 1000 + 50 * (p % 2) + 7 * Math.sin(p * p));

/** The mean of each output, and the root of the mean squared distance from it, over all. */
function unitsOf(rows: readonly number[]): { center: number[]; scale: number } {
  const center = [0, 1].map((i) => rows.reduce((sum, row) => sum + y[2 * row + i], 0) / rows.length);
  const squares = rows.reduce(
    (sum, row) => sum + [0, 1].reduce((own, i) => own + (y[2 * row + i] - center[i]) ** 2, 0),
    0,
  );
  return { center, scale: Math.sqrt(squares / (2 * rows.length)) };
}

const all = [...x.keys()];
const create = (options = {}) => SparseMLP.create({ layers: [2, 6, 2], epsilon: 5, ...options });
const FIT = { epochs: 2, batchSize: 8, shuffle: false } as const;

describe('targetUnits', () => {
  it('are those of the first training rows, and stay', async () => {
    const model = await create();
    expect(model.targetUnits).toBeUndefined();
    const validationRows = [0, 5, 39];
    await model.fit(x, y, { ...FIT, validationRows });
    const { center, scale } = unitsOf(all.filter((row) => !validationRows.includes(row)));
    const first = model.targetUnits;
    expect(first?.center).toHaveLength(2);
    first?.center.forEach((value, i) => {
      expect(value).toBeCloseTo(center[i], 8);
    });
    expect(first?.scale).toBeCloseTo(scale, 8);
    await model.fit(
      x,
      y.map((value) => value * 2),
      FIT,
    );
    expect(model.targetUnits).toEqual(first);
    const loaded = await SparseMLP.load(model.save());
    expect(loaded.targetUnits).toEqual(first);
    const said = loaded.summary().split('\n').at(-1);
    expect(said).toMatch(/^targets are learnt less (\S+), (\S+), in units of (\S+)$/);
    expect(Number(/in units of (\S+)$/.exec(said ?? '')?.[1])).toBeCloseTo(scale, 3);
    model.dispose();
    loaded.dispose();
  });

  it('cannot be changed by who asks for them', async () => {
    const model = await create();
    await model.fit(x, y, FIT);
    expect(() => Object.assign(model.targetUnits ?? {}, { scale: 1 })).toThrow(TypeError);
    expect(() => Object.assign(model.targetUnits?.center ?? [], { 0: 1 })).toThrow(TypeError);
    model.dispose();
  });

  it('are none where targets stay as they are', async () => {
    const flags = Float32Array.from(y, (value) => Number(value > 1020));
    for (const [options, targets] of [
      [{ scaleTargets: false }, y],
      [{ loss: loss.binaryCrossEntropy() }, flags],
      [{}, Int32Array.from(x, (_, row) => row % 2)],
      [{}, 'x'],
    ] as const) {
      const model = await create(options);
      await model.fit(x, targets, FIT);
      expect(model.targetUnits).toBeUndefined();
      expect(model.summary()).not.toMatch(/targets/);
      model.dispose();
    }
  });

  it('are those of a model in a worker', async () => {
    const [model, other] = [await create(), await WorkerModel.create({ layers: [2, 6, 2], epsilon: 5 })];
    expect(other.targetUnits).toBeUndefined();
    await model.fit(x, y, FIT);
    await other.fit(x, y, FIT);
    expect(other.targetUnits).toEqual(model.targetUnits);
    expect(other.targetUnits?.scale).toBeGreaterThan(1);
    model.dispose();
    other.dispose();
  });
});
