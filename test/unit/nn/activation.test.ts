// Activations of whole networks, beside PyTorch's and against an independent evaluation in float64: the network
// by its definition, and gradients by finite differences.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { TILE } from '../../../src/engine/abi.ts';
import { lanesFor } from '../../../src/engine/lanes.ts';
import { Region } from '../../../src/engine/region.ts';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import { activation, initializer, SparseMLP, topology } from '../../../src/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { type Activation, activationByName } from '../../../src/nn/activation.ts';
import { crossEntropy } from '../../../src/nn/losses/crossEntropy.ts';
import { Network } from '../../../src/nn/network.ts';
import { loadRows } from '../../../src/nn/rows.ts';

/** A network's layer as a dense matrix of float64, and where its connections are. */
interface DenseLayer {
  readonly weights: number[][];
  readonly mask: number[][];
  readonly bias: number[];
}

interface Samples {
  readonly x: number[][];
  readonly labels: number[];
}

/** What test/fixtures/make_activations.py has written. */
const torch: Samples & {
  readonly layers: DenseLayer[];
  readonly activations: Record<
    string,
    {
      readonly options: Record<string, number>;
      readonly logits: number[][];
      readonly loss: number;
      readonly gradients: { readonly weights: number[]; readonly bias: number[] }[];
      readonly importance: number[];
    }
  >;
} = JSON.parse(readFileSync(new URL('../../fixtures/activations.json', import.meta.url), 'utf8'));

function csrOf({ weights, mask }: DenseLayer): CsrMatrix {
  const indptr = [0];
  const indices: number[] = [];
  mask.forEach((row, i) => {
    indices.push(...row.flatMap((is, j) => (is === 1 ? [j] : [])));
    indptr.push(indices.length);
    expect(weights[i].every((w, j) => w === 0 || row[j] === 1)).toBe(true);
  });
  const values = weights.flatMap((row, i) => row.filter((_, j) => mask[i][j] === 1));
  return CsrMatrix.fromParts({ rows: mask.length, cols: mask[0].length, indptr, indices, values });
}

/** Logits, loss and gradients of the network itself, by the calls that training makes. */
function computed(layers: readonly DenseLayer[], { x, labels }: Samples, own: Activation | undefined) {
  const engine = getTrainingEngine();
  const { kernels } = engine;
  const region = new Region(engine.arena);
  const matrices = layers.map(csrOf);
  const network = new Network(engine, matrices, own);
  try {
    network.layers.forEach((layer, l) => {
      layer.values.view.set(matrices[l].values);
      layer.bias.view.set(layers[l].bias);
    });
    const data = { rows: x.length, cols: x[0].length, data: Float32Array.from(x.flat()) };
    const rows = loadRows(region, { x: data, targets: Int32Array.from(labels) });
    const workspace = network.allocateWorkspace(region, crossEntropy(), true);
    const gradients = network.allocateGradients(region);
    const logits: number[][] = [];
    let loss = 0;
    for (let begin = 0; begin < x.length; begin += TILE) {
      const count = Math.min(TILE, x.length - begin);
      const tile = rows.pack(kernels, begin, x.length, workspace);
      network.forward(kernels, workspace, lanesFor(count));
      const sums = new Float32Array(engine.arena.memory.buffer, workspace.logits, network.outputs * TILE);
      for (let b = 0; b < count; b++) {
        logits.push(Array.from({ length: network.outputs }, (_, c) => sums[c * TILE + b]));
      }
      network.score(kernels, workspace, tile);
      loss += workspace.sums.view[0];
      network.differentiate(kernels, workspace, tile, 1 / x.length, gradients, begin > 0, lanesFor(count));
    }
    return {
      logits,
      loss: loss / x.length,
      gradients: gradients.map(({ weights, bias }) => ({ weights: [...weights.view], bias: [...bias.view] })),
    };
  } finally {
    network.free();
    region.free();
  }
}

/** The activations by their definitions; layer from 1. */
const definitions: Readonly<Record<string, (z: number, layer: number, slope: number) => number>> = {
  relu: (z) => Math.max(z, 0),
  'leaky-relu': (z, _, slope) => (z > 0 ? z : slope * z),
  'all-relu': (z, layer, slope) => (z > 0 ? z : layer % 2 === 1 ? -slope * z : slope * z),
  linear: (z) => z,
};

