// The sparse kernels over a matrix of layers. Every contestant gets the same files. First their results are
// compared, then they take turns.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BATCH, randomLayer, writeLayer } from './problems.mjs';
import { takeTurns } from './turns.mjs';

/** Results of float32 sums in different orders differ by about this, relative to the largest. */
const AGREEMENT = 1e-5;
/** Nanoseconds that a turn should take. The caches then hold the contestant's own data. */
const TURN = 1e7;

const shapes = (sizes) =>
  sizes.flatMap(([inDim, outDim]) =>
    [1, 5, 20]
      .map((epsilon) => ({ inDim, outDim, epsilon, nnz: epsilon * (inDim + outDim) }))
      .filter(({ nnz }) => nnz < inDim * outDim),
  );

const SQUARE = [1000, 10_000, 100_000].map((n) => [n, n]);

/** Square layers, and the first and the last layer of an MNIST network. If quick, a few small ones. */
export function layersOf({ quick }) {
  if (quick)
    return shapes([
      [1000, 1000],
      [784, 1000],
    ]).filter(({ epsilon }) => epsilon < 20);
  return shapes([...SQUARE, [784, 1000], [1000, 10]]);
}

export const nameOf = ({ inDim, outDim, epsilon }) => `${inDim} → ${outDim}, ε = ${epsilon}`;

/**
 * Bytes that a product reads and writes for so many tiles: both sides' activations, and CSR with its values.
 */
export function workingSet({ inDim, outDim, nnz }, tiles) {
  return 128 * tiles * (inDim + outDim) + 8 * nnz + 8 * outDim;
}

/** Billions of multiplications and additions a second, if a batch takes so many nanoseconds. */
export function gigaflops({ nnz }, kernel, nanoseconds) {
  return ((kernel === 'backward' ? 4 : 2) * nnz * BATCH) / nanoseconds;
}

/**
 * @param contestants name → { program, kernels, takesPart?(layer) }. Results are compared with those of the
 *   first.
 * @param onLayer is called with each layer's figures: { …layer, errors: { kernel: { name: error } }, kernels:
 *   { kernel: { name: summary } } }, times in nanoseconds a batch.
 */
export async function measureLayers(contestants, { quick }, onLayer) {
  const folder = mkdtempSync(join(tmpdir(), 'ctre-bench-'));
  try {
    for (const layer of layersOf({ quick })) {
      const path = join(folder, 'layer.bin');
      writeLayer(path, randomLayer(layer));
      const present = Object.entries(contestants).filter(([, { takesPart }]) => takesPart?.(layer) ?? true);
      for (const [, { program }] of present) await program.ask(['load', path]);
      const having = (kernel) => present.filter(([, { kernels }]) => kernels.includes(kernel));
      const errors = {};
      for (const kernel of ['spmm', 'spmmT', 'sddmm', 'backward']) {
        const of = present.filter(([, { kernels, checks = kernels }]) => checks.includes(kernel));
        errors[kernel] = await compare(of, kernel, join(folder, 'result.bin'));
      }
      const kernels = {};
      for (const kernel of ['spmm', 'spmmT', 'sddmm', 'backward']) {
        const turns = {};
        for (const [name, { program }] of having(kernel)) turns[name] = await prepare(program, kernel, quick);
        kernels[kernel] = await takeTurns(
          turns,
          quick ? { rounds: 5, seconds: 5 } : { rounds: 15, seconds: 30 },
        );
      }
      onLayer({ ...layer, errors, kernels });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The largest difference to the first contestant's result, relative to its largest element. */
export async function compare(contestants, kernel, path) {
  let expected;
  const errors = {};
  for (const [name, { program }] of contestants) {
    await program.ask(['check', kernel, path]);
    const { buffer } = new Uint8Array(readFileSync(path));
    const result = new Float32Array(buffer);
    expected ??= result;
    if (result.length !== expected.length)
      throw new Error(`${name} gives ${result.length} numbers for ${kernel}`);
    let largest = 0;
    let difference = 0;
    for (let e = 0; e < expected.length; e++) {
      largest = Math.max(largest, Math.abs(expected[e]));
      difference = Math.max(difference, Math.abs(result[e] - expected[e]));
    }
    errors[name] = difference / largest;
    // Not "greater than": NaN does not agree with anything.
    if (!(errors[name] <= AGREEMENT)) throw new Error(`${name} disagrees on ${kernel}: ${errors[name]}`);
  }
  return errors;
}

/** Runs a kernel until it is compiled for speed, and returns a function that does one turn. */
export async function prepare(program, kernel, quick) {
  const turn = (times) => program.ask(['run', kernel, times]);
  const end = performance.now() + (quick ? 50 : 200);
  let times = 1;
  do {
    const nanoseconds = Math.min(...(await turn(times)));
    times = Math.min(200, Math.max(1, Math.round(TURN / nanoseconds)));
  } while (performance.now() < end);
  return () => turn(times);
}
