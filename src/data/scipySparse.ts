import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import { MAX_INDEX } from '../matrix/canonical.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import { toCsr } from './compressed.ts';
import { finite, isNumeric, type NdArray, type NumericArray, showShape } from './ndarray.ts';
import type { Variable } from './variables.ts';

// Source: scipy.sparse.save_npz. Before it there was a recipe without `format`, often with a prefix.
const PART_NAMES = ['data', 'indices', 'indptr', 'shape', 'format', 'row', 'col', 'offsets', 'blocksize'];

/** Arrays that together are one sparse matrix. */
export interface SparseGroup {
  /** What their names begin with, maybe nothing: `train_`. */
  readonly prefix: string;
  readonly parts: ReadonlySet<string>;
}

/** The sparse matrices among the named arrays of an archive. */
export function sparseGroups(names: readonly string[]): SparseGroup[] {
  const groups = new Map<string, Set<string>>();
  for (const name of names) {
    const part = PART_NAMES.find((ending) => name.endsWith(ending));
    if (part === undefined) continue;
    const prefix = name.slice(0, name.length - part.length);
    const parts = groups.get(prefix) ?? new Set();
    parts.add(part);
    groups.set(prefix, parts);
  }
  return [...groups]
    .map(([prefix, parts]) => ({ prefix, parts }))
    .filter(({ parts }) => {
      if (!parts.has('data')) return false;
      if (parts.has('format')) return parts.has('shape');
      return parts.has('indptr') && parts.has('indices');
    });
}

/**
 * A sparse matrix in any of SciPy's layouts as one variable.
 * @param array an array of the group by its part's name; undefined where there is none.
 * @throws CtreError `E_FORMAT` for arrays that fit no matrix.
 */
export function scipyVariable(
  name: string,
  array: (part: string) => NdArray | undefined,
  budget: Budget,
): Variable {
  const values = (part: string, dimensions = 1): NumericArray => {
    const found = array(part);
    if (found === undefined) {
      throw new CtreError(
        'E_FORMAT',
        `the sparse matrix ${show(name)} has no array ${show(part)}; save it with save_npz`,
      );
    }
    if (found.shape.length !== dimensions || !isNumeric(found.data)) {
      throw new CtreError(
        'E_FORMAT',
        `the array ${show(part)} of a sparse matrix is ${showShape(found.shape)}; expected ` +
          `${dimensions === 1 ? 'a vector' : `${dimensions} dimensions`} of numbers`,
      );
    }
    return found.data;
  };
  const shape = shapeOf(array, values);
  const [rows, cols] = shape;
  const format = array('format')?.data[0];
  const layout = format === undefined ? layoutByOffsets(shape, values('indptr').length) : String(format);
  const read = (): CsrMatrix => {
    if (layout === 'csr' || layout === 'csc') {
      const compressed = { indptr: values('indptr'), indices: values('indices'), values: values('data') };
      return toCsr({ rows, cols, layout, ...compressed }, budget);
    }
    if (layout === 'coo') return fromCoordinates(shape, values('row'), values('col'), values('data'), budget);
    if (layout === 'dia') return fromDiagonals(shape, values('offsets'), array('data'), budget);
    return fromBlocks(shape, values('indptr'), values('indices'), array('data'), budget);
  };
  if (!['csr', 'csc', 'coo', 'dia', 'bsr'].includes(layout)) {
    const obstacle = `is a SciPy matrix in ${show(layout)} format (save x.tocsr() instead)`;
    return { name, shape, obstacle, read };
  }
  return { name, shape, read };
}

function shapeOf(
  array: (part: string) => NdArray | undefined,
  values: (part: string) => NumericArray,
): number[] {
  if (array('shape') === undefined) {
    // The last columns may be empty, so this is the least that it can be.
    const indices = values('indices');
    let cols = 0;
    for (const index of indices) cols = Math.max(cols, index + 1);
    return [Math.max(0, values('indptr').length - 1), cols];
  }
  const shape = Array.from(values('shape'));
  if (shape.length !== 2 || !shape.every((size) => Number.isInteger(size) && size >= 0 && size < MAX_INDEX)) {
    throw new CtreError(
      'E_FORMAT',
      `a sparse matrix has the shape ${showShape(shape)}; expected rows × columns`,
    );
  }
  return shape;
}

/** Without a format, the number of offsets tells whether rows or columns are compressed. */
function layoutByOffsets([rows, cols]: readonly number[], offsets: number): 'csr' | 'csc' {
  return offsets !== rows + 1 && offsets === cols + 1 ? 'csc' : 'csr';
}

