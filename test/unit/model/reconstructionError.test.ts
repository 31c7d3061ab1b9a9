import { describe, expect, it } from 'vitest';
import { CsrMatrix, loss, SparseMLP, topology } from '../../../src/index.ts';
import { quadrants } from '../../support/problems.ts';

const { x, y } = quadrants(70, 9);

describe('reconstructionError', () => {
  it('is the mean squared distance of each row from its answer', async () => {
    const model = await SparseMLP.create({ layers: [9, 20, 9], epsilon: 3, topology: topology.set() });
    await model.fit(x, 'x', { epochs: 2 });
    const thin = { ...x, data: x.data.map((value) => (value > 0.3 ? value : 0)) };
    for (const [rows, samples] of [
      [x, x],
      [thin, CsrMatrix.fromDense(thin)],
    ] as const) {
      const answers = model.predict(samples);
      const errors = model.reconstructionError(samples);
      expect(errors).toBeInstanceOf(Float32Array);
      expect(errors).toHaveLength(70);
      errors.forEach((error, row) => {
        let sum = 0;
        for (let col = 0; col < 9; col++) sum += (rows.data[9 * row + col] - answers[9 * row + col]) ** 2;
        expect(error).toBe(Math.fround(sum / 9));
      });
    }
    // Two ways to the same figure: its mean is that of `evaluate`.
    const mean = model.reconstructionError(x).reduce((sum, error) => sum + error / 70, 0);
    expect(mean).toBeCloseTo(Number(model.evaluate(x, 'x').rmse) ** 2, 5);
    expect(model.reconstructionError({ rows: 0, cols: 9, data: new Float32Array(0) })).toHaveLength(0);
    model.dispose();
    expect(() => model.reconstructionError(x)).toThrow(/disposed/);
  });

  it('is large for rows unlike those of the training', async () => {
    const data = Float32Array.from(
      { length: 400 * 4 },
      (_, at) => Math.sin(Math.floor(at / 4)) * (1 + (at % 4)),
    );
    const like = { rows: 400, cols: 4, data };
    const model = await SparseMLP.create({ layers: [4, 40, 4], density: 1, topology: topology.fixed() });
    await model.fit(like, 'x', { epochs: 60, batchSize: 20 });
    const usual = model.reconstructionError(like);
    const odd = model.reconstructionError({
      ...like,
      data: data.map((value, at) => (at % 4 === 3 ? -value : value)),
    });
    const mean = (errors: Float32Array) => errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(mean(odd)).toBeGreaterThan(10 * mean(usual));
    model.dispose();
  });

  it('is of networks that answer their input', async () => {
    const narrow = await SparseMLP.create({ layers: [9, 5, 4], loss: loss.meanSquared() });
    expect(() => narrow.reconstructionError(x)).toThrow(
      expect.objectContaining({
        code: 'E_SHAPE',
        message: expect.stringContaining('4 outputs for 9 inputs'),
      }),
    );
    const classes = await SparseMLP.create({ layers: [9, 5, 9] });
    for (const trained of [false, true]) {
      if (trained) await classes.fit(x, y, { epochs: 1 });
      expect(() => classes.reconstructionError(x)).toThrow(
        expect.objectContaining({ code: 'E_UNSUPPORTED', message: expect.stringContaining('cross-entropy') }),
      );
    }
    const labels = await SparseMLP.create({ layers: [9, 5, 9], loss: loss.binaryCrossEntropy() });
    expect(labels.reconstructionError(x)).toHaveLength(70);
    expect(() => labels.reconstructionError({ rows: 1, cols: 4, data: new Float32Array(4) })).toThrow(
      expect.objectContaining({ code: 'E_SHAPE' }),
    );
    for (const model of [narrow, classes, labels]) model.dispose();
  });
});
