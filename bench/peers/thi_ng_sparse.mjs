// A·x in @thi.ng/sparse: mulV of its CSR, the only product of a matrix and a vector it has. Its arrays are
// JavaScript's own, as its constructors make them; typed ones are slower in it. `load` names a layer's file.
// The other commands are those of native/serve.h.
import { writeFileSync } from 'node:fs';
import { CSR } from '@thi.ng/sparse';
import { readLayer } from '../problems.mjs';
import { serve, time } from '../served/serve.mjs';

let multiply;
await serve({
  load(path) {
    const { inDim, outDim, indptr, indices, values, x } = readLayer(path);
    const a = new CSR(outDim, inDim, Array.from(values), Array.from(indptr), Array.from(indices));
    const vector = Array.from(x.subarray(0, inDim));
    multiply = () => a.mulV(vector);
  },
  run: (_, times) => time(multiply, Number(times)),
  check(_, path) {
    writeFileSync(path, Float32Array.from(multiply()));
  },
});
