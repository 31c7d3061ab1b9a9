import { describe, expect, it } from 'vitest';
import { applyScaler, fitScaler } from '../../../src/data/index.ts';
import { autoSettings, CsrMatrix, SparseMLP } from '../../../src/index.ts';
import { settingsForShape } from '../../../src/model/autoSettings.ts';

const dense = (rows: number, cols: number) => ({ rows, cols, data: new Float32Array(rows * cols).fill(2) });
/** Every second element is 0, and one more. */
const halfDense = (rows: number, cols: number) => {
  const data = Uint8Array.from({ length: rows * cols }, (_, at) => at % 2);
  data[1] = 0;
  return { rows, cols, data };
};
const noZeros = { zeros: () => 0 };
const sparse = (rows: number, cols: number) =>
  CsrMatrix.fromParts({
    ...{ rows, cols, indptr: new Int32Array(rows + 1) },
    ...{ indices: new Int32Array(0), values: new Float32Array(0) },
  });

describe('automatic settings', () => {
  // By hand: 4 000 steps of ⌈rows / batch⌉ each, within the bounds of the table in the documentation.
  it.each([
    ['iris', dense(120, 4), [200, 200], 20, 'standard', 32, 200, 'cosine'],
    ['vehicle', dense(677, 18), [200, 200], 20, 'standard', 32, 182, 'cosine'],
    ['German credit', dense(800, 59), [200, 200], 20, 'standard', 32, 160, 'cosine'],
    ['32 561 rows', dense(32_561, 3), [200, 200], 20, 'standard', 32, 40, 'cosine'],
    ['one row', dense(1, 1), [200, 200], 20, 'standard', 32, 200, 'cosine'],
    ['200 inputs', dense(100, 200), [200, 200], 20, 'standard', 32, 200, 'cosine'],
    ['201 inputs, fewer rows', dense(200, 201), [1000], 5, 'minmax', 16, 308, 'constant'],
    ['201 inputs, as many rows', dense(201, 201), [1000, 1000, 1000], 1, 'minmax', 100, 100, 'constant'],
    ['faces', dense(320, 1024), [1000], 5, 'minmax', 32, 400, 'constant'],
    ['genes', dense(49, 2000), [1000], 5, 'minmax', 16, 500, 'constant'],
    ['many rows, more genes', dense(4000, 4100), [1000], 5, 'minmax', 64, 100, 'constant'],
    ['sparse and wide', sparse(50, 2000), [1000, 1000, 1000], 1, 'minmax', 100, 100, 'constant'],
    ['bytes, most of them 0', halfDense(50, 300), [1000, 1000, 1000], 1, 'minmax', 100, 100, 'constant'],
    ['sparse and narrow', sparse(50, 20), [200, 200], 20, 'standard', 32, 200, 'cosine'],
  ] as const)('of %s', (_, x, hidden, epsilon, scale, batchSize, epochs, schedule) => {
    const auto = autoSettings(x);
    expect(auto).toMatchObject({ hidden, epsilon, scale, batchSize, epochs, validationSplit: 0.1 });
    expect(auto.schedule.name).toBe(schedule);
  });

  it('count the steps of a batch that somebody asked for', () => {
    expect(settingsForShape({ rows: 1000, cols: 10, ...noZeros }, 100)).toMatchObject({
      ...{ batchSize: 100, epochs: 200 },
    });
    expect(settingsForShape({ rows: 1000, cols: 10, ...noZeros }, 10).epochs).toBe(40);
    expect(settingsForShape({ rows: 10_000, cols: 500, ...noZeros }, 10)).toMatchObject({
      ...{ batchSize: 10, epochs: 100 },
    });
  });

  it('are refused for no rows', () => {
    expect(() => autoSettings(dense(0, 3))).toThrow(
      expect.objectContaining({ code: 'E_SHAPE', message: expect.stringMatching(/x has no rows/) }),
    );
  });

  it('are what create, fitScaler and fit take', async () => {
    const rows = Array.from({ length: 60 }, (_, row) => [row % 3, (row * 7) % 11]);
    const auto = autoSettings(rows);
    const x = applyScaler(fitScaler(auto.scale, rows), rows);
    const model = await SparseMLP.create({ layers: [x.cols, ...auto.hidden, 3], epsilon: auto.epsilon });
    const { batchSize, schedule, validationSplit } = auto;
    const labels = rows.map(([label]) => label);
    const { kept } = await model.fit(x, labels, { batchSize, schedule, validationSplit, epochs: 20 });
    expect(kept.valAccuracy).toBe(1);
    model.dispose();
  });
});
