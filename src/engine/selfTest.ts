// What tells whether two instances of a module compute the same bits. Kernels are run on fixed arrays,
// through each of their ways.

import type { WasmMemory } from '../base/hostTypes.ts';
import type { Kernels, Pointer } from './abi.ts';

/** Sizes of the test's layer. Its connections are those that `isConnection` says. */
const ROWS = 24;
const COLS = 40;
const isConnection = (i: number, j: number): boolean => i % 8 !== 7 && (5 * i + 3 * j + (i & j)) % 4 === 0;

/** Bytes of each array: a tile of 40 rows, and more than any other needs. */
const AREA = 8192;
const area = (number: number): Pointer => AREA * number;

/** Bits of lanes, from the kernels that write some. */
const FIRES = area(0);
// Integers: the layer's structure, and a list of rows without repetition.
const [INDPTR, INDICES, COL_PTR, ROW_IDX, PERM, LIST] = [1, 2, 3, 4, 5, 6].map(area);
// f32: numbers from −1 to 1 in three arrays, and from 0 to 1. f64: norms.
const [A, B, C, POSITIVE, NORMS] = [7, 8, 9, 10, 11].map(area);
/** Results: f32 numbers from −1 to 1 before, for kernels that add to them. */
const out = (number: number): Pointer => area(12 + number);
const AREAS = 12 + 12;

const TESTED_LANES = [8, 16, 32];
const BOTH = [true, false];
/** Of activations: ReLU, none, and one that keeps bits. */
const SLOPES = [0, 1, -0.3];
/** Columns of row-major products: each way that their kernels have. */
const COLUMNS = [1, 2, 3, 4, 6, 8, 11, 16, 24, 31, 32, 40];
/** Entries of arrays, no multiple of a vector's lanes. */
const ENTRIES = 955;

/**
 * The runs of each kernel that multiplies or adds vectors. Those that compare or move them are not there:
 * what has not passed the test is not revectorised, and they would gain nothing.
 */
export const RUNS: Readonly<Partial<Record<keyof Kernels, (kernels: Kernels) => void>>> = {
  addTo: ({ addTo }) => addTo(B, A, ENTRIES),
  adam: ({ adam }) => adam(B, A, C, POSITIVE, ENTRIES, 0.01, 0.9, 0.999, 1.5, 1e-8, 1e-4),
  adamW: ({ adamW }) => adamW(B, A, C, POSITIVE, ENTRIES, 0.01, 0.9, 0.999, 1.5, 1e-8, 1e-4),
  addNoise: ({ addNoise }) =>
    each([2 ** 30], [0, 0.5], (bound, amount, e) =>
      addNoise(out(e), LIST, ROWS - 1, COLS, 2 ** 31 + 1, bound, A, amount),
    ),
  backward: ({ backward }) =>
    each(TESTED_LANES, SLOPES, (lanes, slope, e) =>
      backward(
        ...([COL_PTR, ROW_IDX, PERM, A, B, C, C, out(e), out(9 + (e % 2)), COLS] as const),
        ...([slope, e % 2 === 0, lanes] as const),
      ),
    ),
  biasGradient: ({ biasGradient }) =>
    each(TESTED_LANES, BOTH, (lanes, accumulate, e) => biasGradient(A, out(e), ROWS, accumulate, lanes)),
  cosineBlock: ({ cosineBlock }) => cosineBlock(A, NORMS, NORMS, ROWS, COLS - 1),
  crossEntropyGradient: ({ crossEntropyGradient }) =>
    crossEntropyGradient(POSITIVE, LIST, LIST, ROWS, ROWS, 1 / ROWS, out(0)),
  gemm: ({ gemm }) =>
    each(SLOPES, [ROWS], (slope, rows, e) => gemm(A, B, C, out(e), FIRES, rows, COLS, slope)),
  gemmT: ({ gemmT }) =>
    each(SLOPES, [ROWS], (slope, rows, e) => gemmT(A, B, C, C, out(e), rows, COLS, slope)),
  // The sixth of the norms is 0.
  packBytes: ({ packBytes }) => packBytes(A, LIST, ROWS - 1, 5, NORMS, NORMS, out(0)),
  products: ({ products }) =>
    each(TESTED_LANES, BOTH, (lanes, accumulate, e) =>
      products(A, B, out(e), ROWS, COLS - 1, accumulate, lanes),
    ),
  scaleBy: ({ scaleBy }) => scaleBy(A, ENTRIES, 0.3),
  sddmm: ({ sddmm }) =>
    each(TESTED_LANES, BOTH, (lanes, accumulate, e) =>
      sddmm(INDPTR, INDICES, A, B, out(e), ROWS, accumulate, lanes),
    ),
  sgd: ({ sgd }) =>
    each(BOTH, [ENTRIES], (nesterov, entries, e) => sgd(out(e), A, C, entries, 0.01, 0.9, nesterov, 1e-4)),
  sigmoid: ({ sigmoid }) => sigmoid(A, ROWS, out(0)),
  softmax: ({ softmax }) => softmax(A, ROWS, out(0), out(1)),
  spmm: ({ spmm }) =>
    each(TESTED_LANES, SLOPES, (lanes, slope, e) =>
      spmm(INDPTR, INDICES, A, B, C, out(e), FIRES, ROWS, slope, lanes),
    ),
  spmmRowMajor: ({ spmmRowMajor }) =>
    each(COLUMNS, [ROWS], (k, rows, e) => spmmRowMajor(INDPTR, INDICES, A, B, out(e), rows, k)),
  spmmT: ({ spmmT }) =>
    each(TESTED_LANES, SLOPES, (lanes, slope, e) =>
      spmmT(COL_PTR, ROW_IDX, PERM, A, B, C, C, out(e), COLS, slope, lanes),
    ),
  spmmTLinear: ({ spmmTLinear }) => spmmTLinear(COL_PTR, ROW_IDX, PERM, A, B, out(0), COLS),
  spmmTRowMajor: ({ spmmTRowMajor }) =>
    each(COLUMNS, [COLS], (k, cols, e) => spmmTRowMajor(INDPTR, INDICES, A, B, out(e), ROWS, cols, k)),
  squaredNorms: ({ squaredNorms }) => squaredNorms(A, LIST, ROWS, NORMS),
  squareSum: ({ squareSum }) => squareSum(A, ENTRIES, NORMS),
  targetGradient: ({ targetGradient }) => targetGradient(A, B, ROWS, ROWS, 0.5, 0.3, out(0)),
  weightGradient: ({ weightGradient }) =>
    each(TESTED_LANES, BOTH, (lanes, accumulate, e) =>
      weightGradient(COL_PTR, ROW_IDX, PERM, A, B, out(e), COLS, accumulate, lanes),
    ),
};

