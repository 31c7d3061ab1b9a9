import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { TILE } from '../../../src/engine/abi.ts';
import { Region } from '../../../src/engine/region.ts';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import { searchCosines, searchMagnitudes } from '../../../src/growth/exactSearch.ts';
import { GrowthCost } from '../../../src/growth/growthCost.ts';
import { SparseMLP } from '../../../src/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { removeConnections } from '../../../src/matrix/pattern.ts';
import { crossEntropy } from '../../../src/nn/losses/crossEntropy.ts';
import { Network } from '../../../src/nn/network.ts';
import { sgd } from '../../../src/nn/optimizer.ts';
import { loadRows } from '../../../src/nn/rows.ts';
import { inlineExecutor } from '../../../src/run/executor.ts';
import { runNow } from '../../../src/run/turns.ts';
import { topologyByName } from '../../../src/topology/methods.ts';
import { fakeModel, fakeNetwork, fakeTools, finish } from '../../support/fakeTools.ts';

// golden/*.json: an independent masked-dense float64 implementation in NumPy, checked by finite differences.
interface Csr {
  shape: [number, number];
  indptr: number[];
  indices: number[];
  values: number[];
}
interface Trace {
  dims: number[];
  batch: number;
  steps: number;
  learningRate: number;
  momentum: number;
  weightDecay: number;
  x: number[][];
  labels: number[];
  weights: Csr[];
  bias: number[][];
  firstStep: { logits: number[][]; hidden: number[][][]; dWeights: number[][]; dBias: number[][] };
  losses: number[];
  finalValues: number[][];
  finalBias: number[][];
  finalMomentum: number[][];
}
interface EvolveCase {
  inDim: number;
  outDim: number;
  samples: number;
  pruneFraction: number;
  weights: Csr;
  inputActivations: number[][];
  outputActivations: number[][];
  cosine: number[][];
  denseGradient: number[][];
  pruned: number[];
  kept: number[];
  cosineTop: number[];
  ctreSim: { grownByCosine: number[]; replacedByRandom: number };
  rigl: { grown: number[] };
}

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8'));
}

function toCsr({ shape: [rows, cols], indptr, indices, values }: Csr): CsrMatrix {
  return CsrMatrix.fromParts({ rows, cols, indptr, indices, values });
}

function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  relative: number,
  absolute: number,
): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i] - want[i]);
    if (!(error <= Math.max(absolute, relative * Math.abs(want[i])))) {
      expect.fail(`element ${i} is ${got[i]}; the oracle says ${want[i]}`);
    }
  }
}

/** Samples × neurons of a tile. */
function fromTile(pointer: number, neurons: number, samples: number): number[][] {
  const tile = new Float32Array(getTrainingEngine().arena.memory.buffer, pointer, neurons * TILE);
  return Array.from({ length: samples }, (_, b) =>
    Array.from({ length: neurons }, (_, i) => tile[i * TILE + b]),
  );
}

