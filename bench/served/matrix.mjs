// What is done to whole matrices, as a contestant. The commands are those of native/serve.h.
import { readFileSync, writeFileSync } from 'node:fs';
import { spgemm } from '../../dist/kernels/spgemm.js';
import { CsrMatrix } from '../../dist/matrix/csrMatrix.js';
import { serve, time } from './serve.mjs';

let coo;
let matrix;
const works = {
  transpose: () => matrix.transpose(),
  fromCoo: () => CsrMatrix.fromCoo(coo),
  product: () => spgemm(matrix, matrix),
};

await serve({
  load(path) {
    const { buffer } = new Uint8Array(readFileSync(path));
    const [n, nnz] = new Int32Array(buffer, 0, 2);
    coo = {
      rows: n,
      cols: n,
      row: new Int32Array(buffer, 8, nnz),
      col: new Int32Array(buffer, 8 + 4 * nnz, nnz),
      values: new Float32Array(buffer, 8 + 8 * nnz, nnz),
    };
    matrix = CsrMatrix.fromCoo(coo);
  },
  run: (name, times) => time(works[name], Number(times)),
  check(name, path) {
    const { indptr, indices, values } = works[name]();
    const bytes = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);
    writeFileSync(path, Buffer.concat([indptr, indices, values].map(bytes)));
  },
});
