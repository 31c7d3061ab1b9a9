import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { toCsr } from '../compressed.ts';
import type { Dataset, ReadOptions } from '../dataset.ts';
import { isNumeric, type NdArray, type NumericArray, showShape } from '../ndarray.ts';
import { datasetFromVariables, type Variable } from '../variables.ts';
import { readZip, type ZipMember } from '../zip.ts';
import { NPY_HEADER_BYTES, type NpyHeader, npyObstacle, readNpy, readNpyHeader } from './npy.ts';

/** An `.npz` or `.npy` file and what it is called without its ending. */
export interface NumpyFile {
  readonly stem: string;
  readonly bytes: Uint8Array;
  readonly isArchive: boolean;
}

/**
 * Reads NumPy files together: every member of an `.npz` and every `.npy` (by its file name) is a variable, and the
 * arrays `format data indices indptr shape` of a SciPy sparse matrix are one.
 * @throws CtreError `E_FORMAT`, `E_UNSUPPORTED`, `E_MEMORY`, and what variables.ts throws.
 */
export function readNumpy(files: readonly NumpyFile[], options: ReadOptions, budget: Budget): Dataset {
  const variables = files.flatMap(({ stem, bytes, isArchive }) =>
    isArchive ? archiveVariables(stem, readZip(bytes), budget) : [npyVariable(stem, bytes, budget)],
  );
  return datasetFromVariables(variables, options, budget);
}

function npyVariable(name: string, bytes: Uint8Array, budget: Budget): Variable {
  return { ...describe(name, readNpyHeader(bytes)), read: () => readNpy(bytes, budget) };
}

function describe(name: string, header: NpyHeader): Omit<Variable, 'read'> {
  return {
    name,
    shape: header.shape,
    isText: header.type === 'text' || header.type === 'bytes',
    obstacle: npyObstacle(header),
  };
}

function archiveVariables(stem: string, archive: readonly ZipMember[], budget: Budget): Variable[] {
  const members = new Map<string, ZipMember>();
  for (const member of archive)
    if (member.name.endsWith('.npy')) members.set(member.name.slice(0, -4), member);
  const sparse = SPARSE_MEMBERS.every((name) => members.has(name));
  const variables = sparse ? [sparseVariable(stem, members, budget)] : [];
  for (const [name, member] of members) {
    if (sparse && SPARSE_PARTS.has(name)) continue;
    const header = readNpyHeader(member.prefix(NPY_HEADER_BYTES));
    variables.push({ ...describe(name, header), read: () => readNpy(member.read(budget), budget) });
  }
  return variables;
}

// Source: scipy.sparse.save_npz.
const SPARSE_MEMBERS = ['format', 'shape', 'data'];
const SPARSE_PARTS = new Set([...SPARSE_MEMBERS, 'indices', 'indptr', 'row', 'col', 'offsets']);

function sparseVariable(name: string, members: ReadonlyMap<string, ZipMember>, budget: Budget): Variable {
  const array = (part: string): NdArray => {
    const member = members.get(part);
    if (!member)
      throw new CtreError('E_FORMAT', `the sparse matrix has no array ${show(part)}; save it with save_npz`);
    return readNpy(member.read(budget), budget);
  };
  const vector = (part: string): NumericArray => {
    const { shape, data } = array(part);
    if (shape.length !== 1 || !isNumeric(data)) {
      throw new CtreError(
        'E_FORMAT',
        `the array ${show(part)} of a sparse matrix is ${showShape(shape)}; expected a vector of numbers`,
      );
    }
    return data;
  };
  const [layout] = array('format').data;
  const shape = Array.from(vector('shape'));
  if (shape.length !== 2) {
    throw new CtreError(
      'E_FORMAT',
      `a sparse matrix has the shape ${showShape(shape)}; expected rows × columns`,
    );
  }
  const [rows, cols] = shape;
  if (layout !== 'csr' && layout !== 'csc') {
    const obstacle = `is a SciPy matrix in ${show(layout)} format (save x.tocsr() instead)`;
    return { name, shape, obstacle, read: () => array('data') };
  }
  const read: Variable['read'] = () =>
    toCsr(
      { rows, cols, layout, indptr: vector('indptr'), indices: vector('indices'), values: vector('data') },
      budget,
    );
  return { name, shape, read };
}
