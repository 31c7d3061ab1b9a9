// The sparse kernels in plain JavaScript, over the same tiles: [neuron][32]. Eight samples at a time; sums
// are doubles, which is faster than rounding every step to float32.
const TILE = 32;

/** y[i][:] = max(bias[i] + Σ_p values[p] · x[indices[p]][:], 0). */
export function spmm({ indptr, indices, values, bias, outDim }, x, y) {
  for (let i = 0; i < outDim; i++) {
    const begin = indptr[i];
    const end = indptr[i + 1];
    for (let part = 0; part < TILE; part += 8) {
      let a0 = bias[i];
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let a4 = a0;
      let a5 = a0;
      let a6 = a0;
      let a7 = a0;
      for (let p = begin; p < end; p++) {
        const w = values[p];
        const s = indices[p] * TILE + part;
        a0 += w * x[s];
        a1 += w * x[s + 1];
        a2 += w * x[s + 2];
        a3 += w * x[s + 3];
        a4 += w * x[s + 4];
        a5 += w * x[s + 5];
        a6 += w * x[s + 6];
        a7 += w * x[s + 7];
      }
      const t = i * TILE + part;
      y[t] = Math.max(a0, 0);
      y[t + 1] = Math.max(a1, 0);
      y[t + 2] = Math.max(a2, 0);
      y[t + 3] = Math.max(a3, 0);
      y[t + 4] = Math.max(a4, 0);
      y[t + 5] = Math.max(a5, 0);
      y[t + 6] = Math.max(a6, 0);
      y[t + 7] = Math.max(a7, 0);
    }
  }
}

/** dx[j][:] = Σ_q values[perm[q]] · dy[rowIdx[q]][:], 0 where x[j][:] ≤ 0. */
export function spmmT({ colPtr, rowIdx, perm, values, inDim }, dy, x, dx) {
  for (let j = 0; j < inDim; j++) {
    const begin = colPtr[j];
    const end = colPtr[j + 1];
    for (let part = 0; part < TILE; part += 8) {
      let a0 = 0;
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let a4 = a0;
      let a5 = a0;
      let a6 = a0;
      let a7 = a0;
      for (let q = begin; q < end; q++) {
        const w = values[perm[q]];
        const s = rowIdx[q] * TILE + part;
        a0 += w * dy[s];
        a1 += w * dy[s + 1];
        a2 += w * dy[s + 2];
        a3 += w * dy[s + 3];
        a4 += w * dy[s + 4];
        a5 += w * dy[s + 5];
        a6 += w * dy[s + 6];
        a7 += w * dy[s + 7];
      }
      const t = j * TILE + part;
      dx[t] = x[t] > 0 ? a0 : 0;
      dx[t + 1] = x[t + 1] > 0 ? a1 : 0;
      dx[t + 2] = x[t + 2] > 0 ? a2 : 0;
      dx[t + 3] = x[t + 3] > 0 ? a3 : 0;
      dx[t + 4] = x[t + 4] > 0 ? a4 : 0;
      dx[t + 5] = x[t + 5] > 0 ? a5 : 0;
      dx[t + 6] = x[t + 6] > 0 ? a6 : 0;
      dx[t + 7] = x[t + 7] > 0 ? a7 : 0;
    }
  }
}

/** dW[p] (+)= Σ_b dy[i][b] · x[indices[p]][b]. */
export function sddmm({ indptr, indices, outDim }, dy, x, dW, accumulate) {
  for (let i = 0; i < outDim; i++) {
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const d = i * TILE;
      const s = indices[p] * TILE;
      let a0 = 0;
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      for (let b = 0; b < TILE; b += 4) {
        a0 += dy[d + b] * x[s + b];
        a1 += dy[d + b + 1] * x[s + b + 1];
        a2 += dy[d + b + 2] * x[s + b + 2];
        a3 += dy[d + b + 3] * x[s + b + 3];
      }
      const sum = a0 + a1 + (a2 + a3);
      dW[p] = accumulate ? dW[p] + sum : sum;
    }
  }
}

/** db[i] (+)= Σ_b dy[i][b]. */
export function biasGradient({ outDim }, dy, db, accumulate) {
  for (let i = 0; i < outDim; i++) {
    let sum = 0;
    for (let b = 0; b < TILE; b++) sum += dy[i * TILE + b];
    db[i] = accumulate ? db[i] + sum : sum;
  }
}
