import { describe, expect, it, vi } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import {
  CsrMatrix,
  type Epoch,
  initializer,
  type LayerView,
  type ModelOptions,
  optimizer,
  SparseMLP,
  type Topology,
  type TrainOptions,
  topology,
} from '../../../src/index.ts';
import { removeConnections } from '../../../src/matrix/pattern.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { keysOf, keysOfPositions } from '../../support/fakeTools.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const problem = quadrants(330);
const layers = [12, 40, 30, 4];
const methodNames = Object.keys(methods) as MethodName[];

function create(name: MethodName, seed: number | string = 1): Promise<SparseMLP> {
  return SparseMLP.create({ layers, epsilon: 3, topology: topologyByName(name), seed });
}

async function trained(name: MethodName, seed: number | string, options: TrainOptions): Promise<SparseMLP> {
  const model = await create(name, seed);
  await model.fit(problem.x, problem.y, options);
  return model;
}

describe.each(methodNames)('training with %s', (name) => {
  it('learns', async () => {
    const model = await create(name);
    const before = model.evaluate(problem.x, problem.y);
    const history = await model.fit(problem.x, problem.y, {
      epochs: 25,
      batchSize: 32,
      optimizer: optimizer.sgd({ learningRate: 0.05 }),
      validationSplit: 0.2,
    });
    const after = model.evaluate(problem.x, problem.y);
    expect(after.loss).toBeLessThan(before.loss / 2);
    expect(after.accuracy).toBeGreaterThan(0.8);
    expect(history.epochs).toHaveLength(25);
    model.dispose();
  });

  it('keeps the number of connections, and a canonical pattern', async () => {
    const model = await create(name);
    const countsOf = (each: SparseMLP) => each.layers.map(({ nnz }) => nnz);
    // prune comes down to what the others have from the start.
    const same = name === 'prune' ? await create('set') : model;
    const counts = countsOf(same);
    await model.fit(problem.x, problem.y, { epochs: 4 });
    // These two move connections between layers.
    if (name === 'gse' || name === 'momentum') {
      const total = (list: number[]) => list.reduce((sum, nnz) => sum + nnz, 0);
      expect(total(countsOf(model))).toBe(total(counts));
    } else expect(countsOf(model)).toEqual(counts);
    if (same !== model) same.dispose();
    for (const { weights, nnz } of model.layers) expect(CsrMatrix.fromParts(weights).nnz).toBe(nnz);
    model.dispose();
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const options = { epochs: 3, validationSplit: 0.2 };
    const hashes = await Promise.all(
      ['a', 'a', 'b'].map(async (seed) => {
        const model = await trained(name, seed, options);
        const weights = model.layers.map(({ weights }) => weights.values);
        model.dispose();
        return sha256(new Uint8Array(await new Blob(weights as Float32Array<ArrayBuffer>[]).arrayBuffer()));
      }),
    );
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });
});

