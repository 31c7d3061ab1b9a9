import type { CsrMatrix } from '../index.ts';

// What `ctre bench` measures the kernels against: the same jobs in plain JavaScript, as one would write them
// for speed. They allocate nothing.

/** The entries of a sparse matrix. */
export type PlainMatrix = Pick<CsrMatrix, 'rows' | 'cols' | 'indptr' | 'indices' | 'values'>;

/** y = A·x for x of [cols, k] and y of [rows, k]. */
export function plainMultiply(a: PlainMatrix, x: Float32Array, k: number, y: Float32Array): void {
  const { rows, indptr, indices, values } = a;
  if (k === 1) {
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let p = indptr[i]; p < indptr[i + 1]; p++) sum += values[p] * x[indices[p]];
      y[i] = sum;
    }
    return;
  }
  y.fill(0);
  for (let i = 0, to = 0; i < rows; i++, to += k) {
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const value = values[p];
      let from = indices[p] * k;
      for (let e = to; e < to + k; e++) y[e] += value * x[from++];
    }
  }
}

/** y = Aᵀ·x for x of [rows, k] and y of [cols, k]. */
export function plainMultiplyTransposed(a: PlainMatrix, x: Float32Array, k: number, y: Float32Array): void {
  const { rows, indptr, indices, values } = a;
  y.fill(0);
  for (let i = 0, from = 0; i < rows; i++, from += k) {
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const value = values[p];
      let to = indices[p] * k;
      for (let e = from; e < from + k; e++) y[to++] += value * x[e];
    }
  }
}

/** Aᵀ, by counting, into arrays that are there. */
export function plainTranspose(a: PlainMatrix, to: PlainMatrix): void {
  const { rows, cols, indptr, indices, values } = a;
  const next = to.indptr;
  next.fill(0);
  for (let p = 0; p < indices.length; p++) next[indices[p] + 1]++;
  for (let j = 0; j < cols; j++) next[j + 1] += next[j];
  for (let i = 0; i < rows; i++) {
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const q = next[indices[p]]++;
      to.indices[q] = i;
      to.values[q] = values[p];
    }
  }
  // Every offset has moved to the next one's place.
  next.copyWithin(1, 0, cols);
  next[0] = 0;
}

/** What a search for neighbours needs besides the matrix. */
export interface SearchSpace {
  readonly transposed: PlainMatrix;
  /** The rows' norms. */
  readonly norms: Float64Array;
  /** Zeros, one a row. */
  readonly dots: Float64Array;
  /** Zeros, one a row: whether the row is a candidate. */
  readonly isTouched: Uint8Array;
  /** Room for the candidates. */
  readonly touched: Int32Array;
}

/**
 * For every row the k others of largest positive cosine, best first: their cosines, then zeros. Products are
 * made as Gustavson does, for entries that meet only.
 */
export function plainNeighbours(
  { rows, indptr, indices, values }: PlainMatrix,
  { transposed, norms, dots, isTouched, touched }: SearchSpace,
  k: number,
  best: Float32Array,
): void {
  for (let i = 0; i < rows; i++) {
    let count = 0;
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const c = indices[p];
      const value = values[p];
      for (let q = transposed.indptr[c]; q < transposed.indptr[c + 1]; q++) {
        const j = transposed.indices[q];
        if (isTouched[j] === 0) {
          isTouched[j] = 1;
          touched[count++] = j;
        }
        dots[j] += value * transposed.values[q];
      }
    }
    const first = i * k;
    best.fill(0, first, first + k);
    for (let e = 0; e < count; e++) {
      const j = touched[e];
      const dot = dots[j];
      dots[j] = 0;
      isTouched[j] = 0;
      const cosine = dot / (norms[i] * norms[j]);
      if (j === i || !(cosine > best[first + k - 1])) continue;
      let at = first + k - 1;
      for (; at > first && best[at - 1] < cosine; at--) best[at] = best[at - 1];
      best[at] = cosine;
    }
  }
}
