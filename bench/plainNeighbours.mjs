// The rows of largest cosine in plain JavaScript: of sparse rows by Gustavson's row-wise product of A and its
// transpose, of dense rows by dot products of two rows with four; both with a bounded heap for each row.
// Results are ctre's: (row, cosine) by falling cosine, the lower row first where two are equal. Only positive
// cosines are kept; the others' places have row −1.

/** The k best (cosine, row), the worst on top. */
class BestRows {
  constructor(k) {
    this.cosines = new Float32Array(k);
    this.rows = new Int32Array(k);
    this.clear();
  }

  clear() {
    this.cosines.fill(0);
    this.rows.fill(-1);
    this.worst = 0;
  }

  /** Whether a is worse than b; no row is worse than any. */
  isWorse(a, b) {
    const { cosines, rows } = this;
    return cosines[a] < cosines[b] || (cosines[a] === cosines[b] && rows[a] > rows[b]);
  }

  /** Puts a cosine larger than the worst in its place. Rows come in any order. */
  offer(cosine, row) {
    if (cosine < this.worst || (cosine === this.worst && (row > this.rows[0] || this.rows[0] < 0))) return;
    this.cosines[0] = cosine;
    this.rows[0] = row;
    this.sink(0, this.rows.length);
    this.worst = this.cosines[0];
  }

  sink(from, length) {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) return;
      if (child + 1 < length && this.isWorse(child + 1, child)) child++;
      if (!this.isWorse(child, at)) return;
      this.swap(at, child);
      at = child;
    }
  }

  swap(a, b) {
    const { cosines, rows } = this;
    const cosine = cosines[a];
    cosines[a] = cosines[b];
    cosines[b] = cosine;
    const row = rows[a];
    rows[a] = rows[b];
    rows[b] = row;
  }

  /** Writes them in order, the best first, and starts anew. */
  finish(indices, similarities, at) {
    for (let last = this.rows.length - 1; last > 0; last--) {
      this.swap(0, last);
      this.sink(0, last);
    }
    indices.set(this.rows, at);
    similarities.set(this.cosines, at);
    this.clear();
  }
}

const lengthOf = (values, begin, end) => {
  let sum = 0;
  for (let p = begin; p < end; p++) sum += values[p] * values[p];
  return Math.sqrt(sum);
};

export function sparseNeighbours({ rows, cols, indptr, indices, values }, k) {
  const unit = new Float64Array(values.length);
  for (let r = 0; r < rows; r++) {
    const length = lengthOf(values, indptr[r], indptr[r + 1]);
    for (let p = indptr[r]; p < indptr[r + 1]; p++) unit[p] = length > 0 ? values[p] / length : 0;
  }
  const { colPtr, rowIdx, entries } = transpose({ rows, cols, indptr, indices }, unit);
  const dots = new Float64Array(rows);
  const touched = new Int32Array(rows + 1);
  const best = new BestRows(k);
  const found = { indices: new Int32Array(rows * k), similarities: new Float32Array(rows * k) };
  for (let i = 0; i < rows; i++) {
    let count = 0;
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const value = unit[p];
      for (let q = colPtr[indices[p]], end = colPtr[indices[p] + 1]; q < end; q++) {
        const j = rowIdx[q];
        const dot = dots[j];
        touched[count] = j; // without a branch, which would be guessed wrong too often
        count += dot === 0 ? 1 : 0;
        dots[j] = dot + value * entries[q];
      }
    }
    dots[i] = 0;
    for (let t = 0; t < count; t++) {
      const j = touched[t];
      const cosine = dots[j];
      dots[j] = 0;
      if (cosine > 0) best.offer(Math.min(1, cosine), j);
    }
    best.finish(found.indices, found.similarities, i * k);
  }
  return found;
}

function transpose({ rows, cols, indptr, indices }, values) {
  const colPtr = new Int32Array(cols + 1);
  for (const c of indices) colPtr[c + 1]++;
  for (let c = 0; c < cols; c++) colPtr[c + 1] += colPtr[c];
  const next = colPtr.slice();
  const rowIdx = new Int32Array(indices.length);
  const entries = new Float64Array(indices.length);
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      const q = next[indices[p]]++;
      rowIdx[q] = r;
      entries[q] = values[p];
    }
  }
  return { colPtr, rowIdx, entries };
}

/** Rows of `data` that are multiplied with all before the next ones come: they stay in the cache. */
const BLOCK = 64;

export function denseNeighbours({ rows, cols, data }, k) {
  // Rows of zeros at the end, so that four can always be taken.
  const padded = 4 * Math.ceil(rows / 4);
  const unit = new Float64Array(padded * cols);
  for (let r = 0; r < rows; r++) {
    const length = lengthOf(data, r * cols, (r + 1) * cols);
    for (let p = r * cols; p < (r + 1) * cols; p++) unit[p] = length > 0 ? data[p] / length : 0;
  }
  const best = Array.from({ length: BLOCK }, () => new BestRows(k));
  const found = { indices: new Int32Array(rows * k), similarities: new Float32Array(rows * k) };
  const cosines = new Float64Array(8);
  for (let begin = 0; begin < rows; begin += BLOCK) {
    const end = Math.min(begin + BLOCK, rows);
    for (let j = 0; j < padded; j += 4) {
      for (let i = begin; i < end; i += 2) {
        dots(unit, cols, i, j, cosines);
        for (let e = 0; e < 8; e++) {
          const row = i + (e >> 2);
          const other = j + (e & 3);
          const cosine = cosines[e];
          if (cosine > 0 && row !== other && row < end) best[row - begin].offer(Math.min(1, cosine), other);
        }
      }
    }
    for (let i = begin; i < end; i++) best[i - begin].finish(found.indices, found.similarities, i * k);
  }
  return found;
}

/** The products of rows i and i + 1 with rows j … j + 3. */
function dots(unit, cols, i, j, out) {
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let b0 = 0;
  let b1 = 0;
  let b2 = 0;
  let b3 = 0;
  const end = (i + 1) * cols;
  for (let a = i * cols, s = j * cols; a < end; a++, s++) {
    const x = unit[a];
    const y = unit[a + cols];
    const p = unit[s];
    const q = unit[s + cols];
    const r = unit[s + 2 * cols];
    const t = unit[s + 3 * cols];
    a0 += x * p;
    a1 += x * q;
    a2 += x * r;
    a3 += x * t;
    b0 += y * p;
    b1 += y * q;
    b2 += y * r;
    b3 += y * t;
  }
  out[0] = a0;
  out[1] = a1;
  out[2] = a2;
  out[3] = a3;
  out[4] = b0;
  out[5] = b1;
  out[6] = b2;
  out[7] = b3;
}