describe('momentum', () => {
  /** The dense gradient of layer l over all rows, by plain float64 loops. */
  function denseGradient(layers: readonly LayerView[], l: number): number[][] {
    const dense = layers.map(({ weights }) => weights.toDense());
    const sums = Array.from({ length: layers[l].outDim }, () => new Array<number>(layers[l].inDim).fill(0));
    const { rows, cols, data } = problem.x;
    for (let r = 0; r < rows; r++) {
      const activations = [Array.from(data.subarray(r * cols, (r + 1) * cols))];
      layers.forEach(({ bias, inDim, outDim }, k) => {
        const x = activations[k];
        const z = Array.from({ length: outDim }, (_, i) =>
          x.reduce((sum, value, j) => sum + value * dense[k].data[i * inDim + j], bias[i]),
        );
        activations.push(k < layers.length - 1 ? z.map((value) => Math.max(0, value)) : z);
      });
      const logits = activations[layers.length];
      const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
      let delta = logits.map((z, c) => Math.exp(z) / total - Number(problem.y[r] === c));
      for (let k = layers.length - 1; k > l; k--) {
        const { inDim } = layers[k];
        const back = activations[k].map((x, j) =>
          x > 0 ? delta.reduce((sum, d, i) => sum + d * dense[k].data[i * inDim + j], 0) : 0,
        );
        delta = back;
      }
      delta.forEach((d, i) => {
        activations[l].forEach((x, j) => {
          sums[i][j] += d * x;
        });
      });
    }
    return sums;
  }

  it('grows where the gradient’s mean over its mini-batches is largest', async () => {
    // As many batches as cover all rows: then it is known which rows they are.
    const method = topology.momentum({ batches: 100, search: 'exact' });
    const grown: { keys: number[]; kept: Set<number>; truth: number[][] }[] = [];
    let model: SparseMLP | undefined;
    const watched: Topology<null> = {
      ...method,
      *evolve(network, states, tools) {
        const answer = method.evolve?.(network, states, tools) ?? expect.fail('it does not evolve');
        const evolved = 'next' in answer ? yield* answer : answer;
        evolved.edits.forEach((edit, l) => {
          const { pattern, inDim } = network.layers[l];
          if (edit === undefined || edit.grow.cols.length === 0) return;
          grown.push({
            keys: keysOfPositions(edit.grow, inDim),
            kept: new Set(keysOf(removeConnections(pattern, edit.prune))),
            truth: denseGradient(model?.layers ?? [], l),
          });
        });
        return evolved;
      },
    };
    model = await SparseMLP.create({ layers: [12, 20, 15, 4], epsilon: 3, topology: watched, seed: 4 });
    await model.fit(problem.x, problem.y, { epochs: 2, batchSize: 16 });
    expect(grown).toHaveLength(3);
    for (const { keys, kept, truth } of grown) {
      const sizes = new Map(truth.flat().map((g, key) => [key, Math.abs(g)]));
      const ranked = [...sizes].filter(([key]) => !kept.has(key)).sort(([, a], [, b]) => b - a);
      const [, least] = ranked[keys.length - 1];
      // The kernels sum in float32: what is chosen may lie that much below the exact threshold.
      for (const key of keys) expect(sizes.get(key)).toBeGreaterThanOrEqual(least * (1 - 1e-4));
      expect(new Set(keys).size).toBe(keys.length);
    }
    model.dispose();
  });
});

describe('a preset', () => {
  const fitted = async (options: ModelOptions, trainOptions: TrainOptions) => {
    const model = await SparseMLP.create({ layers, epsilon: 3, seed: 3, ...options });
    await model.fit(problem.x, problem.y, { epochs: 3, ...trainOptions });
    const weights = model.layers.map(({ weights }) => weights);
    const bytes = model.save();
    model.dispose();
    return { weights, bytes };
  };

  it('paper is the published setting, written out', async () => {
    const named = await fitted({ preset: 'paper' }, {});
    const written = await fitted(
      {
        topology: topology.ctreSim({ pruneFraction: 0.2, annealing: 'constant', search: 'exact', rows: 0 }),
        initializer: initializer.glorot(),
        growInitializer: initializer.uniform(),
      },
      {
        optimizer: optimizer.sgd({ learningRate: 0.01, momentum: 0.9, nesterov: true, weightDecay: 1e-4 }),
        batchSize: 100,
      },
    );
    expect(named.weights).toEqual(written.weights);
    const again = await SparseMLP.load(named.bytes);
    expect(again.save()).toEqual(named.bytes);
    again.dispose();
  });

  it('that is none is refused', async () => {
    await expect(SparseMLP.create({ layers, preset: 'best' as 'paper' })).rejects.toMatchObject({
      code: 'E_ARGUMENT',
      message: expect.stringContaining('expected one of default, paper'),
    });
  });
});

