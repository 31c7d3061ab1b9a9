import type { Bench, Subject } from '../bench.ts';
import { type Sparse, single, sparse, stream } from '../inputs.ts';
import type { Operand } from '../operands.ts';

/** Rows of length 1, as far as float32 can say it, in CSR and column by column. */
interface UnitRows {
  readonly rows: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
  readonly colPtr: Int32Array;
  readonly rowIdx: Int32Array;
  readonly entries: Float32Array;
  readonly norms: Float64Array;
}

function unitRows({ rows, cols, indptr, indices, values }: Omit<Sparse, 'entries'>): UnitRows {
  const unit = values.slice();
  const norms = new Float64Array(rows);
  const columns: [row: number, value: number][][] = Array.from({ length: cols }, () => []);
  for (let r = 0; r < rows; r++) {
    const row = unit.subarray(indptr[r], indptr[r + 1]);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    row.forEach((value, e) => {
      row[e] = length > 0 ? value / length : 0;
      columns[indices[indptr[r] + e]].push([r, row[e]]);
    });
    norms[r] = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  }
  const colPtr = [0];
  for (const column of columns) colPtr.push(colPtr[colPtr.length - 1] + column.length);
  return {
    rows,
    indptr,
    indices,
    values: unit,
    colPtr: Int32Array.from(colPtr),
    rowIdx: Int32Array.from(columns.flat(), ([row]) => row),
    entries: Float32Array.from(columns.flat(), ([, value]) => value),
    norms,
  };
}

/** The cosine of two rows, by merging them: float32 sums in the order of the columns. */
function cosineOf(a: UnitRows, i: number, b: UnitRows, j: number): number {
  let dot = 0;
  let q = b.indptr[j];
  for (let p = a.indptr[i]; p < a.indptr[i + 1]; p++) {
    while (q < b.indptr[j + 1] && b.indices[q] < a.indices[p]) q++;
    if (q < b.indptr[j + 1] && b.indices[q] === a.indices[p]) {
      dot = Math.fround(dot + Math.fround(a.values[p] * b.values[q]));
    }
  }
  const norms = a.norms[i] * b.norms[j];
  return norms > 0 ? Math.fround(Math.max(-1, Math.min(1, dot / norms))) : 0;
}

interface Wish {
  readonly k: number;
  readonly absolute?: boolean;
  readonly threshold?: number;
  /** The number of the first row among those of b; without it none of them is. */
  readonly own?: number;
}

/** The best of every row by sorting all of them. */
function expected(a: UnitRows, b: UnitRows, { k, absolute = false, threshold = -2, own }: Wish) {
  const indices: number[] = [];
  const similarities: number[] = [];
  for (let i = 0; i < a.rows; i++) {
    const all = Array.from({ length: b.rows }, (_, j) => ({ j, value: cosineOf(a, i, b, j) }));
    const rank = ({ value }: { readonly value: number }): number => (absolute ? Math.abs(value) : value);
    const best = all
      .filter((one) => (own === undefined || one.j !== own + i) && rank(one) > threshold)
      .sort((one, other) => rank(other) - rank(one) || one.j - other.j);
    for (let e = 0; e < k; e++) {
      indices.push(best[e]?.j ?? -1);
      similarities.push(best[e]?.value ?? 0);
    }
  }
  return { indices, similarities };
}

function checkNeighbours(bench: Bench, a: UnitRows, b: UnitRows, wish: Wish): void {
  const { k, absolute = false, threshold = Number.NEGATIVE_INFINITY, own = -a.rows } = wish;
  const [indptr, indices, values, colPtr, rowIdx, entries, outNorms, inNorms] = [
    a.indptr,
    a.indices,
    a.values,
    b.colPtr,
    b.rowIdx,
    b.entries,
    a.norms,
    b.norms,
  ].map((array) => bench.input(array).pointer);
  const dots = bench.inout(new Float32Array(b.rows));
  const scratch = bench.i32(2 * k + b.rows);
  const [found, similarities] = [bench.i32(a.rows * k), bench.f32(a.rows * k)];
  bench.kernels.cosineNeighbours(
    indptr,
    indices,
    values,
    colPtr,
    rowIdx,
    entries,
    outNorms,
    inNorms,
    own,
    a.rows,
    b.rows,
    k,
    absolute,
    threshold,
    dots.pointer,
    scratch.pointer,
    found.pointer,
    similarities.pointer,
  );
  const want = expected(a, b, wish);
  bench.expectExact(found, want.indices);
  bench.expectExact(similarities, want.similarities);
  bench.expectSame(dots, new Float32Array(b.rows));
}

/** Rows given one by one as [column, value] pairs. */
function rowsOf(cols: number, ...rows: readonly (readonly [number, number])[][]): UnitRows {
  const indptr = [0];
  for (const row of rows) indptr.push(indptr[indptr.length - 1] + row.length);
  const all = rows.flat();
  return unitRows({
    rows: rows.length,
    cols,
    indptr: Int32Array.from(indptr),
    indices: Int32Array.from(all, ([col]) => col),
    values: Float32Array.from(all, ([, value]) => value),
  });
}

/** So many rows without an entry. */
const empty = (n: number): [number, number][][] => Array.from({ length: n }, () => []);

const THRESHOLDS = [-2, -1, -0.3, 0, 0.2, 1];

