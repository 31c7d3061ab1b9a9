// What a matrix's life leaves behind: the memory of the kernels before and after many of them.
//
//   lives N TIMES    prepares a matrix [N, N] with ten entries a row, multiplies, and disposes of it, TIMES
//                    times; answers { bytes: more bytes in use than before, memory: by how much the memory
//                    grew }
import { getEngine } from '../../dist/engine/engine.js';
import { CsrMatrix, initSync, prepare } from '../../dist/kernels/index.js';
import { randomCoordinates } from '../problems.mjs';
import { serve } from './serve.mjs';

initSync();
const { arena } = getEngine();
await serve({
  lives(side, times) {
    const n = Number(side);
    const { rows, row, col, values } = randomCoordinates(n, 10 * n);
    const matrix = CsrMatrix.fromCoo({ rows, cols: rows, row, col, values });
    const x = new Float32Array(n).fill(1);
    const live = () => {
      const prepared = prepare(matrix);
      prepared.multiply(x);
      prepared.multiplyTransposed(x);
      prepared.dispose();
    };
    live();
    const before = arena.usage();
    for (let life = 0; life < Number(times); life++) live();
    const after = arena.usage();
    return { bytes: after.bytes - before.bytes, memory: after.memoryBytes - before.memoryBytes };
  },
});