/** Calls with every pair of an element of each list, and the pair's number. */
function each<S, T>(first: readonly S[], second: readonly T[], call: (a: S, b: T, e: number) => void): void {
  let e = 0;
  for (const a of first) for (const b of second) call(a, b, e++);
}

/** What each kernel leaves in memory. */
export type KernelResults = ReadonlyMap<string, Uint32Array>;

/**
 * What each kernel leaves in memory when it is run on the test's arrays.
 * @param kernels those of all tables, or of some.
 * @param memory one in which nothing is allocated yet; its first 192 KiB are zeros afterwards.
 * @param rounds times that a kernel is run before the run that counts: it may have other code then.
 */
export function runKernels(
  kernels: Readonly<Record<string, unknown>>,
  memory: WasmMemory,
  rounds: number,
): KernelResults {
  const words = new Uint32Array(memory.buffer, 0, (AREAS * AREA) / 4);
  const left = new Map<string, Uint32Array>();
  try {
    for (const [name, run] of Object.entries(RUNS)) {
      if (!(name in kernels)) continue;
      fill(memory.buffer);
      for (let round = 0; round < rounds; round++) run(kernels as Kernels);
      fill(memory.buffer);
      run(kernels as Kernels);
      left.set(name, words.slice());
    }
  } finally {
    words.fill(0);
  }
  return left;
}

/** The first kernel found that did not leave the bits that were expected; undefined where all did. */
export function findDifference(expected: KernelResults, found: KernelResults): string | undefined {
  for (const [name, words] of found) {
    const others = expected.get(name);
    if (words.some((word, at) => word !== others?.[at])) return name;
  }
  return undefined;
}

/** Fills the test's arrays. */
function fill(buffer: ArrayBufferLike): void {
  const integers = (at: Pointer, values: ArrayLike<number>): void =>
    new Int32Array(buffer, at, values.length).set(values);
  const numbers = (at: Pointer, count: number, value: (e: number) => number): void =>
    new Float32Array(buffer, at, count).forEach((_, e, array) => {
      array[e] = value(e);
    });
  // What the kernels of another module left there would be found as a difference.
  integers(FIRES, new Int32Array(AREA / 4));
  const indptr = [0];
  const indices: number[] = [];
  for (let i = 0; i < ROWS; i++) {
    for (let j = 0; j < COLS; j++) if (isConnection(i, j)) indices.push(j);
    indptr.push(indices.length);
  }
  const colPtr = [0];
  const rowIdx: number[] = [];
  const perm: number[] = [];
  for (let j = 0; j < COLS; j++) {
    for (let i = 0; i < ROWS; i++) {
      if (!isConnection(i, j)) continue;
      rowIdx.push(i);
      perm.push(indices.indexOf(j, indptr[i]));
    }
    colPtr.push(rowIdx.length);
  }
  integers(INDPTR, indptr);
  integers(INDICES, indices);
  integers(COL_PTR, colPtr);
  integers(ROW_IDX, rowIdx);
  integers(PERM, perm);
  integers(
    LIST,
    Array.from({ length: ROWS }, (_, i) => (7 * i) % ROWS),
  );
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const count = AREA / 4;
  for (const at of [A, B, C]) numbers(at, count, (e) => (e % 7 === 3 ? 0 : 2 * random() - 1));
  numbers(POSITIVE, count, random);
  for (let e = 0; e < 12; e++) numbers(out(e), count, () => 2 * random() - 1);
  new Float64Array(buffer, NORMS, COLS).forEach((_, e, array) => {
    array[e] = e % 11 === 5 ? 0 : 0.5 + random();
  });
}
