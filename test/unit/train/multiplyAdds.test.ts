// The count of multiply-adds against what the kernels really do.
import { afterEach, describe, expect, it } from 'vitest';
import { TILE } from '../../../src/engine/abi.ts';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import { optimizer, SparseMLP, type Topology, topology } from '../../../src/index.ts';
import { sampleFree } from '../../../src/matrix/sampling.ts';
import { presets } from '../../../src/model/presets.ts';
import { topologyByName } from '../../../src/topology/methods.ts';
import { countMultiplyAdds } from '../../../src/train/multiplyAdds.ts';
import { quadrants } from '../../support/problems.ts';

/** Of one call, from its arguments. */
type Count = (args: readonly number[], at: (pointer: number, index: number) => number) => number;
/**
 * A kernel that goes over connections, by the places of its offsets, the number of neurons, and the lanes.
 */
const connections =
  (rows: number, lanes: number, products = 1): Count =>
  (args, at) =>
    products * (at(args[0], args[rows]) - at(args[0], 0)) * args[lanes];
const kernelCounts: Readonly<Record<string, Count>> = {
  spmm: connections(7, 9),
  spmmT: connections(8, 10),
  sddmm: connections(5, 7),
  backward: connections(9, 12, 2),
  weightGradient: connections(6, 8),
  gemm: (args) => args[5] * args[6] * TILE,
  gemmT: (args) => args[5] * args[6] * TILE,
  products: (args) => args[3] * args[4] * args[6],
  squaredNorms: (args) => args[2] * TILE,
};

const { kernels, arena } = getTrainingEngine();
const originals = { ...kernels };
afterEach(() => {
  Object.assign(kernels, originals);
});

/** Multiply-adds of all kernel calls while something runs. */
async function countKernels(run: () => Promise<unknown>): Promise<number> {
  let total = 0;
  const at = (pointer: number, index: number) =>
    new Int32Array(arena.memory.buffer, pointer, index + 1)[index];
  for (const [name, count] of Object.entries(kernelCounts)) {
    const kernel: unknown = Reflect.get(originals, name);
    Reflect.set(kernels, name, (...args: number[]) => {
      total += count(args, at);
      Reflect.apply(kernel as () => void, undefined, args);
    });
  }
  await run();
  Object.assign(kernels, originals);
  return total;
}

/** The default method. */
const { name: usual } = presets.default.topology();

const layers = [900, 800, 500, 4];
const ROWS = 256;
const EPOCHS = 3;
const { x, y } = quadrants(ROWS, layers[0]);

/** What was counted, and what was done, in three epochs with their updates. */
async function compare(method: Topology, density: number[] | undefined = [0.01, 0.02, 0.1]) {
  const model = await SparseMLP.create({ layers, density, topology: method, seed: 1 });
  const options = { epochs: EPOCHS, batchSize: 64, optimizer: optimizer.sgd({ learningRate: 0 }) };
  const done = await countKernels(() => model.fit(x, y, options));
  const growth = model.history.reduce(
    (sum, { start, evolution }) => sum + (start?.multiplyAdds ?? 0) + (evolution?.multiplyAdds ?? 0),
    0,
  );
  const { total } = countMultiplyAdds({
    ...{ dims: layers, nnz: model.layers.map(({ nnz }) => nnz), rows: ROWS, epochs: EPOCHS, growth },
  });
  model.dispose();
  return { done, counted: ROWS * EPOCHS * total, growth };
}

/** The gradients that SNIP starts from. */
const startsWithGradients: Topology = {
  ...topology.fixed(),
  *start(_network, states, tools) {
    yield* tools.initialGradients(tools.sampleRows(64));
    return states;
  },
};

/** Asks for all that tools answer. */
const asksForAll: Topology = {
  ...topology.fixed(),
  *evolve({ layers: all }, states, tools) {
    const rows = tools.sampleRows(96);
    const lists = all.map(({ pattern }, l) =>
      l === 1 ? undefined : sampleFree(pattern, 500, tools.random(`listed/${l}`)),
    );
    const wanted = all.map(({ pattern }, l) => (l === 2 ? undefined : { kept: pattern, count: 70 }));
    for (const by of ['cosine', 'gradient'] as const) {
      yield* tools.scoreAt(lists, by, rows);
      yield* tools.likeliest(wanted, by, rows, { search: 'auto', pairs: 2, guided: 0.7 });
    }
    yield* tools.likeliest(wanted, 'gradient', rows, { search: 'exact', pairs: 1 });
    yield* tools.carrying(rows);
    yield* tools.activations(rows);
    yield* tools.gradients(rows);
    yield* tools.neuronSums(rows, 'absolute');
    yield* tools.neuronSums(rows, 'signed');
    return { edits: all.map(() => undefined), states };
  },
};

describe('the count of multiply-adds', () => {
  it.each<[string, Topology, (number[] | undefined)?]>([
    ['set, which searches for nothing', topology.set()],
    ['rigl', topology.rigl()],
    ['rigl with a full layer', topology.rigl(), [0.01, 0.02, 1]],
    ['cte', topology.cte()],
    [
      'the default, wired and by gradient',
      topologyByName(usual, { wiring: 3, cosineShare: 0, growthShare: 0 }),
    ],
    [
      'the default, wired and by cosine',
      topologyByName(usual, { wiring: 1, cosineShare: 1, growthShare: 0 }),
    ],
    ['an exact search by gradient', topology.rigl({ search: 'exact' })],
    ['all that tools answer', asksForAll],
    ['a gradient of the dense network before the first step', startsWithGradients],
    ['dense', topology.dense()],
  ])('is that of the kernels, with %s', async (name, method, density) => {
    const { done, counted, growth } = await compare(method, density);
    expect(Math.round(counted)).toBe(done);
    expect(growth > 0).toBe(!/^(set|dense)/.test(name));
  });

  it('is that of the kernels, with an exact search by cosine, but for neurons that never fire', async () => {
    const { done, counted, growth } = await compare(topology.cte({ search: 'exact' }));
    expect(Math.abs(counted - done)).toBeLessThanOrEqual(0.02 * growth);
  });
});
