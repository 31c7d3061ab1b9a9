// The data and layers of the measurements: MNIST where CTRE_DATA_DIR has it, else random rows of the same
// shape and sparsity; random rows of any shape; random sparse layers with a batch of 128 samples.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '../dist/base/random.js';
import { readDataset } from '../dist/data/index.js';
import { transposePattern } from '../dist/matrix/pattern.js';
import { randomPattern } from '../dist/matrix/sampling.js';

/** Samples of a batch. */
export const BATCH = 128;

const uniform = (length, random, draw) => Float32Array.from({ length }, () => draw(random.next()));

/** Random rows, `share` of the values not 0, and labels. */
export function randomRows(rows, cols, classes, share) {
  const random = randomStream(0, 'bench/rows');
  return {
    name: 'random rows',
    x: { rows, cols, data: uniform(rows * cols, random, (u) => (u < share ? u / share : 0)) },
    y: Int32Array.from({ length: rows }, () => random.below(classes)),
  };
}

/** The first `rows` training digits, pixels from 0 to 1. */
export function digits(rows) {
  const folder = process.env.CTRE_DATA_DIR && join(process.env.CTRE_DATA_DIR, 'mnist');
  if (folder === undefined) {
    return { ...randomRows(rows, 784, 10, 0.19), name: 'random digits (CTRE_DATA_DIR is not set)' };
  }
  const read = (name) => [name, new Uint8Array(readFileSync(join(folder, name)))];
  const { x, labels } = readDataset(Object.fromEntries(readdirSync(folder).map(read)));
  return {
    name: 'MNIST',
    x: { rows, cols: 784, data: x.data.subarray(0, rows * 784).map((pixel) => pixel / 255) },
    y: labels.slice(0, rows),
  };
}

/** A square matrix of random entries as coordinates in random order, no position twice. */
export function randomCoordinates(n, nnz) {
  const random = randomStream(0, `bench/coordinates/${n}/${nnz}`);
  const { indptr, indices } = randomPattern(n, n, nnz, random);
  const order = Int32Array.from(indices.keys());
  random.shuffle(order);
  const rowOf = new Int32Array(nnz);
  for (let r = 0; r < n; r++) rowOf.fill(r, indptr[r], indptr[r + 1]);
  return {
    rows: n,
    row: order.map((p) => rowOf[p]),
    col: order.map((p) => indices[p]),
    values: uniform(nnz, random, (u) => u - 0.5),
  };
}

/** A sparse layer [outDim, inDim] with its input x (as ReLU leaves it) and dy, both [neurons][BATCH]. */
export function randomLayer({ inDim, outDim, nnz }) {
  const random = randomStream(0, `bench/${inDim}/${outDim}/${nnz}`);
  const { indptr, indices } = randomPattern(outDim, inDim, nnz, random);
  const transposed = transposePattern({ rows: outDim, cols: inDim, indptr, indices });
  const centred = (u) => u - 0.5;
  return {
    inDim,
    outDim,
    nnz,
    indptr,
    indices,
    colPtr: transposed.indptr,
    rowIdx: transposed.indices,
    perm: transposed.source,
    values: uniform(nnz, random, centred),
    bias: uniform(outDim, random, centred),
    x: uniform(inDim * BATCH, random, (u) => Math.max(0, centred(u))),
    dy: uniform(outDim * BATCH, random, centred),
  };
}

/**
 * The arrays of a layer's file in their order, with their types and lengths. Before them the file has inDim,
 * outDim and nnz as i32.
 */
const ARRAYS = [
  ['indptr', Int32Array, ({ outDim }) => outDim + 1],
  ['indices', Int32Array, ({ nnz }) => nnz],
  ['colPtr', Int32Array, ({ inDim }) => inDim + 1],
  ['rowIdx', Int32Array, ({ nnz }) => nnz],
  ['perm', Int32Array, ({ nnz }) => nnz],
  ['values', Float32Array, ({ nnz }) => nnz],
  ['bias', Float32Array, ({ outDim }) => outDim],
  ['x', Float32Array, ({ inDim }) => inDim * BATCH],
  ['dy', Float32Array, ({ outDim }) => outDim * BATCH],
];

