// Every other kernel of ctre at one width, as a contestant: dense products, packing, cosines, selection,
// optimiser steps.
//
//   open N             prepares layers of N neurons, density and sparsity of the data as in an MNIST network
//   kernels            answers [{ name, flops, bytes }]: arithmetic, or bytes that have to move, of one call
//   run KERNEL TIMES   answers [nanoseconds, …]

import { randomStream } from '../../dist/base/random.js';
import { TILE, TOP_K_SCRATCH } from '../../dist/engine/abi.js';
import { Region } from '../../dist/engine/region.js';
import { getTrainingEngine } from '../../dist/engine/training.js';
import { randomPattern } from '../../dist/matrix/sampling.js';
import { serve, time } from './serve.mjs';

/** Rows of data to pack tiles from. */
const ROWS = 1024;
/** Share of a row's features that are not 0. */
const FILLED = 0.19;

function prepare(n) {
  const { kernels, arena } = getTrainingEngine();
  const region = new Region(arena);
  const random = randomStream(0, `bench/dense/${n}`);
  const floats = (length) => {
    const block = region.f32(length);
    const { view } = block;
    for (let e = 0; e < length; e++) view[e] = random.next() - 0.5;
    return block.pointer;
  };
  const integers = (values) => {
    const block = region.i32(values.length);
    block.view.set(values);
    return block.pointer;
  };
  const sums = () => {
    const block = region.f64(n);
    block.view.fill(n);
    return block.pointer;
  };
  const [w, pairs, bias] = [floats(n * n), floats(n * n), floats(n)];
  const [x, y, dx, tile] = [0, 1, 2, 3].map(() => floats(n * TILE));
  const data = floats(ROWS * n);
  const rows = integers(Int32Array.from({ length: TILE }, () => random.below(ROWS)));
  const sparse = randomPattern(ROWS, n, Math.round(FILLED * ROWS * n), random);
  const [rowPtr, colIdx] = [integers(sparse.indptr), integers(sparse.indices)];
  const entries = sparse.indices.length;
  const values = floats(entries);
  // As many pairs as ctre-sim scores exactly: four times a fifth of the connections at ε = 20.
  const listed = randomPattern(n, n, Math.min(n * n, 32 * n), random);
  const [listPtr, listIdx] = [integers(listed.indptr), integers(listed.indices)];
  const list = listed.indices.length;
  const every = integers(Int32Array.from({ length: n }, (_, i) => i));
  const [outSums, inSums] = [sums(), sums()];
  const scratch = region.i32(TOP_K_SCRATCH).pointer;
  const k = Math.round(0.008 * n * n);
  const chosen = region.i32(k).pointer;
  const [parameters, gradient, momentum, variance] = [0, 1, 2, 3].map(() => floats(40 * n));
  new Float32Array(arena.memory.buffer, variance, 40 * n).fill(1);
  const dense = 2 * TILE * n * n;
  return {
    gemm: { flops: dense, run: () => kernels.gemm(w, bias, x, y, 0, n, n, 0) },
    gemmT: { flops: dense, run: () => kernels.gemmT(w, y, x, 0, dx, n, n, 0) },
    products: { flops: dense, run: () => kernels.products(y, x, pairs, n, n, false, TILE) },
    packDense: { bytes: 8 * TILE * n, run: () => kernels.packDense(data, rows, TILE, n, tile) },
    packCsr: {
      bytes: 4 * TILE * n + (12 * TILE * entries) / ROWS,
      run: () => kernels.packCsr(rowPtr, colIdx, values, rows, TILE, n, tile),
    },
    squaredNorms: { bytes: 4 * TILE * n + 16 * n, run: () => kernels.squaredNorms(x, every, n, outSums) },
    cosineBlock: { bytes: 8 * n * n, run: () => kernels.cosineBlock(pairs, outSums, inSums, n, n) },
    cosinePairs: {
      bytes: 12 * list,
      run: () => kernels.cosinePairs(listPtr, listIdx, pairs, outSums, inSums, n),
    },
    topK: { bytes: 4 * n * n, run: () => kernels.topK(w, n * n, k, false, true, scratch, chosen) },
    sgd: {
      bytes: 20 * 40 * n,
      run: () => kernels.sgd(parameters, gradient, momentum, 40 * n, 1e-9, 0.9, true, 1e-4),
    },
    adam: {
      bytes: 28 * 40 * n,
      run: () => kernels.adam(parameters, gradient, momentum, variance, 40 * n, 1e-9, 0.9, 0.999, 1, 1e-8, 0),
    },
  };
}

let kernels;
await serve({
  open(n) {
    kernels = prepare(Number(n));
  },
  kernels: () => Object.entries(kernels).map(([name, { flops, bytes }]) => ({ name, flops, bytes })),
  run: (name, times) => time(kernels[name].run, Number(times)),
});
