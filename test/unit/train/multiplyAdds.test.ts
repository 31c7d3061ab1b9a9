// The count of multiply-adds against what the kernels really do.
import { afterEach, describe, expect, it } from 'vitest';
import { TILE } from '../../../src/engine/abi.ts';
import { getEngine } from '../../../src/engine/engine.ts';
import { optimizer, SparseMLP, type Topology, topology } from '../../../src/index.ts';
import { countMultiplyAdds } from '../../../src/train/multiplyAdds.ts';
import { quadrants } from '../../support/problems.ts';

/** Of one call, from its arguments. */
type Count = (args: readonly number[], at: (pointer: number, index: number) => number) => number;
/**
 * A kernel that goes over connections, by the places of its offsets, the number of neurons, and the lanes.
 */
const connections =
  (rows: number, lanes: number): Count =>
  (args, at) =>
    (at(args[0], args[rows]) - at(args[0], 0)) * args[lanes];
const kernelCounts: Readonly<Record<string, Count>> = {
  spmm: connections(6, 8),
  spmmT: connections(7, 8),
  sddmm: connections(5, 7),
  gemm: (args) => args[4] * args[5] * TILE,
  gemmT: (args) => args[4] * args[5] * TILE,
  products: (args) => args[3] * args[4] * args[6],
  squaredNorms: (args) => args[2] * TILE,
};

const { kernels, arena } = getEngine();
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

/** Two passes over the pairs of the middle layer, three over those of the first. */
const layers = [900, 800, 500, 4];
const ROWS = 256;
const { x, y } = quadrants(ROWS, layers[0]);

/** What was counted, and what was done, in two epochs and the update between them. */
async function compare(method: Topology, density: number[] | undefined = [0.01, 0.02, 0.1]) {
  const model = await SparseMLP.create({ layers, density, topology: method, seed: 1 });
  const options = { epochs: 2, batchSize: 64, optimizer: optimizer.sgd({ learningRate: 0 }) };
  const done = await countKernels(() => model.fit(x, y, options));
  const { total, growth } = countMultiplyAdds({
    dims: layers,
    nnz: model.layers.map(({ nnz }) => nnz),
    topology: method,
    rows: ROWS,
    batchSize: 64,
    epochs: 2,
    planned: 2,
    searches: model.history.flatMap(({ epoch, evolution }) =>
      evolution?.candidates ? [{ epoch: epoch - 1, by: evolution.candidates }] : [],
    ),
  });
  model.dispose();
  return { done, counted: 2 * ROWS * total, growth: 2 * ROWS * growth };
}

describe('the count of multiply-adds', () => {
  it.each<[string, Topology, (number[] | undefined)?]>([
    ['set, which searches for nothing', topology.set()],
    ['rigl', topology.rigl()],
    ['momentum, over all rows', topology.momentum({ batches: 10 })],
    ['rigl with a full layer', topology.rigl(), [0.01, 0.02, 1]],
    ['cte, exactly', topology.cte({ search: 'exact' })],
    ['cte-rigl, wired and by gradient', topology.cteRigl({ wiring: 3, cosineShare: 0, batches: 2 })],
    ['cte-rigl, wired and by cosine', topology.cteRigl({ wiring: 1, cosineShare: 1, search: 'exact' })],
    ['snip', topology.snip()],
    ['dense', topology.dense()],
  ])('is that of the kernels, with %s', async (_, method, density) => {
    const { done, counted, growth } = await compare(method, density);
    // Of cosines it is a bound: neurons that never fire are left out.
    expect(counted).toBeGreaterThanOrEqual(done);
    expect(counted - done).toBeLessThanOrEqual(0.02 * growth);
  });

  it('is a close bound for a sampled search', async () => {
    const { done, counted, growth } = await compare(
      topology.cte({ search: { sampleRows: 64, oversample: 3 } }),
    );
    // Of the exact cosines only the neurons of proposed pairs need norms.
    expect(counted).toBeGreaterThanOrEqual(done);
    expect(counted - done).toBeLessThanOrEqual(0.1 * growth);
  });
});
