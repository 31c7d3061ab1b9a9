import { describe, expect, it } from 'vitest';
import { guessPicture, pictureEpochs, Watch } from '../../../src/compare/look.ts';
import { activation, CsrMatrix, SparseMLP } from '../../../src/index.ts';
import { countMultiplyAdds } from '../../../src/train/multiplyAdds.ts';
import { runRandom, runSeed } from '../../support/effort.ts';

const dense = (rows: number, cols: number, data: number[]): CsrMatrix =>
  CsrMatrix.fromDense({ rows, cols, data: Float32Array.from(data) });

describe('Watch', () => {
  it('sees what a small network is like', async () => {
    // Hidden neuron 0 is positive where input 0 is, 1 never fires, 2 has no input, 3 no output, 4 neither.
    const weights = dense(5, 4, [2, 0, 0, 0, -1, 0, -1, 0, 0, 0, 0, 0, 3, 0, 1, 0, 0, 0, 0, 0]);
    const last = dense(2, 5, [1, 1, 0, 0, 0, 1, 0, 1, 0, 0]);
    const model = await SparseMLP.fromWeights([
      { weights, bias: [0, -1, 0, 0, 0] },
      { weights: last, bias: [0, 0] },
    ]);
    const x = { rows: 3, cols: 4, data: Float32Array.of(0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 2, 0) };
    const known = { informativeColumns: Int32Array.of(0), redundantColumns: Int32Array.of(2) };
    const watch = new Watch(1, x, known, { width: 2, height: 2 });
    watch.look(0, () => model.layers);
    watch.look(1, () => model.layers);
    watch.look(1, () => model.layers, true);
    const look = watch.finish();
    expect(look.epochs).toEqual([0, 1]);
    expect(look.unusedInputs).toEqual([2, 2]);
    expect(look.noInput[1]).toEqual([2]);
    expect(look.noOutput[1]).toEqual([2]);
    expect(look.silent[1]).toEqual([3]);
    // 1, 2 and 4 never fire, and 3 fires for nobody: each once, whatever it lacks.
    expect(look.dead).toEqual([[4], [4]]);
    expect(look.sampleRows).toBe(3);
    expect(look.degrees.last.inputs).toEqual([
      [0, 2],
      [2, 1],
      [3, 1],
    ]);
    expect(look.degrees.last.hidden).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 2],
    ]);
    expect(look.groups).toEqual({ informative: [3, 3], redundant: [2, 2], noise: [0, 0] });
    expect(look.picture).toMatchObject({ width: 2, height: 2, epochs: [0, 1] });
    expect(look.picture?.connections[1]).toEqual([3, 0, 2, 0]);
    model.dispose();
  });

  it('counts neurons that cannot matter, each once', async () => {
    // 0 fires and is heard. 1 never fires. 2 has no input, and fires by its bias alone. 3 fires, and nobody
    // hears it. 4 lacks all three.
    const model = await SparseMLP.fromWeights([
      { weights: dense(5, 2, [1, 0, -1, 0, 0, 0, 1, 1, 0, 0]), bias: [0, 0, 1, 0, 0] },
      { weights: dense(2, 5, [1, 1, 1, 0, 0, 0, 1, 1, 0, 0]), bias: [0, 0] },
    ]);
    const watch = new Watch(1, { rows: 1, cols: 2, data: Float32Array.of(1, 2) }, undefined, undefined);
    watch.look(0, () => model.layers);
    expect(watch.finish()).toMatchObject({ silent: [[2]], noInput: [[2]], noOutput: [[2]], dead: [[4]] });
    model.dispose();
  });

  it.each([
    ['leaky ReLU', activation.leakyRelu({ slope: 0.5 }), -0.5, [1, 1]],
    ['All-ReLU', activation.allRelu({ slope: 0.5 }), -1.5, [1, 0]],
    ['no activation', activation.linear(), -0.5, [0, 0]],
  ])('with %s a neuron that never fires may matter all the same', async (_, own, bias, silent) => {
    // The first layer's sums are −2 and 1. Of the second's, the first one is −1 + 1 − 0.5 with the leaky ReLU,
    // and 1 + 1 − 1.5 with All-ReLU. The last neuron has no output.
    const model = await SparseMLP.fromWeights(
      [
        { weights: dense(2, 1, [-2, 1]), bias: [0, 0] },
        { weights: dense(2, 2, [1, 1, 0, 1]), bias: [bias, 0] },
        { weights: dense(2, 2, [1, 0, 1, 0]), bias: [0, 0] },
      ],
      { activation: own },
    );
    const x = { rows: 1, cols: 1, data: Float32Array.of(1) };
    const watch = new Watch(1, x, undefined, undefined, own);
    watch.look(0, () => model.layers);
    expect(watch.finish()).toMatchObject({ silent: [silent], dead: [[0, 1]] });
    model.dispose();
  });

  it('looks at the first epochs, the last one, and some sixty in between', async () => {
    const model = await SparseMLP.create({ layers: [3, 4, 2], epsilon: 5 });
    const x = { rows: 1, cols: 3, data: new Float32Array(3) };
    const watch = new Watch(500, x, undefined, undefined);
    for (let epoch = 0; epoch <= 500; epoch++) watch.look(epoch, () => model.layers);
    const { epochs } = watch.finish();
    expect(epochs.slice(0, 4)).toEqual([0, 1, 2, 5]);
    expect(epochs.at(-1)).toBe(500);
    expect(epochs.length).toBeGreaterThanOrEqual(60);
    expect(epochs.length).toBeLessThan(75);
    expect(pictureEpochs(30)).toEqual([0, 1, 2, 5, 10, 20, 30]);
    model.dispose();
  });

  it(`counts the neurons that never fire as dense products do (seed ${runSeed})`, async () => {
    const random = runRandom('look');
    const model = await SparseMLP.create({ layers: [12, 30, 20, 3], epsilon: 2, seed: runSeed });
    const data = Float32Array.from({ length: 40 * 12 }, () => random.normal());
    const watch = new Watch(1, { rows: 40, cols: 12, data }, undefined, undefined);
    watch.look(0, () => model.layers);
    const [first] = model.layers.map(({ weights, bias }) => ({ weights: weights.toDense(), bias }));
    let silent = 0;
    for (let i = 0; i < 30; i++) {
      const fires = Array.from({ length: 40 }, (_, row) => {
        let sum = first.bias[i];
        for (let j = 0; j < 12; j++) sum += first.weights.data[i * 12 + j] * data[row * 12 + j];
        return sum > 0;
      });
      if (!fires.includes(true)) silent++;
    }
    expect(watch.finish().silent[0][0]).toBe(silent);
    model.dispose();
  });
});

