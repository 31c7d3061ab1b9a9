import type { Budget } from '../../base/budget.ts';
import { CtreError } from '../../base/errors.ts';
import { CsrMatrix } from '../../matrix/csrMatrix.ts';
import { ByteReader, latin1 } from '../bytes.ts';
import { toCsr } from '../compressed.ts';
import type { NumberFormat } from '../format.ts';
import { inflatePrefix, unzlib } from '../inflate.ts';
import {
  decodeElements,
  ELEMENT_BYTES,
  type ElementType,
  elementCount,
  type NumericArray,
  showShape,
} from '../ndarray.ts';
import { checkVariableCount, datasetFromVariables, type Variable } from '../variables.ts';

// Names and numbers from "MAT-File Format", The MathWorks, chapter "Level 5 MAT-Files".
const MI_TYPES: Readonly<Record<number, ElementType>> = {
  1: 'int8',
  2: 'uint8',
  3: 'int16',
  4: 'uint16',
  5: 'int32',
  6: 'uint32',
  7: 'float32',
  9: 'float64',
  12: 'int64',
  13: 'uint64',
};
const MI_MATRIX = 14;
const MI_COMPRESSED = 15;
const MX_SPARSE = 5;
const MX_UINT64 = 15;
const MX_CELL = 1;
const MX_CHAR = 4;
const MX_OTHER: Readonly<Record<number, string>> = {
  2: 'is a struct',
  3: 'is an object',
};
const COMPLEX = 0x800;
const LOGICAL = 0x200;
/** Types of text: UTF-8, UTF-16, UTF-32. MATLAB also writes characters as 16-bit integers. */
const MI_UTF8 = 16;
const MI_UTF16 = 17;
const MI_UTF32 = 18;
/** The most bytes that a matrix's flags, sizes and name (at most 63 characters) take. */
const HEADER_BYTES = 1024;

/**
 * MATLAB level 5 files (`save -v6` and `-v7`).
 * @throws CtreError `E_UNSUPPORTED` for level 4 and 7.3 files, `E_FORMAT`, `E_MEMORY`, and as variables.ts.
 */
export const matFormat: NumberFormat = {
  fileNames: '.mat',
  isBinary: true,
  extensions: ['mat'],
  isContent: (bytes) => /^MATLAB/.test(latin1(bytes.subarray(0, 6))),
  read: ([{ bytes }], options, budget) =>
    datasetFromVariables('MATLAB', listVariables(bytes, budget), options, budget),
};

function listVariables(bytes: Uint8Array, budget: Budget): Variable[] {
  const littleEndian = checkHeader(bytes);
  const reader = new ByteReader(bytes.subarray(128), littleEndian);
  const variables: Variable[] = [];
  while (reader.left > 0) {
    const { type, data } = readElement(reader);
    if (type !== MI_MATRIX && type !== MI_COMPRESSED) continue;
    checkVariableCount(variables.length + 1);
    variables.push(
      type === MI_MATRIX
        ? plainVariable(data, littleEndian, budget)
        : packedVariable(data, littleEndian, budget),
    );
  }
  // `save -append` by others than MATLAB leaves the old variable before the new one.
  const lastOf = new Map(variables.map((variable) => [variable.name, variable]));
  return variables.filter((variable) => lastOf.get(variable.name) === variable);
}

/** Whether the file is little-endian, after a check that it is of level 5. */
function checkHeader(bytes: Uint8Array): boolean {
  const text = latin1(bytes.subarray(0, 116));
  const endian = latin1(bytes.subarray(126, 128));
  const major = endian === 'IM' ? bytes[125] : bytes[124];
  if (text.startsWith('MATLAB 7.3') || major === 2) {
    throw new CtreError(
      'E_UNSUPPORTED',
      'this is a MATLAB 7.3 (HDF5) file; save it again with save(…, "-v7")',
    );
  }
  if ((endian === 'IM' || endian === 'MI') && major === 1) return endian === 'IM';
  // A level 4 file starts with a number below 5000, in either byte order. A level 5 file starts with text.
  if (bytes.length >= 20) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
    if (view.getUint32(0, true) < 5000 || view.getUint32(0, false) < 5000) {
      throw new CtreError(
        'E_UNSUPPORTED',
        'this looks like a MATLAB level 4 file; save it again with save(…, "-v7")',
      );
    }
  }
  throw new CtreError(
    'E_FORMAT',
    'this is no MATLAB level 5 file, or its 128-byte header is damaged or cut short',
  );
}

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
}