/** Writes a layer to a file that contestants in any language can read. */
export function writeLayer(path, layer) {
  const sizes = Int32Array.of(layer.inDim, layer.outDim, layer.nnz);
  const bytes = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);
  writeFileSync(path, Buffer.concat([sizes, ...ARRAYS.map(([name]) => layer[name])].map(bytes)));
}

export function readLayer(path) {
  const { buffer } = new Uint8Array(readFileSync(path));
  const [inDim, outDim, nnz] = new Int32Array(buffer, 0, 3);
  const layer = { inDim, outDim, nnz };
  let offset = 12;
  for (const [name, Type, length] of ARRAYS) {
    layer[name] = new Type(buffer, offset, length(layer));
    offset += layer[name].byteLength;
  }
  return layer;
}

/** Consonants and vowels by how common they are: syllables of them make names that share many 3-grams. */
const ONSETS = [
  'm',
  'k',
  'l',
  's',
  'r',
  'n',
  't',
  'b',
  'd',
  'j',
  'h',
  'g',
  'v',
  'f',
  'sh',
  'w',
  'p',
  'st',
  'br',
  'z',
];
const VOWELS = ['a', 'i', 'e', 'o', 'u', 'ia', 'ei', 'y'];
const CODAS = ['', '', '', 'n', 'r', 'l', 's', 'nd', 't', 'ck'];

/**
 * The character 3-grams of made-up names, weighted by TF-IDF: about 15 a row, some thousand columns. Common
 * syllables are drawn more often, as in real names.
 * @returns the parts of a CsrMatrix.
 */
export function nameMatrix(rows) {
  const random = randomStream(0, `bench/names/${rows}`);
  const common = (list) => list[Math.floor(list.length * random.next() ** 1.5)];
  const any = (list) => list[random.below(list.length)];
  const word = (syllables) =>
    Array.from({ length: syllables }, () => common(ONSETS) + common(VOWELS) + any(CODAS)).join('');
  const columns = new Map();
  const counts = Array.from({ length: rows }, () => {
    const name = ` ${word(2 + random.below(2))} ${word(2 + random.below(2))} `;
    const grams = new Map();
    for (let at = 0; at + 3 <= name.length; at++) {
      const gram = name.slice(at, at + 3);
      if (!columns.has(gram)) columns.set(gram, columns.size);
      const column = columns.get(gram);
      grams.set(column, (grams.get(column) ?? 0) + 1);
    }
    return [...grams].sort(([a], [b]) => a - b);
  });
  const frequency = new Int32Array(columns.size);
  for (const [column] of counts.flat()) frequency[column]++;
  const indptr = new Int32Array(rows + 1);
  counts.forEach((row, r) => {
    indptr[r + 1] = indptr[r] + row.length;
  });
  return {
    rows,
    cols: columns.size,
    indptr,
    indices: Int32Array.from(counts.flat(), ([column]) => column),
    values: Float32Array.from(counts.flat(), ([column, n]) => n * (1 + Math.log(rows / frequency[column]))),
  };
}

/** Random rows of numbers of both signs. */
export function embeddings(rows, cols) {
  return {
    rows,
    cols,
    data: uniform(rows * cols, randomStream(0, `bench/embeddings/${rows}`), (u) => u - 0.5),
  };
}

/** Writes a CSR matrix to a file: rows, cols and nnz as i32, then indptr, indices and values. */
export function writeMatrix(path, { rows, cols, indptr, indices, values }) {
  const arrays = [Int32Array.of(rows, cols, values.length), indptr, indices, values];
  const bytes = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);
  writeFileSync(path, Buffer.concat(arrays.map(bytes)));
}

/** Writes dense rows to a file: rows and cols as i32, then the numbers. */
export function writeDense(path, { rows, cols, data }) {
  const sizes = Int32Array.of(rows, cols);
  writeFileSync(path, Buffer.concat([sizes, data].map((array) => Buffer.from(array.buffer))));
}
