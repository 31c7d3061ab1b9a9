import type { Budget } from '../../base/budget.ts';
import { CtreError } from '../../base/errors.ts';
import { arrayRole } from '../arrayRoles.ts';
import { latin1 } from '../bytes.ts';
import { extensionOf, type InputFile, type NumberFormat } from '../format.ts';
import type { NdArray } from '../ndarray.ts';
import { scipyVariable, sparseGroups } from '../scipySparse.ts';
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
  isBinary: true,
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
  const variables: Variable[] = [];
  const used = new Set<string>();
  const arrayOf = (member: ZipMember): NdArray => readNpy(member.read(budget), budget);
  for (const { prefix, parts } of sparseGroups([...members.keys()])) {
    const array = (part: string): NdArray | undefined => {
      const member = members.get(prefix + part);
      return member && arrayOf(member);
    };
    for (const part of parts) used.add(prefix + part);
    // `train_data` are features by their name, and `train` alone is nothing.
    const plain = prefix.replace(/[^\p{L}\d]+$/u, '') || stem;
    const name = arrayRole(`${prefix}data`)?.part === undefined ? plain : `${prefix}data`;
    variables.push(scipyVariable(name, array, budget));
  }
  for (const [name, member] of members) {
    if (used.has(name)) continue;
    const header = readNpyHeader(member.prefix(NPY_HEADER_BYTES));
    variables.push({ ...variableHeader(name, header), read: () => arrayOf(member) });
  }
  return variables;
}