describe('the training oracle (float64 NumPy)', () => {
  const trace = fixture<Trace>('train-trace.json');
  const { batch, dims } = trace;

  it('agrees with every logit, activation, gradient and loss, and with where ten steps lead', () => {
    const engine = getTrainingEngine();
    const { kernels } = engine;
    const region = new Region(engine.arena);
    const matrices = trace.weights.map(toCsr);
    const network = new Network(engine, matrices);
    network.layers.forEach((layer, l) => {
      layer.values.view.set(matrices[l].values);
      layer.bias.view.set(trace.bias[l]);
    });
    const x = { rows: trace.x.length, cols: dims[0], data: Float32Array.from(trace.x.flat()) };
    const rows = loadRows(region, { x, targets: Int32Array.from(trace.labels) });
    const workspace = network.allocateWorkspace(region, crossEntropy(), true);
    const gradients = network.allocateGradients(region);
    const optimizer = sgd({
      learningRate: trace.learningRate,
      momentum: trace.momentum,
      weightDecay: trace.weightDecay,
    });
    network.useOptimizer(optimizer);
    for (let step = 0; step < trace.steps; step++) {
      const tile = rows.pack(kernels, step * batch, (step + 1) * batch, workspace);
      network.forward(kernels, workspace);
      network.score(kernels, workspace, tile);
      const [loss] = workspace.sums.view;
      network.differentiate(kernels, workspace, tile, 1 / batch, gradients, false);
      expectClose([loss / batch], [trace.losses[step]], 1e-5, 0);
      if (step === 0) {
        const tiles = workspace.activations.map((pointer, l) => fromTile(pointer, dims[l], batch));
        expectClose(tiles[3].flat(), trace.firstStep.logits.flat(), 1e-5, 1e-6);
        expectClose(tiles[1].flat(), trace.firstStep.hidden[0].flat(), 1e-5, 1e-6);
        expectClose(tiles[2].flat(), trace.firstStep.hidden[1].flat(), 1e-5, 1e-6);
        gradients.forEach((gradient, l) => {
          expectClose(gradient.weights.view, trace.firstStep.dWeights[l], 1e-5, 1e-6);
          expectClose(gradient.bias.view, trace.firstStep.dBias[l], 1e-5, 1e-6);
        });
      }
      const time = network.nextStep();
      for (const layer of network.layers) {
        for (const range of layer.ranges(3)) {
          layer.update(kernels, range, optimizer, gradients[layer.index], time);
        }
      }
    }
    network.layers.forEach((layer, l) => {
      expectClose(layer.values.view, trace.finalValues[l], 1e-4, 1e-6);
      expectClose(layer.bias.view, trace.finalBias[l], 1e-4, 1e-6);
      expectClose(layer.weightSlots[0].view, trace.finalMomentum[l], 1e-4, 1e-6);
    });
    network.free();
    region.free();
  });

  it('predicts through the public door what the oracle’s logits say', async () => {
    const model = await SparseMLP.fromWeights(
      trace.weights.map((weights, l) => ({ weights: toCsr(weights), bias: trace.bias[l] })),
    );
    const softmax = (z: number[]) => {
      const e = z.map((v) => Math.exp(v - Math.max(...z)));
      return e.map((v) => v / e.reduce((a, b) => a + b));
    };
    const want = trace.firstStep.logits.flatMap(softmax);
    expectClose(model.predict(trace.x.slice(0, batch)), want, 1e-5, 1e-6);
    const { loss } = model.evaluate(trace.x.slice(0, batch), trace.labels.slice(0, batch));
    expectClose([loss], [trace.losses[0]], 1e-5, 0);
    model.dispose();
  });
});