describe('guessPicture', () => {
  it('takes square rows of levels for pictures, and nothing else', () => {
    const rows = (cols: number, value: (at: number) => number) => ({
      rows: 2,
      cols,
      data: Float32Array.from({ length: 2 * cols }, (_, at) => value(at)),
    });
    expect(guessPicture(rows(784, (at) => at % 256))).toEqual({ width: 28, height: 28 });
    expect(guessPicture(rows(64, (at) => (at % 5) / 4))).toEqual({ width: 8, height: 8 });
    const sparse = CsrMatrix.fromDense(rows(784, (at) => (at % 9 === 0 ? 200 : 0)));
    expect(guessPicture(sparse)).toEqual({ width: 28, height: 28 });
    expect(guessPicture(rows(785, (at) => at % 256))).toBeUndefined();
    expect(guessPicture(rows(64, (at) => at - 3))).toBeUndefined();
    expect(guessPicture(rows(64, (at) => at * 3.3))).toBeUndefined();
    expect(guessPicture(rows(64, () => 0))).toBeUndefined();
    expect(guessPicture(rows(49, () => 1))).toBeUndefined();
  });
});

describe('countMultiplyAdds', () => {
  it('counts what connections do, and spreads what was counted for growth', () => {
    const network = { dims: [10, 20, 5], nnz: [40, 30], rows: 100, epochs: 4 };
    expect(countMultiplyAdds({ ...network, growth: 0 })).toEqual({
      forward: 70,
      backward: 70 + 30,
      growth: 0,
      total: 170,
      dense: 3 * 300 - 200,
    });
    expect(countMultiplyAdds({ ...network, growth: 6000 })).toMatchObject({ growth: 15, total: 185 });
  });
});