function readElement(reader: ByteReader): Element {
  const first = reader.u32('a data element');
  if (first >>> 16 !== 0) {
    const size = first >>> 16;
    const data = reader.take(4, 'a small data element');
    if (size > 4)
      throw new CtreError('E_FORMAT', `a small data element claims ${size} bytes; expected at most 4`);
    return { type: first & 0xffff, data: data.subarray(0, size) };
  }
  const size = reader.u32('a data element');
  const data = reader.take(size, 'a data element');
  const padding = first === MI_COMPRESSED ? 0 : -size & 7;
  reader.take(Math.min(padding, reader.left), 'padding');
  return { type: first, data };
}

type MatrixHeader = Omit<Variable, 'read'> & { readonly matrixClass: number; readonly isLogical: boolean };

function plainVariable(data: Uint8Array, littleEndian: boolean, budget: Budget): Variable {
  const header = readMatrixHeader(new ByteReader(data, littleEndian), littleEndian);
  return { ...header, read: () => readMatrix(data, littleEndian, budget) };
}

/** A compressed element holds one matrix. Until it is read, only its header is inflated. */
function packedVariable(packed: Uint8Array, littleEndian: boolean, budget: Budget): Variable {
  const prefix = new ByteReader(
    inflatePrefix('zlib', packed, HEADER_BYTES, 'a compressed variable'),
    littleEndian,
  );
  checkInner(prefix.u32('a compressed variable'));
  const size = prefix.u32('a compressed variable');
  if (size === 0) return EMPTY;
  const header = readMatrixHeader(prefix, littleEndian);
  const read: Variable['read'] = () => {
    const content = unzlib(packed, 8 + size, budget, `the variable "${header.name}"`);
    const { type, data } = readElement(new ByteReader(content, littleEndian));
    checkInner(type);
    return readMatrix(data, littleEndian, budget);
  };
  return { ...header, read };
}

function checkInner(type: number): void {
  if (type !== MI_MATRIX) {
    throw new CtreError(
      'E_FORMAT',
      `a compressed variable holds an element of type ${type}; expected a matrix (14)`,
    );
  }
}

/** MATLAB writes elements without content for what it could not save. */
const EMPTY: Variable & MatrixHeader = {
  name: '',
  shape: [],
  matrixClass: 0,
  isLogical: false,
  obstacle: 'is empty',
  read: () => {
    throw new CtreError('E_FORMAT', 'a variable without content cannot be read');
  },
};

/** The head of a matrix element: flags, sizes, name. The reader is at the content afterwards. */
function readMatrixHeader(reader: ByteReader, littleEndian: boolean): MatrixHeader {
  if (reader.left === 0) return EMPTY;
  const flags = new ByteReader(readElement(reader).data, littleEndian).u32('the flags of a variable');
  const matrixClass = flags & 0xff;
  // Function handles and opaque objects have neither sizes nor a name at these places.
  if (matrixClass < 1 || matrixClass > MX_UINT64) return { ...EMPTY, matrixClass, obstacle: 'is an object' };
  const sizes = readElement(reader).data;
  const sizeReader = new ByteReader(sizes, littleEndian);
  const shape = Array.from({ length: Math.floor(sizes.length / 4) }, () =>
    sizeReader.u32('the size of a variable'),
  );
  const name = latin1(readElement(reader).data);
  return {
    name,
    // Text of n rows is n strings.
    shape: matrixClass === MX_CHAR && shape.length === 2 ? [shape[0]] : shape,
    columnMajor: true,
    ...((matrixClass === MX_CHAR || matrixClass === MX_CELL) && { isText: true }),
    matrixClass,
    isLogical: (flags & LOGICAL) !== 0,
    obstacle: obstacleOf(matrixClass, flags, shape),
  };
}

function obstacleOf(matrixClass: number, flags: number, shape: readonly number[]): string | undefined {
  if (flags & COMPLEX) return 'is complex';
  if (matrixClass === MX_CHAR) return shape.length === 2 ? undefined : `is text of ${showShape(shape)}`;
  return MX_OTHER[matrixClass];
}

function readMatrix(data: Uint8Array, littleEndian: boolean, budget: Budget): ReturnType<Variable['read']> {
  const reader = new ByteReader(data, littleEndian);
  const { name, shape, matrixClass, isLogical } = readMatrixHeader(reader, littleEndian);
  const numbers = (what: string, count?: number): NumericArray =>
    readNumbers(reader, littleEndian, budget, `the ${what} of "${name}"`, count);
  if (matrixClass === MX_CHAR) {
    return {
      shape,
      columnMajor: true,
      data: readCharacters(readElement(reader), shape[0], littleEndian, budget, name),
    };
  }
  if (matrixClass === MX_CELL) {
    return {
      shape,
      columnMajor: true,
      data: readCells(reader, elementCount(shape), littleEndian, budget, name),
    };
  }
  if (matrixClass === MX_SPARSE) {
    const [rows, cols] = shape;
    const indices = numbers('row indices');
    const indptr = numbers('column offsets');
    const values = numbers('values', isLogical ? indices.length : undefined);
    return toCsr({ rows, cols, layout: 'csc', indptr, indices, values }, budget);
  }
  const elements = numbers('elements');
  if (elements.length !== elementCount(shape)) {
    throw new CtreError(
      'E_FORMAT',
      `"${name}" is ${showShape(shape)} but holds ${elements.length} elements; the file is damaged`,
    );
  }
  return { shape, columnMajor: true, data: elements };
}

