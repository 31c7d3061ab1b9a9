// A·x and Aᵀ·x of a sparse matrix as a contestant: by a prepared matrix, by the one-call functions, or by
// loops in plain JavaScript. `load` names a layer's file and a number of columns, which are the first numbers
// of its x and dy, row-major. The other commands are those of native/serve.h.
import { writeFileSync } from 'node:fs';
import { CsrMatrix, prepare, spmm, spmmTransposed } from '../../dist/kernels/index.js';
import { readLayer } from '../problems.mjs';
import { serve, time } from './serve.mjs';

/** y = A·x, as people write it for a vector. */
function plainVector({ rows, indptr, indices, values }, x, y) {
  for (let i = 0, p = 0; i < rows; i++) {
    let sum = 0;
    for (const end = indptr[i + 1]; p < end; p++) sum += values[p] * x[indices[p]];
    y[i] = sum;
  }
}

/** y = A·x for k columns, a multiple of eight: eight sums at a time, which is the fastest of such loops. */
function plainMultiply({ rows, indptr, indices, values }, x, y, k) {
  for (let i = 0; i < rows; i++) {
    const end = indptr[i + 1];
    for (let c = 0; c < k; c += 8) {
      let [a0, a1, a2, a3, a4, a5, a6, a7] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let p = indptr[i]; p < end; p++) {
        const w = values[p];
        const s = indices[p] * k + c;
        a0 += w * x[s];
        a1 += w * x[s + 1];
        a2 += w * x[s + 2];
        a3 += w * x[s + 3];
        a4 += w * x[s + 4];
        a5 += w * x[s + 5];
        a6 += w * x[s + 6];
        a7 += w * x[s + 7];
      }
      const t = i * k + c;
      y[t] = a0;
      y[t + 1] = a1;
      y[t + 2] = a2;
      y[t + 3] = a3;
      y[t + 4] = a4;
      y[t + 5] = a5;
      y[t + 6] = a6;
      y[t + 7] = a7;
    }
  }
}

/** y = Aᵀ·x for a vector, by scatter. */
function plainVectorTransposed({ rows, indptr, indices, values }, x, y) {
  y.fill(0);
  for (let i = 0, p = 0; i < rows; i++) {
    for (const end = indptr[i + 1]; p < end; p++) y[indices[p]] += values[p] * x[i];
  }
}

/** y = Aᵀ·x for k columns. */
function plainTransposed({ rows, indptr, indices, values }, x, y, k) {
  y.fill(0);
  for (let i = 0, p = 0; i < rows; i++) {
    for (const end = indptr[i + 1]; p < end; p++) {
      const w = values[p];
      for (let s = i * k, t = indices[p] * k, c = 0; c < k; c++) y[t + c] += w * x[s + c];
    }
  }
}

/** name → how the matrix is made ready, and the function that gives both products' results. */
const contestants = {
  plain: (a) => ({
    multiply: (x, out, k) => (k === 1 ? plainVector(a, x, out) : plainMultiply(a, x.data, out, k)),
    multiplyTransposed: (x, out, k) =>
      k === 1 ? plainVectorTransposed(a, x, out) : plainTransposed(a, x.data, out, k),
  }),
  prepared(a) {
    const handle = prepare(a);
    return {
      multiply: (x, out) => handle.multiply(x, { out }),
      multiplyTransposed: (x, out) => handle.multiplyTransposed(x, { out }),
      free: () => handle.dispose(),
    };
  },
  oneCall: (a) => ({
    multiply: (x) => spmm(a, x),
    multiplyTransposed: (x) => spmmTransposed(a, x),
  }),
};

const { [process.argv[2]]: make } = contestants;
let works;
let free;
await serve({
  load(path, columns) {
    free?.();
    const k = Number(columns);
    const { inDim, outDim, indptr, indices, values, x, dy } = readLayer(path);
    const a = CsrMatrix.fromParts({ rows: outDim, cols: inDim, indptr, indices, values });
    const products = make(a);
    ({ free } = products);
    const operand = (rows, numbers) => {
      const data = numbers.slice(0, rows * k);
      return k === 1 ? data : { rows, cols: k, data };
    };
    const work = (run, input, out) => () => {
      const result = run(input, out, k) ?? out;
      return result.data ?? result;
    };
    works = {
      multiply: work(products.multiply, operand(inDim, x), new Float32Array(outDim * k)),
      multiplyTransposed: work(products.multiplyTransposed, operand(outDim, dy), new Float32Array(inDim * k)),
    };
  },
  run: (name, times) => time(works[name], Number(times)),
  check: (name, path) => writeFileSync(path, works[name]()),
});