function claimCoordinates([rows, cols]: readonly number[], entries: number, budget: Budget): void {
  // Coordinates, their copies, and what sorting them takes beside.
  budget.claim(28 * entries + 8 * rows, `a sparse matrix of ${rows} × ${cols} with ${entries} entries`);
}

function fromCoordinates(
  shape: readonly number[],
  row: NumericArray,
  col: NumericArray,
  values: NumericArray,
  budget: Budget,
): CsrMatrix {
  const [rows, cols] = shape;
  if (row.length !== col.length || row.length !== values.length) {
    throw new CtreError(
      'E_FORMAT',
      `a sparse matrix has ${row.length} row indices, ${col.length} column indices and ${values.length} ` +
        'values; expected as many of each',
    );
  }
  for (let p = 0; p < row.length; p++) {
    const isInside = row[p] >= 0 && row[p] < rows && col[p] >= 0 && col[p] < cols;
    if (!(isInside && Number.isInteger(row[p]) && Number.isInteger(col[p]))) {
      throw new CtreError(
        'E_FORMAT',
        `entry ${p + 1} of a sparse matrix is at row ${row[p] + 1}, column ${col[p] + 1}; expected a ` +
          'place within ' +
          showShape(shape),
      );
    }
    finite(values[p], row[p], col[p]);
  }
  claimCoordinates(shape, row.length, budget);
  return CsrMatrix.fromCoo({
    rows,
    cols,
    row: Int32Array.from(row),
    col: Int32Array.from(col),
    values: Float32Array.from(values),
    duplicates: 'sum',
  });
}

/** Diagonal d holds, at each column c, the entry of row c − offset. */
function fromDiagonals(
  shape: readonly number[],
  offsets: NumericArray,
  data: NdArray | undefined,
  budget: Budget,
): CsrMatrix {
  const [rows, cols] = shape;
  if (
    data === undefined ||
    !isNumeric(data.data) ||
    data.shape.length !== 2 ||
    data.shape[0] !== offsets.length
  ) {
    throw new CtreError(
      'E_FORMAT',
      `a sparse matrix has ${offsets.length} diagonals; its data fit other ones`,
    );
  }
  const [diagonals, width] = data.shape;
  const at = (diagonal: number, col: number): number =>
    Number(data.data[data.columnMajor ? col * diagonals + diagonal : diagonal * width + col]);
  const row: number[] = [];
  const col: number[] = [];
  const values: number[] = [];
  budget.claim(48 * data.data.length, `the diagonals of a sparse matrix`);
  for (let diagonal = 0; diagonal < diagonals; diagonal++) {
    for (let c = 0; c < Math.min(cols, width); c++) {
      const r = c - offsets[diagonal];
      const value = at(diagonal, c);
      if (r < 0 || r >= rows || value === 0) continue;
      row.push(r);
      col.push(c);
      values.push(value);
    }
  }
  return fromCoordinates(
    shape,
    Float64Array.from(row),
    Float64Array.from(col),
    Float64Array.from(values),
    budget,
  );
}

/** Blocks of equal size, compressed by rows of blocks. */
function fromBlocks(
  shape: readonly number[],
  indptr: NumericArray,
  indices: NumericArray,
  data: NdArray | undefined,
  budget: Budget,
): CsrMatrix {
  const [blocks, height, width] = data?.shape ?? [];
  if (data === undefined || !isNumeric(data.data) || data.shape.length !== 3 || blocks !== indices.length) {
    throw new CtreError('E_FORMAT', `a sparse matrix has ${indices.length} blocks; its data fit other ones`);
  }
  const { data: values, columnMajor } = data;
  budget.claim(24 * values.length, `the blocks of a sparse matrix`);
  const row = new Float64Array(values.length);
  const col = new Float64Array(values.length);
  const placed = new Float64Array(values.length);
  let entry = 0;
  for (let blockRow = 0; blockRow + 1 < indptr.length; blockRow++) {
    const [begin, end] = [indptr[blockRow], indptr[blockRow + 1]];
    if (!(Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && begin <= end && end <= blocks)) {
      throw new CtreError(
        'E_FORMAT',
        `offset ${blockRow + 2} of a sparse matrix is ${end}; expected ${begin} to ${blocks}`,
      );
    }
    for (let block = begin; block < end; block++) {
      for (let r = 0; r < height; r++) {
        for (let c = 0; c < width; c++) {
          const at = columnMajor ? (c * height + r) * blocks + block : (block * height + r) * width + c;
          if (values[at] === 0 || entry === row.length) continue;
          row[entry] = blockRow * height + r;
          col[entry] = indices[block] * width + c;
          placed[entry++] = values[at];
        }
      }
    }
  }
  return fromCoordinates(
    shape,
    row.subarray(0, entry),
    col.subarray(0, entry),
    placed.subarray(0, entry),
    budget,
  );
}