describe('what an epoch reports', () => {
  it('scores each sample before its step, validates, and marks the first best epoch', async () => {
    const model = await create('set');
    const { epochs, best } = await model.fit(problem.x, problem.y, {
      epochs: 12,
      validationSplit: 0.25,
      test: quadrants(100, 12, 2),
    });
    let [top, lowest] = [-1, Number.POSITIVE_INFINITY];
    for (const [e, record] of epochs.entries()) {
      const { epoch, valAccuracy = -1, valLoss = Number.NaN } = record;
      expect(epoch).toBe(e + 1);
      // Of equal accuracies the lower loss is better.
      expect(record.best).toBe(valAccuracy > top || (valAccuracy === top && valLoss < lowest));
      if (record.best) [top, lowest] = [valAccuracy, valLoss];
      expect(record.testAccuracy !== undefined).toBe(record.best || e === 11);
      expect(record.evolution === undefined).toBe(e === 0);
    }
    expect(best).toBe(epochs.find(({ valAccuracy, valLoss }) => valAccuracy === top && valLoss === lowest));
    model.dispose();
  });

  it('validation rows are not trained on: other labels there change nothing but the scores', async () => {
    const validationRows = Array.from({ length: 60 }, (_, i) => 5 * i);
    const turned = problem.y.map((label, r) => (validationRows.includes(r) ? 3 - label : label));
    const run = async (y: Int32Array) => {
      const model = await create('set');
      // The best epoch may be another one with other labels.
      const restoreBest = false;
      const { epochs } = await model.fit(problem.x, y, { epochs: 5, validationRows, restoreBest });
      const { values } = model.layers[0].weights;
      model.dispose();
      return { values, valAccuracy: epochs[4].valAccuracy };
    };
    const [plain, other] = [await run(problem.y), await run(turned)];
    expect(other.values).toEqual(plain.values);
    expect(other.valAccuracy).not.toBe(plain.valAccuracy);
  });

  it('the last validation score is what evaluate says of those rows', async () => {
    const validation = quadrants(77, 12, 3);
    const model = await create('static');
    const restoreBest = false;
    const { epochs } = await model.fit(problem.x, problem.y, { epochs: 3, validation, restoreBest });
    const score = model.evaluate(validation.x, validation.y);
    expect(epochs[2].valLoss).toBe(score.loss);
    expect(epochs[2].valAccuracy).toBe(score.accuracy);
    model.dispose();
  });

  it('says what evolution did, layer by layer; a full layer does not change', async () => {
    const model = await SparseMLP.create({
      layers: [12, 40, 4],
      density: [0.5, 1],
      topology: topology.set(),
    });
    const { epochs } = await model.fit(problem.x, problem.y, { epochs: 2 });
    expect(epochs[0].evolution).toBeUndefined();
    const changes = epochs[1].evolution?.layers;
    expect(changes?.[0]).toMatchObject({ pruned: 48, random: 48 });
    expect(changes?.[1]).toBeNull();
    model.dispose();
  });
});