/** The mean cross-entropy, by its definition. */
function meanLoss(
  layers: readonly DenseLayer[],
  { x, labels }: Samples,
  name: string,
  { slope = 0 }: Readonly<Record<string, number>>,
): number {
  const losses = x.map((row, r) => {
    const logits = layers.reduce((input, { weights, bias }, l) => {
      const sums = weights.map((w, i) => w.reduce((sum, weight, j) => sum + weight * input[j], bias[i]));
      return l === layers.length - 1 ? sums : sums.map((z) => definitions[name](z, l + 1, slope));
    }, row);
    return Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[labels[r]];
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** Layers of which every one goes another way through the kernels: by its density, and inputs to outputs. */
function drawNetwork(name: string): DenseLayer[] {
  const random = randomStream(7, `network ${name}`);
  const number = (): number => Math.fround(2 * random.next() - 1);
  const dims = [3, 4, 40, 6, 5, 3];
  // Few connections, all but one of them (two passes down), few, all of them, few.
  const densities = [0.6, 0.99, 0.2, 1, 0.7];
  return densities.map((density, l) => {
    const mask = Array.from({ length: dims[l + 1] }, (_, i) =>
      Array.from({ length: dims[l] }, (_, j) => {
        if (density === 0.99) return i === 1 && j === 2 ? 0 : 1;
        return random.next() < density || i % dims[l] === j ? 1 : 0;
      }),
    );
    // A layer that has them all by chance would be another kind of layer.
    if (density < 0.9) mask[0][dims[l] - 1] = 0;
    const scale = 2 / Math.sqrt(dims[l]);
    const weights = mask.map((row) => row.map((is) => is * Math.fround(scale * number())));
    return { mask, weights, bias: Array.from({ length: dims[l + 1] }, number) };
  });
}

function drawSamples(name: string, rows: number): Samples {
  const random = randomStream(8, `samples ${name}`);
  return {
    x: Array.from({ length: rows }, () =>
      Array.from({ length: 3 }, () => Math.fround(4 * random.next() - 2)),
    ),
    labels: Array.from({ length: rows }, () => random.below(3)),
  };
}

function expectNear(got: readonly number[], want: readonly number[], what: string): void {
  expect(got.length).toBe(want.length);
  const largest = Math.max(...want.map(Math.abs));
  want.forEach((value, at) => {
    if (!(Math.abs(got[at] - value) <= 2e-6 * largest + 1e-6 * Math.abs(value))) {
      expect.fail(`${what}: element ${at} is ${got[at]}; expected ${value}`);
    }
  });
}

describe.each(Object.entries(torch.activations))('%s', (name, wanted) => {
  const own = activationByName(name, wanted.options);

  it('has the logits, the loss and the gradients that PyTorch comes to', () => {
    const { logits, loss, gradients } = computed(torch.layers, torch, own);
    expectNear(logits.flat(), wanted.logits.flat(), 'logits');
    expectNear([loss], [wanted.loss], 'loss');
    gradients.forEach(({ weights, bias }, l) => {
      expectNear(weights, wanted.gradients[l].weights, `weights of layer ${l}`);
      expectNear(bias, wanted.gradients[l].bias, `bias of layer ${l}`);
    });
  });

  it('has the attribution that PyTorch comes to', async () => {
    const layers = torch.layers.map((layer) => ({ weights: csrOf(layer), bias: layer.bias }));
    using model = await SparseMLP.fromWeights(layers, { activation: own });
    const x = { rows: torch.x.length, cols: 4, data: Float32Array.from(torch.x.flat()) };
    const importance = model.inputImportance({ by: 'attribution', x, y: torch.labels });
    expectNear([...importance], wanted.importance, 'importance');
  });

  it.each([5, 13, 45])('has the gradients that finite differences of %i rows come to', (rows) => {
    const layers = drawNetwork(name);
    const samples = drawSamples(name, rows);
    const lossOf = (changed: readonly DenseLayer[]): number => meanLoss(changed, samples, name, own.options);
    const { loss, gradients } = computed(layers, samples, own);
    expect(loss).toBeCloseTo(lossOf(layers), 5);
    const step = 1e-6;
    layers.forEach((layer, l) => {
      const difference = (change: (by: number) => DenseLayer): number =>
        (lossOf(layers.with(l, change(step))) - lossOf(layers.with(l, change(-step)))) / (2 * step);
      const slopes = layer.mask.flatMap((row, i) =>
        row.flatMap((is, j) => {
          if (is === 0) return [];
          const change = (by: number): DenseLayer => ({
            ...layer,
            weights: layer.weights.with(i, layer.weights[i].with(j, layer.weights[i][j] + by)),
          });
          return [difference(change)];
        }),
      );
      const bias = layer.bias.map((value, i) =>
        difference((by) => ({ ...layer, bias: layer.bias.with(i, value + by) })),
      );
      const largest = Math.max(...slopes.map(Math.abs), ...bias.map(Math.abs));
      expect(largest).toBeGreaterThan(1e-3);
      const error = Math.max(
        ...slopes.map((slope, p) => Math.abs(slope - gradients[l].weights[p])),
        ...bias.map((slope, i) => Math.abs(slope - gradients[l].bias[i])),
      );
      expect(error, `layer ${l}`).toBeLessThan(1e-5 * Math.max(1, largest));
    });
  });
});

describe('activations', () => {
  it('of a network are ReLU where nothing else is asked for, to the bit', () => {
    const samples = drawSamples('usual', 40);
    const layers = drawNetwork('usual');
    const usual = computed(layers, samples, undefined);
    expect(computed(layers, samples, activation.relu())).toEqual(usual);
    // A slope of 0 is ReLU, and of 1 nothing.
    expect(computed(layers, samples, activation.leakyRelu({ slope: 0 }))).toEqual(usual);
    expect(computed(layers, samples, activation.leakyRelu({ slope: 1 }))).toEqual(
      computed(layers, samples, activation.linear()),
    );
  });

  it('know their slopes', () => {
    const slopes = (own: Activation): number[] => [1, 2, 3].map((layer) => own.slope(layer));
    expect(slopes(activation.relu())).toEqual([0, 0, 0]);
    expect(slopes(activation.leakyRelu())).toEqual([0.01, 0.01, 0.01]);
    expect(slopes(activation.leakyRelu({ slope: 0.2 }))).toEqual([0.2, 0.2, 0.2]);
    expect(slopes(activation.allRelu())).toEqual([-0.6, 0.6, -0.6]);
    expect(slopes(activation.allRelu({ slope: 0.5 }))).toEqual([-0.5, 0.5, -0.5]);
    expect(slopes(activation.linear())).toEqual([1, 1, 1]);
  });

  it.each([-0.1, 1.1, Number.NaN, '0.5', null])('take no slope of %s', (slope) => {
    for (const make of [activation.leakyRelu, activation.allRelu]) {
      expect(() => make({ slope } as never)).toThrow(
        expect.objectContaining({ code: 'E_ARGUMENT', message: expect.stringContaining('slope is') }),
      );
    }
  });

  it('without a slope take none', () => {
    for (const make of [activation.relu, activation.linear]) {
      expect(() => make({ slope: 0.5 } as never)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
    }
  });

  it('make the first weights smaller by √(1 + slope²), but for the first layer', () => {
    const shape = { index: 1, inDim: 40, outDim: 30, nnz: 200 };
    const he = initializer.sparseHe();
    const usual = 1.5 * Math.sqrt((6 * 30) / 200);
    expect(he.bound(shape)).toBe(usual);
    expect(he.bound({ ...shape, inputSlope: 0 })).toBe(usual);
    expect(he.bound({ ...shape, inputSlope: -0.6 })).toBeCloseTo(usual / Math.sqrt(1.36), 12);
    expect(he.bound({ ...shape, inputSlope: 1 })).toBeCloseTo(usual / Math.SQRT2, 12);
    expect(he.bound({ ...shape, index: 0, inputSlope: 1 })).toBe(0.1 * Math.sqrt((6 * 30) / 200));
  });

  it('are known to the initialiser of a model, and of connections that are grown later', async () => {
    const seen = new Map<string, (number | undefined)[]>();
    const watching = (name: string) => ({
      name,
      options: {},
      bound: ({ index, inputSlope }: { index: number; inputSlope?: number }) => {
        const slopes = seen.get(name) ?? [];
        slopes[index] = inputSlope;
        seen.set(name, slopes);
        return 0.3;
      },
    });
    using model = await SparseMLP.create({
      layers: [3, 12, 9, 7, 3],
      activation: activation.allRelu({ slope: 0.25 }),
      initializer: watching('first'),
      growInitializer: watching('later'),
      topology: topology.set(),
      epsilon: 3,
    });
    const { x, labels } = drawSamples('growing', 60);
    await model.fit({ rows: 60, cols: 3, data: Float32Array.from(x.flat()) }, labels, { epochs: 3 });
    expect(seen.get('first')).toEqual([1, -0.25, 0.25, -0.25]);
    expect(seen.get('later')).toEqual([1, -0.25, 0.25, -0.25]);
    seen.clear();
    model.addOutputs(2);
    expect(seen.get('first')?.[3]).toBe(-0.25);
  });
});
