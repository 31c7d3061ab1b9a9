import { randomStream } from '../base/random.ts';
import type { CsrMatrix } from '../index.ts';
import { cosineTopK, type PreparedMatrix, rowNorms, spmm } from '../kernels/index.ts';
import {
  type PlainMatrix,
  plainMultiply,
  plainMultiplyTransposed,
  plainNeighbours,
  plainTranspose,
} from './plainKernels.ts';

/** A job that is measured: a call of the package, and plain JavaScript that does the same. */
export interface BenchCase {
  /** The call, as people write it. */
  readonly call: string;
  /** Columns of the dense operand. */
  readonly columns?: number;
  /** Makes the call. */
  run(): void;
  runPlain(): void;
  /** Whether both came to the same result, as far as sums in float32 can. Both have run then. */
  agree(): boolean;
}

/** Why a job is not measured. */
export interface LeftOut {
  readonly call: string;
  readonly reason: string;
}

/** Neighbours of a row. */
const NEIGHBOURS = 10;

/** More products than these make a search for neighbours take long. */
const MOST_PRODUCTS = 2e8;

/** Half a unit in the last place of float32, as a share. */
const ROUNDING = 2 ** -24;

/**
 * What is measured on a matrix, one after another: the memory of each is made when it is asked for.
 * @param prepared the matrix, prepared.
 */
export function* benchCases(
  a: CsrMatrix,
  prepared: PreparedMatrix,
  columns: readonly number[],
): Generator<BenchCase | LeftOut> {
  for (const k of columns) yield productCase('prepare(A).multiply(X)', a, k, false, multiplied(prepared));
  for (const k of columns) {
    yield productCase('prepare(A).multiplyTransposed(X)', a, k, true, (x, out) => {
      prepared.multiplyTransposed(k === 1 ? x : { rows: a.rows, cols: k, data: x }, { out });
      return out;
    });
  }
  for (const k of columns) {
    yield productCase('spmm(A, X)', a, k, false, (x) =>
      k === 1 ? spmm(a, x) : spmm(a, { rows: a.cols, cols: k, data: x }).data,
    );
  }
  yield transposeCase(a);
  yield neighbourCase(a);

  function multiplied(matrix: PreparedMatrix): Product {
    return (x, out) => {
      const k = x.length / a.cols;
      matrix.multiply(k === 1 ? x : { rows: a.cols, cols: k, data: x }, { out });
      return out;
    };
  }
}

/** A product with a dense operand. The result may be `out`, or an array of its own. */
type Product = (x: Float32Array, out: Float32Array) => Float32Array;

function productCase(
  call: string,
  a: CsrMatrix,
  columns: number,
  transposed: boolean,
  product: Product,
): BenchCase {
  const [height, width] = transposed ? [a.cols, a.rows] : [a.rows, a.cols];
  const random = randomStream(0, `bench x ${columns}`);
  const x = Float32Array.from({ length: width * columns }, () => 2 * random.next() - 1);
  const plain = transposed ? plainMultiplyTransposed : plainMultiply;
  const expected = new Float32Array(height * columns);
  let found = new Float32Array(height * columns);
  return {
    call,
    columns,
    run() {
      found = product(x, found) as Float32Array<ArrayBuffer>;
    },
    runPlain: () => plain(a, x, columns, expected),
    agree() {
      // A sum of n products in float32 is off by n + 1 roundings of the sum of magnitudes, at most.
      const magnitudes = new Float32Array(height * columns);
      plain({ ...plainOf(a), values: a.values.map(Math.abs) }, x.map(Math.abs), columns, magnitudes);
      const lengths = new Float32Array(height);
      plain({ ...plainOf(a), values: a.values.map(() => 1) }, new Float32Array(width).fill(1), 1, lengths);
      return found.every((value, e) => {
        const roundings = 2 * (lengths[Math.floor(e / columns)] + 2) * ROUNDING;
        return Math.abs(value - expected[e]) <= roundings * magnitudes[e];
      });
    },
  };
}

function transposeCase(a: CsrMatrix): BenchCase {
  const expected = emptyTranspose(a);
  let found = a;
  return {
    call: 'A.transpose()',
    run() {
      found = a.transpose();
    },
    runPlain: () => plainTranspose(a, expected),
    agree: () =>
      (['indptr', 'indices', 'values'] as const).every((part) =>
        found[part].every((value, e) => value === expected[part][e]),
      ),
  };
}

function neighbourCase(a: CsrMatrix): BenchCase | LeftOut {
  const call = `cosineTopK(A, ${NEIGHBOURS}, A, { threshold: 0 })`;
  if (a.rows <= NEIGHBOURS) {
    return { call, reason: `it needs more than ${NEIGHBOURS} rows` };
  }
  const transposed = emptyTranspose(a);
  plainTranspose(a, transposed);
  let products = 0;
  for (let j = 0; j < a.cols; j++) products += (transposed.indptr[j + 1] - transposed.indptr[j]) ** 2;
  if (products > MOST_PRODUCTS) {
    return { call, reason: `${products} products are more than ${MOST_PRODUCTS}, and take long` };
  }
  const expected = new Float32Array(a.rows * NEIGHBOURS);
  const space = {
    transposed,
    norms: rowNorms(a),
    dots: new Float64Array(a.rows),
    isTouched: new Uint8Array(a.rows),
    touched: new Int32Array(a.rows),
  };
  let found = new Float32Array(0);
  return {
    call,
    run() {
      found = cosineTopK(a, NEIGHBOURS, a, { threshold: 0 }).similarities as Float32Array<ArrayBuffer>;
    },
    runPlain: () => plainNeighbours(a, space, NEIGHBOURS, expected),
    agree() {
      // A cosine is as exact as a sum of as many products as the longest row has entries.
      const longest = a.indptr.reduce((most, end, i) => Math.max(most, i && end - a.indptr[i - 1]), 0);
      const bound = 2 * (longest + 8) * ROUNDING;
      return found.every((cosine, e) => Math.abs(cosine - expected[e]) <= bound);
    },
  };
}

function plainOf({ rows, cols, indptr, indices, values }: PlainMatrix): PlainMatrix {
  return { rows, cols, indptr, indices, values };
}

function emptyTranspose({ rows, cols, indices }: PlainMatrix): PlainMatrix {
  return {
    rows: cols,
    cols: rows,
    indptr: new Int32Array(cols + 1),
    indices: new Int32Array(indices.length),
    values: new Float32Array(indices.length),
  };
}