describe('ways to train', () => {
  it('in one call or in two gives the same weights: momentum and random streams go on', async () => {
    const fixedOnce = await trained('static', 1, { epochs: 4 });
    const fixedTwice = await trained('static', 1, { epochs: 2 });
    await fixedTwice.fit(problem.x, problem.y, { epochs: 2 });
    expect(fixedTwice.layers[0].weights.values).toEqual(fixedOnce.layers[0].weights.values);
    expect(fixedTwice.epochs).toBe(4);
    for (const model of [fixedOnce, fixedTwice]) model.dispose();
  });

  it('dense, sparse and array samples give the same bits', async () => {
    const sparse = problem.x.data.map((value, i) => (i % 3 === 0 ? value : 0));
    const dense = { ...problem.x, data: sparse };
    const rows = Array.from({ length: dense.rows }, (_, r) => [...sparse.subarray(12 * r, 12 * r + 12)]);
    const results = [];
    for (const x of [dense, CsrMatrix.fromDense(dense), rows]) {
      const model = await create('ctre-sim');
      await model.fit(x, problem.y, { epochs: 3 });
      results.push(model.predict(x));
      model.dispose();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it.each([1, 31, 32, 33, 100, 1000])('batches of %i samples', async (batchSize) => {
    const model = await create('static');
    const { epochs } = await model.fit(problem.x, problem.y, { epochs: 2, batchSize });
    expect(epochs[1].loss).toBeLessThan(epochs[0].loss);
    model.dispose();
  });

  it('one batch of all rows is one step of gradient descent, however it is cut into tiles', async () => {
    // The mean gradient is linear in the samples: a batch of two copies of the rows makes the same step as
    // the rows.
    const few = quadrants(40);
    const double = {
      x: { rows: 80, cols: 12, data: Float32Array.from([...few.x.data, ...few.x.data]) },
      y: Int32Array.from([...few.y, ...few.y]),
    };
    const values: number[][] = [];
    for (const { x, y } of [few, double]) {
      const model = await create('static');
      await model.fit(x, y, { epochs: 1, batchSize: 80 });
      values.push(model.layers.flatMap(({ weights }) => [...weights.values]));
      model.dispose();
    }
    values[1].forEach((value, p) => {
      expect(value).toBeCloseTo(values[0][p], 6);
    });
  });

  it('adam learns, and changing the optimiser starts its state anew', async () => {
    const model = await create('set');
    const { epochs } = await model.fit(problem.x, problem.y, {
      epochs: 15,
      optimizer: optimizer.adam({ learningRate: 0.01 }),
    });
    expect(epochs[14].loss).toBeLessThan(epochs[0].loss / 2);
    await model.fit(problem.x, problem.y, { epochs: 1, optimizer: optimizer.sgd() });
    model.dispose();
  });

  it('patience ends training early', async () => {
    const model = await create('static');
    const { epochs, best } = await model.fit(problem.x, problem.y, {
      epochs: 500,
      validationSplit: 0.2,
      patience: 5,
      optimizer: optimizer.sgd({ learningRate: 0.05 }),
    });
    expect(epochs.length).toBeLessThan(500);
    expect(epochs.length).toBe(best.epoch + 5);
    model.dispose();
  });

  it('an own pattern stays where it was put under static', async () => {
    const pattern = [
      {
        rows: 8,
        cols: 12,
        indptr: Int32Array.from([0, 2, 2, 3, 4, 5, 6, 7, 8]),
        indices: Int32Array.from([0, 5, 1, 2, 3, 4, 5, 6]),
      },
      { rows: 4, cols: 8, indptr: Int32Array.from([0, 1, 2, 3, 4]), indices: Int32Array.from([0, 3, 5, 7]) },
    ];
    const model = await SparseMLP.create({ layers: [12, 8, 4], pattern, topology: topology.fixed() });
    await model.fit(problem.x, problem.y, { epochs: 2 });
    expect(model.layers[0].weights.indices).toEqual(pattern[0].indices);
    expect(model.layers[1].weights.indptr).toEqual(pattern[1].indptr);
    model.dispose();
  });
});

describe('cosine growth finds what fires together', () => {
  it('cte connects the two inputs that carry the class', async () => {
    const model = await SparseMLP.create({
      layers: [12, 30, 4],
      epsilon: 2,
      topology: topology.cte(),
      initializer: initializer.glorot(),
      seed: 3,
    });
    const share = (view: { weights: CsrMatrix; nnz: number }) =>
      view.weights.indices.filter((j) => j < 2).length / view.nnz;
    const before = share(model.layers[0]);
    await model.fit(problem.x, problem.y, {
      epochs: 40,
      batchSize: 32,
      optimizer: optimizer.sgd({ learningRate: 0.05 }),
    });
    expect(share(model.layers[0])).toBeGreaterThan(2 * before);
    model.dispose();
  });
});

describe('stopping', () => {
  it('a loss that is not finite ends training and names the epoch', async () => {
    const model = await create('static');
    const run = model.fit(problem.x, problem.y, {
      epochs: 50,
      optimizer: optimizer.sgd({ learningRate: 1e30 }),
    });
    await expect(run).rejects.toMatchObject({
      code: 'E_DIVERGED',
      message: expect.stringMatching(/epoch \d+/),
    });
    model.dispose();
  });

  it('an aborted signal ends training at the edge of a step; the model goes on working', async () => {
    const model = await create('ctre-sim');
    const { signal, abort } = ((controller) => ({
      signal: controller.signal,
      abort: () => controller.abort('enough'),
    }))(new AbortController());
    const seen: Epoch[] = [];
    const run = model.fit(problem.x, problem.y, {
      epochs: 1e6,
      signal,
      onEpoch: (epoch) => {
        seen.push(epoch);
        if (seen.length === 3) setTimeout(abort);
      },
    });
    await expect(run).rejects.toMatchObject({ code: 'E_ABORTED', cause: 'enough' });
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(model.predict(problem.x).every(Number.isFinite)).toBe(true);
    await model.fit(problem.x, problem.y, { epochs: 1 });
    model.dispose();
    const aborted = (await create('set')).fit(problem.x, problem.y, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'E_ABORTED' });
  });

  it('leaving the loop frees everything but the model', async () => {
    const { arena } = getEngine();
    const model = await create('ctre-sim');
    await model.fit(problem.x, problem.y, { epochs: 1 });
    const { blocks } = arena.usage();
    for await (const { epoch } of model.train(problem.x, problem.y, { epochs: 10 })) if (epoch === 2) break;
    expect(arena.usage().blocks).toBe(blocks);
    model.dispose();
  });

  it('the event loop gets its turn after every piece of work that outlasts it, and a piece is one tile', async () => {
    const model = await create('ctre-sim');
    // A clock by which every look at it comes 20 ms after the one before.
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 20;
      return now;
    });
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    await model.fit(problem.x, problem.y, { epochs: 2 });
    running = false;
    clock.mockRestore();
    model.dispose();
    // Two epochs of eleven tiles (a batch of 100 rows is four of them), and one search over as many.
    expect(turns).toBeGreaterThan(3 * 11);
  });
});

