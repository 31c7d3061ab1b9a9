import { newArray } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';

// Patterns as sets of positions: making, adding, removing, merging, turning around. Results are canonical.

/** A CSR structure without its values. */
export interface CsrPattern {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
}

/** A CSR structure with a value for each of its entries. */
export interface CsrEntries extends CsrPattern {
  readonly values: Float32Array;
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

/** The positions of a pattern's connections, by CSR position, which is row-major order. O(nnz). */
export function positionsOf({ rows, indptr, indices }: CsrPattern): Positions {
  const rowOf = new Int32Array(indices.length);
  for (let r = 0; r < rows; r++) rowOf.fill(r, indptr[r], indptr[r + 1]);
  return { rows: rowOf, cols: indices };
}

/**
 * The pattern without some of its connections. O(nnz).
 * @param removed their CSR positions, ascending, as `tools.weakest` gives them.
 * @throws CtreError `E_ARGUMENT` for positions out of range or out of order.
 */
export function removeConnections(pattern: CsrPattern, removed: Int32Array): CsrPattern {
  const { rows, cols, indptr, indices } = pattern;
  const keptIndptr = new Int32Array(rows + 1);
  const kept = new Int32Array(Math.max(0, indices.length - removed.length));
  let q = 0;
  let next = 0;
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      if (removed[next] === p) next++;
      else kept[q++] = indices[p];
    }
    keptIndptr[r + 1] = q;
  }
  if (next !== removed.length) {
    throw new CtreError(
      'E_ARGUMENT',
      `${removed.length} connections are to be removed from ${indices.length}; expected their CSR ` +
        'positions, ascending, each once',
    );
  }
  return { rows, cols, indptr: keptIndptr, indices: kept };
}

/**
 * The pattern with more connections. O(nnz + positions).
 * @param added in row-major order, none of them in the pattern.
 * @throws CtreError `E_ARGUMENT` for positions that are taken, out of range or out of order.
 */
export function addPositions(pattern: CsrPattern, added: Positions): CsrPattern {
  const { rows, cols, indptr, indices } = pattern;
  const mergedIndptr = new Int32Array(rows + 1);
  const merged = new Int32Array(indices.length + added.cols.length);
  let q = 0;
  let next = 0;
  for (let r = 0; r < rows; r++) {
    let p = indptr[r];
    const end = indptr[r + 1];
    let last = -1;
    while (p < end || added.rows[next] === r) {
      const takeOld = p < end && (added.rows[next] !== r || indices[p] < added.cols[next]);
      const column = takeOld ? indices[p++] : added.cols[next++];
      if (!(column > last && column < cols)) throw disordered(added, pattern);
      last = column;
      merged[q++] = column;
    }
    mergedIndptr[r + 1] = q;
  }
  if (next !== added.cols.length) throw disordered(added, pattern);
  return { rows, cols, indptr: mergedIndptr, indices: merged };
}

/**
 * The positions of two lists in one, in row-major order. O(positions).
 * @param a in row-major order.
 * @param b likewise; no position is in both lists.
 */
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

/**
 * Those of the positions that are not connections of the pattern. O(nnz + positions).
 * @param positions in row-major order.
 * @throws CtreError `E_ARGUMENT` for positions out of range or out of order.
 */
export function positionsOutside(pattern: CsrPattern, positions: Positions): Positions {
  return filterPositions(pattern, positions, false);
}

/**
 * Those of the positions that are connections of the pattern. O(nnz + positions).
 * @param positions in row-major order.
 * @throws CtreError `E_ARGUMENT` for positions out of range or out of order.
 */
export function positionsInside(pattern: CsrPattern, positions: Positions): Positions {
  return filterPositions(pattern, positions, true);
}

function filterPositions(pattern: CsrPattern, positions: Positions, inside: boolean): Positions {
  const { rows, cols, indptr, indices } = pattern;
  const left: number[] = [];
  let p = 0;
  let lastRow = 0;
  let lastCol = -1;
  for (let q = 0; q < positions.cols.length; q++) {
    const row = positions.rows[q];
    const col = positions.cols[q];
    const isLater = row > lastRow || (row === lastRow && col > lastCol);
    if (!(isLater && row < rows && col >= 0 && col < cols)) throw disordered(positions, pattern);
    lastRow = row;
    lastCol = col;
    p = Math.max(p, indptr[row]);
    while (p < indptr[row + 1] && indices[p] < col) p++;
    if ((p < indptr[row + 1] && indices[p] === col) === inside) left.push(q);
  }
  return pickPositions(positions, Int32Array.from(left));
}

/** The positions at some places of a list, in the order of these places. */
export function pickPositions({ rows, cols }: Positions, places: Int32Array): Positions {
  return { rows: places.map((at) => rows[at]), cols: places.map((at) => cols[at]) };
}

function disordered({ cols: { length } }: Positions, { rows, cols }: CsrPattern): CtreError {
  return new CtreError(
    'E_ARGUMENT',
    `a list of ${length} positions does not fit a pattern of ${rows} × ${cols}; expected positions within ` +
      'it, in row-major order, each once, and to add them, none that is connected',
  );
}

/** A pattern's transpose. */
export interface Transposed {
  /** Offsets by column [cols + 1]. */
  readonly indptr: Int32Array;
  /** The row of every entry, ascending within a column. */
  readonly indices: Int32Array;
  /** The position of every entry before. */
  readonly source: Int32Array;
}

/**
 * The pattern's transpose: offsets by column, the row of every entry (ascending within a column) and
 * `source`, the position of each entry before. O(nnz + rows + cols).
 */
export function transposePattern(pattern: CsrPattern): Transposed {
  const transposed = {
    indptr: newArray(pattern.cols + 1, Int32Array, 'the offsets of a transpose'),
    indices: new Int32Array(pattern.indices.length),
    source: new Int32Array(pattern.indices.length),
  };
  transposeInto(pattern, transposed);
  return transposed;
}

/** The same into given arrays: those of a large layer are not to exist twice. */
export function transposeInto({ rows, cols, indptr, indices }: CsrPattern, to: Transposed): void {
  const offsets = to.indptr;
  offsets.fill(0);
  for (let p = 0; p < indices.length; p++) offsets[indices[p] + 1]++;
  for (let c = 0; c < cols; c++) offsets[c + 1] += offsets[c];
  const next = offsets.slice(0, cols);
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      const q = next[indices[p]]++;
      to.indices[q] = r;
      to.source[q] = p;
    }
  }
}

/**
 * The transpose of a pattern with a value for each connection. O(nnz + rows + cols). The values go along with
 * their entries: to take them by their places afterwards costs as much again.
 */
export function transposeEntries({ rows, cols, indptr, indices, values }: CsrEntries): CsrEntries {
  const nnz = indices.length;
  const offsets = newArray(cols + 1, Int32Array, 'the offsets of a transpose');
  for (let p = 0; p < nnz; p++) offsets[indices[p] + 1]++;
  for (let c = 0; c < cols; c++) offsets[c + 1] += offsets[c];
  const next = offsets.slice(0, cols);
  const rowOf = new Int32Array(nnz);
  const moved = new Float32Array(nnz);
  for (let r = 0; r < rows; r++) {
    const end = indptr[r + 1];
    for (let p = indptr[r]; p < end; p++) {
      const q = next[indices[p]]++;
      rowOf[q] = r;
      moved[q] = values[p];
    }
  }
  return { rows: cols, cols: rows, indptr: offsets, indices: rowOf, values: moved };
}
