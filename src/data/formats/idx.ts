import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import type { SampleMatrix } from '../../matrix/samples.ts';
import { ByteReader } from '../bytes.ts';
import { buildDataset, type Dataset, type RawRows } from '../dataset.ts';
import type { InputFile, NumberFormat } from '../format.ts';
import {
  decodeElements,
  ELEMENT_BYTES,
  type ElementType,
  elementCount,
  type NdArray,
  showShape,
  toRows,
} from '../ndarray.ts';
import type { CheckedReadOptions } from '../readOptions.ts';

// Source: "The IDX file format", The MNIST database, yann.lecun.com/exdb/mnist.
const IDX_TYPES: Readonly<Record<number, ElementType>> = {
  8: 'uint8',
  9: 'int8',
  11: 'int16',
  12: 'int32',
  13: 'float32',
  14: 'float64',
};

/**
 * A folder as MNIST comes in: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and `t10k-…` for the
 * test part. Images become rows of pixels, not scaled. If there is a test part only, it is the dataset.
 * @throws CtreError `E_FORMAT` when a file is missing, cut short or damaged, `E_MEMORY`.
 */
export const idxFormat: NumberFormat = {
  fileNames: 'IDX files',
  isBinary: true,
  extensions: [],
  several: 'a set of IDX files',
  membersOf: (names) => names.filter((name) => idxRole(name) !== undefined),
  // They start with two zeros, a type and a number of dimensions.
  isContent: (bytes) =>
    bytes.length >= 8 && bytes[0] === 0 && bytes[1] === 0 && bytes[2] in IDX_TYPES && bytes[3] > 0,
  read: readIdxSet,
};

/** What a file of an IDX set holds, by its name. Undefined for other files. */
export function idxRole(name: string): { part: 'train' | 'test'; content: 'images' | 'labels' } | undefined {
  const lower = name.toLowerCase();
  if (!/[-._]idx\d?([-._]|$)/.test(lower)) return undefined;
  const content = lower.includes('images') ? 'images' : lower.includes('labels') ? 'labels' : undefined;
  return content && { part: /t10k|test/.test(lower) ? 'test' : 'train', content };
}

function readIdxSet(
  files: readonly InputFile[],
  options: CheckedReadOptions,
  budget: Budget,
): Dataset<SampleMatrix> {
  const parts = { train: new Map<string, Uint8Array>(), test: new Map<string, Uint8Array>() };
  for (const { name, bytes } of files) {
    const role = idxRole(name);
    if (!role) {
      throw new CtreError(
        'E_FORMAT',
        `${show(name)} is one file of an IDX set; name the set's files as MNIST does, ` +
          'train-images-idx3-ubyte and train-labels-idx1-ubyte',
      );
    }
    if (parts[role.part].has(role.content)) {
      throw new CtreError(
        'E_FORMAT',
        `two files hold the ${role.part} ${role.content}; the second is ${show(name)}`,
      );
    }
    parts[role.part].set(role.content, bytes);
  }
  const train = readPart('train', parts.train, options, budget);
  const test = readPart('test', parts.test, options, budget);
  // There is a part, since every file belongs to one.
  const [first, second] = [train, test].filter((part) => part !== undefined);
  return buildDataset(budget, { taken: { format: 'IDX' }, reading: options.targets }, first, second);
}

function readPart(
  part: string,
  files: ReadonlyMap<string, Uint8Array>,
  options: CheckedReadOptions,
  budget: Budget,
): RawRows | undefined {
  const images = files.get('images');
  const labels = files.get('labels');
  if (!images) {
    if (labels)
      throw new CtreError(
        'E_FORMAT',
        `there are ${part} labels but no ${part} images; add the IDX file of the images`,
      );
    return undefined;
  }
  const x = toRows(readIdx(images, budget), budget, 'first', options.bytes);
  if (options.unlabelled) return { x };
  if (!labels) {
    throw new CtreError(
      'E_FORMAT',
      `there are ${part} images but no ${part} labels; add the IDX file of the labels`,
    );
  }
  const { shape, data } = readIdx(labels, budget);
  if (shape.length !== 1) {
    throw new CtreError('E_FORMAT', `the ${part} labels are ${showShape(shape)}; expected one dimension`);
  }
  return { x, labels: data };
}

function readIdx(bytes: Uint8Array, budget: Budget): NdArray {
  const reader = new ByteReader(bytes, false);
  const zeros = reader.u16('the IDX header');
  const type = IDX_TYPES[reader.u8('the IDX header')];
  const dimensions = reader.u8('the IDX header');
  if (zeros !== 0 || type === undefined || dimensions === 0) {
    throw new CtreError(
      'E_FORMAT',
      'this is no IDX file: it does not start with 0, 0, a type from 8 to 14 and a number of dimensions',
    );
  }
  const shape = Array.from({ length: dimensions }, () => reader.u32('the IDX header'));
  const expected = elementCount(shape) * ELEMENT_BYTES[type];
  if (reader.left !== expected) {
    throw new CtreError(
      'E_FORMAT',
      `an IDX array of ${showShape(shape)} takes ${expected} bytes, but ${reader.left} follow its header; ` +
        'the file is cut short or damaged',
    );
  }
  return {
    shape,
    columnMajor: false,
    data: decodeElements(reader.take(expected, 'the IDX array'), type, false, budget),
  };
}
