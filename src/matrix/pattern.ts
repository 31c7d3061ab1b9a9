import { newArray } from '../base/arrays.ts';

// Patterns as sets of positions: making, adding, removing, merging, turning around. Results are canonical.

/** A CSR structure without its values. */
export interface CsrPattern {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
}

/** Positions of W, in row-major order: entry e is (rows[e], cols[e]). */
export interface Positions {
  readonly rows: Int32Array;
  readonly cols: Int32Array;
}

/** No position at all. */
export const noPositions: Positions = Object.freeze({ rows: new Int32Array(0), cols: new Int32Array(0) });

/** A pattern without a connection. */
export function emptyPattern(rows: number, cols: number): CsrPattern {
  return { rows, cols, indptr: new Int32Array(rows + 1), indices: new Int32Array(0) };
}

/** The pattern of a matrix that has every entry. */
export function fullPattern(rows: number, cols: number): CsrPattern {
  const indices = newArray(rows * cols, Int32Array, `a pattern of all ${rows} × ${cols} connections`);
  for (let p = 0; p < indices.length; p++) indices[p] = p % cols;
  return { rows, cols, indptr: Int32Array.from({ length: rows + 1 }, (_, r) => r * cols), indices };
}

/** The positions of a pattern's connections. O(nnz). */
export function positionsOf({ rows, indptr, indices }: CsrPattern): Positions {
  const rowOf = new Int32Array(indices.length);
  for (let r = 0; r < rows; r++) rowOf.fill(r, indptr[r], indptr[r + 1]);
  return { rows: rowOf, cols: indices };
}

/** The pattern without the connections at the given CSR positions (ascending). O(nnz). */
export function removeConnections(pattern: CsrPattern, removed: Int32Array): CsrPattern {
  const { rows, cols, indptr, indices } = pattern;
  const keptIndptr = new Int32Array(rows + 1);
  const kept = new Int32Array(indices.length - removed.length);
  let q = 0;
  let next = 0;
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      if (removed[next] === p) next++;
      else kept[q++] = indices[p];
    }
    keptIndptr[r + 1] = q;
  }
  return { rows, cols, indptr: keptIndptr, indices: kept };
}

/** The pattern with more connections; none of the positions (row-major) may be taken. O(nnz + positions). */
export function addPositions(pattern: CsrPattern, added: Positions): CsrPattern {
  const { rows, cols, indptr, indices } = pattern;
  const mergedIndptr = new Int32Array(rows + 1);
  const merged = new Int32Array(indices.length + added.cols.length);
  let q = 0;
  let next = 0;
  for (let r = 0; r < rows; r++) {
    let p = indptr[r];
    const end = indptr[r + 1];
    while (p < end || added.rows[next] === r) {
      const takeOld = p < end && (added.rows[next] !== r || indices[p] < added.cols[next]);
      merged[q++] = takeOld ? indices[p++] : added.cols[next++];
    }
    mergedIndptr[r + 1] = q;
  }
  return { rows, cols, indptr: mergedIndptr, indices: merged };
}

/** The positions of two disjoint lists, both in row-major order, in that order. */
export function mergePositions(a: Positions, b: Positions): Positions {
  const length = a.cols.length + b.cols.length;
  const merged = { rows: new Int32Array(length), cols: new Int32Array(length) };
  let i = 0;
  let j = 0;
  for (let q = 0; q < length; q++) {
    const fromA =
      j === b.cols.length ||
      (i < a.cols.length && (a.rows[i] < b.rows[j] || (a.rows[i] === b.rows[j] && a.cols[i] < b.cols[j])));
    merged.rows[q] = fromA ? a.rows[i] : b.rows[j];
    merged.cols[q] = fromA ? a.cols[i++] : b.cols[j++];
  }
  return merged;
}

/** The positions, in row-major order, that are not connections of the pattern. O(nnz + positions). */
export function positionsOutside(pattern: CsrPattern, positions: Positions): Positions {
  return filterPositions(pattern, positions, false);
}

/** The positions, in row-major order, that are connections of the pattern. O(nnz + positions). */
export function positionsInside(pattern: CsrPattern, positions: Positions): Positions {
  return filterPositions(pattern, positions, true);
}

function filterPositions({ indptr, indices }: CsrPattern, { rows, cols }: Positions, inside: boolean): Positions {
  const left: number[] = [];
  let p = 0;
  for (let q = 0; q < cols.length; q++) {
    const row = rows[q];
    p = Math.max(p, indptr[row]);
    while (p < indptr[row + 1] && indices[p] < cols[q]) p++;
    if ((p < indptr[row + 1] && indices[p] === cols[q]) === inside) left.push(q);
  }
  return { rows: Int32Array.from(left, (q) => rows[q]), cols: Int32Array.from(left, (q) => cols[q]) };
}

/**
 * The pattern's transpose: offsets by column, the row of every entry (ascending within a column) and
 * `source`, the position of each entry before. O(nnz + rows + cols).
 */
export function transposePattern(pattern: CsrPattern): {
  indptr: Int32Array;
  indices: Int32Array;
  source: Int32Array;
} {
  const { rows, cols, indptr, indices } = pattern;
  const offsets = newArray(cols + 1, Int32Array, 'the offsets of a transpose');
  for (let p = 0; p < indices.length; p++) offsets[indices[p] + 1]++;
  for (let c = 0; c < cols; c++) offsets[c + 1] += offsets[c];
  const next = offsets.slice(0, cols);
  const rowOf = new Int32Array(indices.length);
  const source = new Int32Array(indices.length);
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      const q = next[indices[p]]++;
      rowOf[q] = r;
      source[q] = p;
    }
  }
  return { indptr: offsets, indices: rowOf, source };
}
