// A layer's forward product in tfjs-wasm: the dense matrix, zeros and all, on one thread with SIMD. The
// commands are those of native/serve.h; only spmm is there.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BATCH, readLayer } from '../problems.mjs';
import { serve, time } from '../served/serve.mjs';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs-core');
const { setThreadsCount, setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
const main = require.resolve('@tensorflow/tfjs-backend-wasm');
setWasmPaths(join(dirname(main), '/'));
setThreadsCount(1);
await tf.setBackend('wasm');

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