export const cosineNeighbours: Subject = {
  example: (random): Operand[] => {
    const a = unitRows(sparse(random, 3, 6, 'density 0.5'));
    const b = unitRows(sparse(random, 5, 6, 'density 0.5'));
    return [
      a.indptr,
      a.indices,
      a.values,
      b.colPtr,
      b.rowIdx,
      b.entries,
      a.norms,
      b.norms,
      1,
      3,
      5,
      2,
      false,
      -0.5,
      new Float32Array(5),
      new Int32Array(2 * 2 + 5),
      new Int32Array(3 * 2),
      new Float32Array(3 * 2),
    ];
  },
  axes: ['samples', 'rows', 'cols', 'structure'],
  run(bench, { samples, rows, cols, structure, name }) {
    const random = stream(`cosineNeighbours ${name}`);
    const a = unitRows(sparse(random, rows, samples, structure));
    const b = unitRows(sparse(random, cols, samples, structure));
    const threshold = THRESHOLDS[random.below(THRESHOLDS.length)];
    for (const absolute of [false, true]) {
      for (const k of new Set([1, cols >> 1, cols])) {
        if (k > cols) continue;
        checkNeighbours(bench, a, b, { k, absolute });
        checkNeighbours(bench, a, b, { k, absolute, threshold });
      }
      checkNeighbours(bench, a, a, { k: Math.max(0, rows - 1), absolute, own: 0 });
      checkNeighbours(bench, a, a, { k: 1, absolute, threshold, own: 0 });
    }
  },
  cases: [
    // Few products among many rows are listed; many are looked for among all inner products.
    {
      name: 'few_and_many_products',
      runs: ['density 0.01', 'density 0.1', 'density 0.5', 'some lines full'].map(
        (structure) => (bench: Bench) => {
          const all = unitRows(sparse(stream(`neighbours ${structure}`), 90, 40, structure as 'all'));
          for (const k of [1, 5, 89]) {
            for (const absolute of [false, true]) {
              checkNeighbours(bench, all, all, { k, absolute, own: 0 });
              checkNeighbours(bench, all, all, { k, absolute, own: 0, threshold: 0 });
            }
          }
        },
      ),
    },
    {
      name: 'ties_go_to_the_lower_index',
      runs: [3, 40].map((n) => (bench: Bench) => {
        const same = rowsOf(
          4,
          ...empty(2),
          ...Array.from({ length: n }, (_, r): [number, number][] => [
            [0, 3],
            [r % 2 === 0 ? 1 : 2, -4],
          ]),
          ...empty(150),
        );
        for (const absolute of [false, true]) {
          for (const k of [1, 2, 3, n + 3]) checkNeighbours(bench, same, same, { k, absolute, own: 0 });
        }
      }),
    },
    // A listed row whose inner product was 0 in between is one neighbour, not two.
    single('products_that_cancel', (bench) => {
      const a = rowsOf(3, [
        [0, 1],
        [1, 1],
        [2, 1],
      ]);
      const cancelling: [number, number][] = [
        [0, 1],
        [1, -1],
        [2, 0.5],
      ];
      const b = rowsOf(3, ...empty(20), cancelling, cancelling.slice(0, 2), [[2, 1]], ...empty(20));
      for (const k of [1, 2, 4, 43]) {
        for (const absolute of [false, true]) checkNeighbours(bench, a, b, { k, absolute });
      }
    }),
    // Zeros come before negative cosines, and the least negative is the best of these.
    single('negative_ones_come_last', (bench) => {
      const a = rowsOf(3, [[0, 1]]);
      const b = rowsOf(
        3,
        [
          [0, -1],
          [1, 1],
        ],
        [[0, -1]],
        [[1, 1]],
        [
          [0, -1],
          [1, 3],
        ],
        [
          [0, 1],
          [1, 1],
        ],
        [],
      );
      for (let k = 1; k <= 6; k++) {
        checkNeighbours(bench, a, b, { k });
        checkNeighbours(bench, a, b, { k, absolute: true });
        checkNeighbours(bench, a, b, { k, threshold: -0.8 });
        checkNeighbours(bench, a, b, { k, threshold: 0.8, absolute: true });
      }
    }),
    // One product short of the least that is looked at in all rows, and so many.
    {
      name: 'the_edge_of_the_list',
      runs: [15, 16, 17].map((n) => (bench: Bench) => {
        const b = rowsOf(
          1,
          ...Array.from({ length: 64 }, (_, r): [number, number][] =>
            r % 4 === 1 && r < 4 * n ? [[0, 1]] : [],
          ),
          [[0, -1]],
        );
        for (const k of [1, 20, 65]) checkNeighbours(bench, rowsOf(1, [[0, 1]]), b, { k });
      }),
    },
    single('k_zero_writes_nothing', (bench) => {
      const found = bench.inout(Int32Array.of(5));
      const pointer = bench.input(Int32Array.of(0, 0)).pointer;
      const norm = bench.input(Float64Array.of(0)).pointer;
      const [dots, similarities] = [bench.inout(new Float32Array(1)), bench.inout(Float32Array.of(7))];
      bench.kernels.cosineNeighbours(
        pointer,
        pointer,
        pointer,
        pointer,
        pointer,
        pointer,
        norm,
        norm,
        -1,
        1,
        1,
        0,
        false,
        -1,
        dots.pointer,
        bench.i32(1).pointer,
        found.pointer,
        similarities.pointer,
      );
      bench.expectSame(found, [5]);
      bench.expectSame(similarities, [7]);
    }),
  ],
};