/**
 * Numbers are stored in the smallest type that holds them, whatever the class of their matrix. MATLAB writes
 * the values of a sparse logical matrix, `count` of them, with the tag of doubles and one byte each.
 */
function readNumbers(
  reader: ByteReader,
  littleEndian: boolean,
  budget: Budget,
  what: string,
  count?: number,
): NumericArray {
  const { type, data } = readElement(reader);
  const elementType = count === data.length ? 'uint8' : MI_TYPES[type];
  if (elementType === undefined) {
    throw new CtreError('E_FORMAT', `${what} are of the storage type ${type}; expected a numeric type`);
  }
  if (data.length % ELEMENT_BYTES[elementType] !== 0) {
    throw new CtreError(
      'E_FORMAT',
      `${what} take ${data.length} bytes; expected a multiple of ${ELEMENT_BYTES[elementType]}`,
    );
  }
  return decodeElements(data, elementType, littleEndian, budget);
}

/** Bytes of memory for a character on its way, and for a string besides its characters. */
const CHARACTER_BYTES = 24;
const TEXT_BYTES = 64;

/** The rows of a matrix of characters, without the blanks that pad them. */
function readCharacters(
  { type, data }: Element,
  rows: number,
  littleEndian: boolean,
  budget: Budget,
  name: string,
): string[] {
  budget.claim(CHARACTER_BYTES * data.length, `the text "${name}"`);
  const characters = decodeText(type, data, littleEndian, name);
  if (rows === 0 || characters.length === 0) return Array.from({ length: characters.length }, () => '');
  if (characters.length % rows !== 0) {
    throw new CtreError('E_FORMAT', `the text "${name}" has ${characters.length} characters in ${rows} rows`);
  }
  budget.claim(TEXT_BYTES * rows, `${rows} strings`);
  return Array.from({ length: rows }, (_, row) => {
    let text = '';
    for (let at = row; at < characters.length; at += rows) text += characters[at];
    return text.trim();
  });
}

function decodeText(type: number, data: Uint8Array, littleEndian: boolean, name: string): string[] {
  const label =
    type === MI_UTF8
      ? 'utf-8'
      : type === MI_UTF16 || type === 4
        ? littleEndian
          ? 'utf-16le'
          : 'utf-16be'
        : type === 1 || type === 2
          ? 'latin1'
          : undefined;
  if (label === undefined) {
    const which = type === MI_UTF32 ? 'UTF-32' : `the storage type ${type}`;
    throw new CtreError('E_UNSUPPORTED', `the text "${name}" is in ${which}; save it as UTF-8`);
  }
  try {
    return [...new TextDecoder(label, { fatal: true }).decode(data)];
  } catch (cause) {
    throw new CtreError('E_FORMAT', `the text "${name}" is no ${label}; the file is damaged`, { cause });
  }
}

/** The strings of a cell array, one in each cell. Numbers are taken for their digits. */
function readCells(
  reader: ByteReader,
  cells: number,
  littleEndian: boolean,
  budget: Budget,
  name: string,
): string[] {
  const texts: string[] = [];
  // Each cell takes some bytes of the file, so a size that lies ends with them.
  for (let cell = 0; cell < cells; cell++) {
    const { type, data } = readElement(reader);
    budget.claim(TEXT_BYTES, `the cells of "${name}"`);
    const inside =
      type === MI_MATRIX ? readMatrixHeader(new ByteReader(data, littleEndian), littleEndian) : EMPTY;
    const content =
      inside.matrixClass === MX_CELL || inside.obstacle !== undefined
        ? undefined
        : readMatrix(data, littleEndian, budget);
    const values = content === undefined || content instanceof CsrMatrix ? [] : content.data;
    if (content === undefined || values.length > 1) {
      throw new CtreError(
        'E_UNSUPPORTED',
        `cell ${cell + 1} of "${name}" holds no single text or number; expected one label in each cell`,
      );
    }
    texts.push(values.length === 0 ? '' : String(values[0]));
  }
  return texts;
}