describe('the evolution oracle (float64 NumPy)', () => {
  const golden = fixture<EvolveCase>('evolve.json');
  const { inDim, outDim, samples, pruneFraction } = golden;
  const weights = toCsr(golden.weights);
  const flat = (rows: ArrayLike<number>, cols: ArrayLike<number>): number[] =>
    Array.from(rows, (row, e) => row * inDim + cols[e]);
  const flatOf = (pattern: { rows: number; indptr: Int32Array; indices: Int32Array }): number[] => {
    const rows = Array.from({ length: pattern.rows }, (_, r) =>
      Array<number>(pattern.indptr[r + 1] - pattern.indptr[r]).fill(r),
    ).flat();
    return flat(rows, pattern.indices);
  };

  /** The positions of the pruned, by the kernel the package prunes with. */
  function weakest(): Int32Array {
    const engine = getTrainingEngine();
    const region = new Region(engine.arena);
    const count = Math.floor(pruneFraction * weights.nnz);
    const values = region.f32(weights.nnz);
    const scratch = region.i32(2048);
    const out = region.i32(count);
    values.view.set(weights.values);
    const { topK } = engine.kernels;
    topK(values.pointer, weights.nnz, count, true, true, scratch.pointer, out.pointer);
    const result = out.view.slice();
    region.free();
    return result;
  }

  /**
   * Candidates from tiles of the given activations (samples × neurons), neuron-major with zeros in unused
   * lanes.
   */
  function search(inputs: number[][], outputs: number[][], score: 'cosine' | 'magnitude') {
    const engine = getTrainingEngine();
    const region = new Region(engine.arena);
    const tiles = Math.ceil(inputs.length / TILE);
    const toTiles = (rows: number[][]) =>
      Array.from({ length: tiles }, (_, t) => {
        const neurons = rows[0].length;
        const block = region.f32(neurons * TILE);
        for (let i = 0; i < neurons; i++) {
          for (let b = 0; b < TILE; b++) block.view[i * TILE + b] = rows[t * TILE + b]?.[i] ?? 0;
        }
        return block.pointer;
      });
    const [ins, outs] = [toTiles(inputs), toTiles(outputs)];
    const slots = ins.map((input, t) => ({ inputs: [input], outputs: [outs[t]] }));
    const stream = { rows: inputs.length, rowCost: 0, tiles, slots, load: () => {} };
    const site = {
      engine,
      executor: inlineExecutor(engine.kernels),
      dims: [inDim, outDim],
      cost: new GrowthCost(),
    };
    const kept = removeConnections(weights, weakest());
    const count = Math.floor(pruneFraction * weights.nnz);
    const searches = [{ kept, count }];
    const [found] = runNow(
      score === 'cosine' ? searchCosines(site, searches, stream) : searchMagnitudes(site, searches, stream),
    );
    region.free();
    if (found === undefined) throw new Error('nothing was searched');
    return found;
  }

  /** The edit of a method whose tools find the weakest by the package's kernel, and these candidates. */
  const evolve = (name: string, candidates: ReturnType<typeof search>) => {
    const method = topologyByName(name, { pruneFraction });
    const model = {
      ...fakeModel([inDim, outDim], [weights.nnz]),
      patterns: [weights],
      weights: [weights.values],
    };
    const { tools } = fakeTools(model);
    const network = fakeNetwork(model);
    const { state } = method.init(network.layers[0], randomStream(1, 'init'));
    const answer = method.evolve?.(network, [state], {
      ...tools,
      weakest: (layer, count) => {
        expect([layer, count]).toEqual([0, golden.pruned.length]);
        return weakest();
      },
      *likeliest([wanted]) {
        yield;
        expect(flatOf(wanted?.kept ?? expect.fail('nothing is wanted'))).toEqual(golden.kept);
        return [candidates];
      },
    });
    return finish(answer ?? expect.fail(`${name} does not evolve`)).edits[0] ?? expect.fail('no edit');
  };

  it('prunes and keeps exactly the oracle’s connections', () => {
    const all = flatOf(weights);
    expect(Array.from(weakest(), (p) => all[p])).toEqual(golden.pruned);
    expect(flatOf(removeConnections(weights, weakest()))).toEqual(golden.kept);
  });

  it('cte grows exactly the oracle’s largest cosines', () => {
    const candidates = search(golden.inputActivations, golden.outputActivations, 'cosine');
    expect(golden.inputActivations.length).toBe(samples);
    const { grow } = evolve('cte', candidates);
    expect(flat(grow.rows, grow.cols)).toEqual(golden.cosineTop);
  });

  it('ctre-sim grows the oracle’s and replaces as many at random', () => {
    const candidates = search(golden.inputActivations, golden.outputActivations, 'cosine');
    const { grow, random } = evolve('ctre-sim', candidates);
    const grown = flat(grow.rows, grow.cols);
    const { grownByCosine, replacedByRandom } = golden.ctreSim;
    expect(random.cols.length).toBe(replacedByRandom);
    expect(grown.length).toBe(golden.pruned.length);
    expect(grownByCosine.filter((position) => !grown.includes(position))).toEqual([]);
    const drawn = grown.filter((position) => !grownByCosine.includes(position));
    const forbidden = new Set([...golden.kept, ...golden.cosineTop]);
    expect(flat(random.rows, random.cols)).toEqual(drawn);
    expect(drawn.filter((position) => forbidden.has(position))).toEqual([]);
  });

  it('rigl grows exactly the oracle’s largest gradients', () => {
    // A sample per output neuron, one-hot: then the inner products are the given gradient itself.
    const oneHot = golden.denseGradient.map((_, i) => golden.denseGradient.map((_, k) => Number(i === k)));
    const candidates = search(golden.denseGradient, oneHot, 'magnitude');
    const { grow } = evolve('rigl', candidates);
    expect(flat(grow.rows, grow.cols)).toEqual(golden.rigl.grown);
  });
});