describe('a model’s life', () => {
  it('disposes of its memory, once and for all', async () => {
    const { arena } = getEngine();
    const { blocks, bytes } = arena.usage();
    const model = await trained('ctre-sim', 1, { epochs: 2, validationSplit: 0.2 });
    expect(arena.usage().blocks).toBeGreaterThan(blocks);
    expect(model.memory().modelBytes).toBe(arena.usage().bytes - bytes);
    model.dispose();
    model.dispose();
    expect(arena.usage()).toMatchObject({ blocks, bytes });
    const disposed = expect.objectContaining({ code: 'E_DISPOSED' });
    expect(() => model.predict(problem.x)).toThrow(disposed);
    expect(() => model.evaluate(problem.x, problem.y)).toThrow(disposed);
    expect(() => model.train(problem.x, problem.y)).toThrow(disposed);
    expect(() => model.save()).toThrow(disposed);
    expect(() => model.layers).toThrow(disposed);
    expect(() => model.nnz).toThrow(disposed);
    expect(() => model.summary()).toThrow(disposed);
    expect(() => model.memory()).toThrow(disposed);
  });

  it('memory grows with the connections, not with n_in × n_out', async () => {
    const model = await SparseMLP.create({
      layers: [2000, 20_000, 20_000, 2],
      epsilon: 1,
      topology: topology.set(),
    });
    // 42 000 + 40 000 … connections; the dense network would need 1.7 GB for its weights alone.
    const perConnection = model.memory().modelBytes / (model.nnz + 42_002);
    expect(perConnection).toBeLessThan(32);
    model.dispose();
  });

  it('trains one job at a time', async () => {
    const model = await create('set');
    const loop = model.train(problem.x, problem.y, { epochs: 3 });
    await loop.next();
    await expect(model.fit(problem.x, problem.y)).rejects.toMatchObject({
      code: 'E_BUSY',
      message: expect.stringContaining('call return() of its iterator, or dispose() of the model'),
    });
    expect(model.predict(problem.x).every(Number.isFinite)).toBe(true);
    await loop.return();
    model.dispose();
  });

  it('two models train side by side as they would alone', async () => {
    const alone = await trained('ctre-sim', 5, { epochs: 3 });
    const [a, b] = [await create('ctre-sim', 5), await create('set', 6)];
    await Promise.all([
      a.fit(problem.x, problem.y, { epochs: 3 }),
      b.fit(problem.x, problem.y, { epochs: 5, validationSplit: 0.3 }),
    ]);
    expect(a.predict(problem.x)).toEqual(alone.predict(problem.x));
    for (const model of [alone, a, b]) model.dispose();
  });
});
