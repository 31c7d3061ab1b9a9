import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { latin1 } from '../bytes.ts';
import { toCsr } from '../compressed.ts';
import { extensionOf, type InputFile, type NumberFormat } from '../format.ts';
import { isNumeric, type NdArray, type NumericArray, showShape } from '../ndarray.ts';
import { datasetFromVariables, type Variable } from '../variables.ts';
import { readZip, type ZipMember } from '../zip.ts';
import { NPY_HEADER_BYTES, type NpyHeader, npyObstacle, readNpy, readNpyHeader } from './npy.ts';

/**
 * NumPy files, read together. Every member of an `.npz` and every `.npy` (by its file name) is a variable.
 * The arrays `format data indices indptr shape` of a SciPy sparse matrix are one variable.
 * @throws CtreError `E_FORMAT`, `E_UNSUPPORTED`, `E_MEMORY`, and what variables.ts throws.
 */
export const numpyFormat: NumberFormat = {
  fileNames: '.npz, .npy',
  extensions: ['npz', 'npy'],
  several: 'an .npy pair',
  isContent: (bytes) => isZip(bytes) || latin1(bytes.subarray(0, 6)) === '\x93NUMPY',
  read(files, options, budget) {
    if (files.length === 1 && !isArchive(files[0]) && !options.unlabelled) {
      throw new CtreError('E_FORMAT', 'an .npy file holds one array; give two, such as X.npy and y.npy');
    }
    return datasetFromVariables(
      'NumPy',
      files.flatMap((file) => variablesOf(file, budget)),
      options,
      budget,
    );
  },
};

function isZip(bytes: Uint8Array): boolean {
  return latin1(bytes.subarray(0, 4)) === 'PK\x03\x04';
}

function isArchive({ name, bytes }: InputFile): boolean {
  const extension = extensionOf(name);
  return extension === 'npz' || (extension !== 'npy' && isZip(bytes));
}

function variablesOf(file: InputFile, budget: Budget): Variable[] {
  const { name, bytes } = file;
  const stem = name.replace(/\.np[yz]$/i, '');
  if (isArchive(file)) return archiveVariables(stem, readZip(bytes), budget);
  return [{ ...variableHeader(stem, readNpyHeader(bytes)), read: () => readNpy(bytes, budget) }];
}

function variableHeader(name: string, header: NpyHeader): Omit<Variable, 'read'> {
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
    variables.push({ ...variableHeader(name, header), read: () => readNpy(member.read(budget), budget) });
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
