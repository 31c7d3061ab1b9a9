import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { ByteReader, latin1 } from '../bytes.ts';
import {
  decodeElements,
  ELEMENT_BYTES,
  type ElementType,
  elementCount,
  type NdArray,
  showShape,
} from '../ndarray.ts';

/** What the header of an `.npy` file says. Source: numpy.lib.format, versions 1.0 to 3.0. */
export interface NpyHeader {
  readonly shape: readonly number[];
  readonly columnMajor: boolean;
  readonly littleEndian: boolean;
  /** A numeric type, or text of a fixed width (`bytes`: one byte a character, `text`: four). */
  readonly type: ElementType | 'bytes' | 'text' | undefined;
  /** Bytes an element; 0 where the type is not known. */
  readonly itemSize: number;
  readonly descr: string;
  /** Where the elements start in the file. */
  readonly offset: number;
}

/** The most bytes of a header of version 1.0. More means a structured type, which is not read. */
export const NPY_HEADER_BYTES = 65536 + 10;

const NPY_TYPES: Readonly<Record<string, ElementType | undefined>> = {
  i1: 'int8',
  u1: 'uint8',
  b1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

/**
 * The header.
 * @throws CtreError `E_FORMAT` for foreign, cut or damaged ones, `E_UNSUPPORTED` for later versions.
 */
export function readNpyHeader(bytes: Uint8Array): NpyHeader {
  const reader = new ByteReader(bytes, true);
  if (latin1(reader.take(6, 'the .npy signature')) !== '\x93NUMPY') {
    throw new CtreError('E_FORMAT', 'this is no .npy file: it does not start with \\x93NUMPY');
  }
  const version = reader.u8('the .npy version');
  reader.u8('the .npy version');
  if (version < 1 || version > 3) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `this is an .npy file of version ${version}; expected version 1, 2 or 3`,
    );
  }
  const length = version === 1 ? reader.u16('the .npy header') : reader.u32('the .npy header');
  const text = latin1(reader.take(length, 'the .npy header'));
  const descr = field(text, 'descr', /^(?:'([^']*)'|"([^"]*)"|(\[))/);
  const fortran = field(text, 'fortran_order', /^(True|False)/);
  const shapeText = field(text, 'shape', /^\(([\d\s,L]*)\)/);
  const shape = (shapeText.match(/\d+/g) ?? []).map(Number);
  const { type, itemSize } = elementType(descr);
  return {
    shape,
    columnMajor: fortran === 'True',
    littleEndian: !descr.startsWith('>'),
    type,
    itemSize,
    descr,
    offset: reader.position,
  };
}

/**
 * The array in an `.npy` file, which may be big-endian or in Fortran order. Text becomes strings.
 * @throws CtreError as `readNpyHeader`, and `E_UNSUPPORTED` for objects, dates, complex and structured types.
 */
export function readNpy(bytes: Uint8Array, budget: Budget): NdArray {
  const header = readNpyHeader(bytes);
  const { shape, columnMajor, littleEndian, type, itemSize, descr, offset } = header;
  if (type === undefined) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `an array ${npyObstacle(header)}; save it as numbers (not ${show(descr)})`,
    );
  }
  const content = bytes.subarray(offset);
  const expected = elementCount(shape) * itemSize;
  if (content.length !== expected) {
    throw new CtreError(
      'E_FORMAT',
      `an array of ${showShape(shape)} elements takes ${expected} bytes, but ${content.length} follow ` +
        'its header; the file is cut short or damaged',
    );
  }
  if (type === 'bytes' || type === 'text') {
    return { shape, columnMajor, data: decodeStrings(content, type, itemSize, littleEndian, budget) };
  }
  return { shape, columnMajor, data: decodeElements(content, type, littleEndian, budget) };
}

/** Why an array cannot be read, for an error; undefined when it can. */
export function npyObstacle({ type, descr }: NpyHeader): string | undefined {
  if (type !== undefined) return undefined;
  if (descr.includes('O')) return 'holds pickled Python objects, which are never run';
  return `is of the type ${show(descr)}, which is not read`;
}

function elementType(descr: string): Pick<NpyHeader, 'type' | 'itemSize'> {
  const match = /^[<>|=]?([a-zA-Z])(\d+)$/.exec(descr);
  if (match) {
    const [, kind, digits] = match;
    const size = Number(digits);
    const numeric = NPY_TYPES[kind + digits];
    if (numeric) return { type: numeric, itemSize: ELEMENT_BYTES[numeric] };
    if (kind === 'U' && size > 0) return { type: 'text', itemSize: 4 * size };
    if (kind === 'S' && size > 0) return { type: 'bytes', itemSize: size };
  }
  return { type: undefined, itemSize: 0 };
}

/** The value of a key in the header, which is a Python dictionary literal on one line. */
function field(header: string, key: string, pattern: RegExp): string {
  const start = new RegExp(`['"]${key}['"]\\s*:\\s*`).exec(header);
  const match = start && pattern.exec(header.slice(start.index + start[0].length));
  if (!match)
    throw new CtreError('E_FORMAT', `the .npy header has no valid ${show(key)}; the file is damaged`);
  return match.slice(1).find((group) => group !== undefined) ?? '';
}

/** The bytes that engines take for a string in an array, besides its characters. */
const STRING_BYTES = 32;

/** Fixed-width strings, padded with zeros at the end. */
function decodeStrings(
  bytes: Uint8Array,
  type: 'bytes' | 'text',
  itemSize: number,
  littleEndian: boolean,
  budget: Budget,
): string[] {
  const codes = type === 'bytes' ? bytes : decodeElements(bytes, 'uint32', littleEndian, budget);
  const width = type === 'bytes' ? itemSize : itemSize / 4;
  const count = codes.length / width;
  budget.claim(count * (STRING_BYTES + 2 * width), `${count} strings`);
  return Array.from({ length: count }, (_, item) => {
    let end = (item + 1) * width;
    while (end > item * width && codes[end - 1] === 0) end--;
    return Array.from(codes.subarray(item * width, end), codePoint).join('');
  });
}

function codePoint(code: number): string {
  if (code > 0x10ffff)
    throw new CtreError('E_FORMAT', `a string holds the character ${code}; expected at most 1114111`);
  return String.fromCodePoint(code);
}
