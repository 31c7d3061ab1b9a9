// A·x and Aᵀ·x in tfjs-wasm, which has no sparse product: A is dense, zeros and all. `load` names a layer's
// file and a number of columns, as in bench/served/public.mjs. The other commands are those of
// native/serve.h. Aᵀ is made before. The result's way back into JavaScript is not timed.
import { writeFileSync } from 'node:fs';
import { readLayer } from '../problems.mjs';
import { serve, time } from '../served/serve.mjs';
import { tf } from './tfjs.mjs';

let products;
let tensors = [];
await serve({
  load(path, columns) {
    for (const tensor of tensors) tensor.dispose();
    const k = Number(columns);
    const { inDim, outDim, indptr, indices, values, x, dy } = readLayer(path);
    const dense = new Float32Array(outDim * inDim);
    for (let i = 0; i < outDim; i++) {
      for (let p = indptr[i]; p < indptr[i + 1]; p++) dense[i * inDim + indices[p]] = values[p];
    }
    const a = tf.tensor2d(dense, [outDim, inDim]);
    const transposed = tf.transpose(a);
    const right = tf.tensor2d(x.slice(0, inDim * k), [inDim, k]);
    const left = tf.tensor2d(dy.slice(0, outDim * k), [outDim, k]);
    tensors = [a, transposed, right, left];
    products = {
      multiply: () => tf.matMul(a, right),
      multiplyTransposed: () => tf.matMul(transposed, left),
    };
  },
  run: (name, times) => time(() => products[name]().dispose(), Number(times)),
  check(name, path) {
    const result = products[name]();
    writeFileSync(path, result.dataSync());
    result.dispose();
  },
});
