// A layer's forward product in tfjs-wasm: the dense matrix, zeros and all, on one thread with SIMD. The
// commands are those of native/serve.h; only spmm is there.
import { writeFileSync } from 'node:fs';
import { BATCH, readLayer } from '../problems.mjs';
import { serve, time } from '../served/serve.mjs';
import { tf } from './tfjs.mjs';

let layer;
const spmm = () => tf.fused.matMul({ ...layer, activation: 'relu' });
await serve({
  load(path) {
    const { inDim, outDim, indptr, indices, values, bias, x } = readLayer(path);
    const w = new Float32Array(inDim * outDim);
    for (let i = 0; i < outDim; i++) {
      for (let p = indptr[i]; p < indptr[i + 1]; p++) w[indices[p] * outDim + i] = values[p];
    }
    layer = {
      a: tf.tidy(() => tf.transpose(tf.tensor2d(x, [inDim, BATCH]))),
      b: tf.tensor2d(w, [inDim, outDim]),
      bias: tf.tensor1d(bias),
    };
  },
  run: (_, times) => time(() => spmm().dispose(), Number(times)),
  check(_, path) {
    writeFileSync(
      path,
      tf.tidy(() => tf.transpose(spmm()).dataSync()),
    );
  },
});
