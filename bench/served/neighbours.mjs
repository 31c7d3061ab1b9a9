// The search for the rows of largest cosine as a contestant: the public cosineTopK (`ctre`), or the same in
// plain JavaScript (`plain`), which cannot be aborted.
//
//   load PATH        reads a sparse matrix (format: writeMatrix)
//   dense PATH       reads dense rows (format: writeDense)
//   run K TIMES      answers [nanoseconds, …] of searches for K neighbours
//   check K PATH     one search; writes the indices as int32, then the cosines as float32
//   abort K DELAY    starts cosineTopKAsync, aborts it after DELAY ms; answers the ms until it ends

import { readFileSync, writeFileSync } from 'node:fs';
import { CsrMatrix, cosineTopK, cosineTopKAsync, initSync } from '../../dist/kernels/index.js';
import { denseNeighbours, sparseNeighbours } from '../plainNeighbours.mjs';
import { serve, time } from './serve.mjs';

/** Reads what `writeMatrix` of bench/problems.mjs wrote. */
function readMatrix(path) {
  const { buffer } = new Uint8Array(readFileSync(path));
  const [rows, cols, nnz] = new Int32Array(buffer, 0, 3);
  const indices = 12 + 4 * (rows + 1);
  return CsrMatrix.fromParts({
    rows,
    cols,
    indptr: new Int32Array(buffer, 12, rows + 1),
    indices: new Int32Array(buffer, indices, nnz),
    values: new Float32Array(buffer, indices + 4 * nnz, nnz),
  });
}

function readDense(path) {
  const { buffer } = new Uint8Array(readFileSync(path));
  const [rows, cols] = new Int32Array(buffer, 0, 2);
  return { rows, cols, data: new Float32Array(buffer, 8) };
}

const plain = (matrix, k) =>
  matrix instanceof CsrMatrix ? sparseNeighbours(matrix, k) : denseNeighbours(matrix, k);
const search = process.argv[2] === 'plain' ? plain : cosineTopK;

let matrix;
initSync();
await serve({
  load(path) {
    matrix = readMatrix(path);
  },
  dense(path) {
    matrix = readDense(path);
  },
  run: (k, times) => time(() => search(matrix, Number(k)), Number(times)),
  check(k, path) {
    const { indices, similarities } = search(matrix, Number(k), matrix, { threshold: 0 });
    writeFileSync(path, Buffer.concat([indices, similarities].map(({ buffer }) => Buffer.from(buffer))));
  },
  async abort(k, delay) {
    const controller = new AbortController();
    const search = cosineTopKAsync(matrix, Number(k), matrix, { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, Number(delay)));
    const begin = performance.now();
    controller.abort();
    const code = await search.then(
      () => 'it ended before',
      (error) => error.code,
    );
    if (code !== 'E_ABORTED') throw new Error(`the search was not aborted: ${code}`);
    return performance.now() - begin;
  },
});
