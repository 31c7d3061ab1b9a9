import type { Bench, Subject } from '../bench.ts';
import { sparse, stream } from '../inputs.ts';
import { CSR } from '../operands.ts';

interface Csr {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
}

/** By the definition: every entry belongs to one row, and a row's columns ascend within the matrix. */
function isCanonical({ rows, cols, indptr, indices }: Csr): boolean {
  const owners = Array.from({ length: rows }, (_, r) => [indptr[r], indptr[r + 1]]);
  const covers = owners.every(([begin, end]) => begin <= end) && indptr[0] === 0;
  if (!covers || indptr[rows] !== indices.length) return false;
  return owners.every(([begin, end]) => {
    const row = [...indices.subarray(begin, end)];
    const ascending = [...new Set(row)].sort((a, b) => a - b);
    return row.every((col, e) => col === ascending[e] && col >= 0 && col < cols);
  });
}

function expectTold(bench: Bench, csr: Csr): void {
  const canonical = bench.i32(1);
  const [indptr, indices] = [csr.indptr, csr.indices].map((array) => bench.input(array).pointer);
  bench.kernels.checkCsr(indptr, indices, csr.rows, csr.cols, csr.indices.length, canonical.pointer);
  bench.expectExact(canonical, [Number(isCanonical(csr))]);
}

const SPOILED = 6;

export const checkCsr: Subject = {
  example: () => [CSR.indptr, CSR.indices, 3, 5, 5, Int32Array.of(0)],
  axes: ['rows', 'cols', 'structure'],
  run(bench, { rows, cols, structure, name }) {
    const random = stream(`checkCsr ${name}`);
    const csr = sparse(random, rows, cols, structure);
    expectTold(bench, csr);
    for (let round = 0; round < SPOILED; round++) {
      const [indptr, indices] = [csr.indptr.slice(), csr.indices.slice()];
      const array = round % 2 === 0 && indices.length > 0 ? indices : indptr;
      const at = random.below(array.length);
      const limit = array === indices ? cols : csr.indices.length;
      const values = [array[at] - 1, array[at] + 1, array[Math.max(0, at - 1)], limit, limit + 1];
      array[at] = [...values, -1, -(2 ** 31), 2 ** 31 - 1][random.below(values.length + 3)];
      expectTold(bench, { rows, cols, indptr, indices });
    }
  },
  cases: [
    {
      // A kernel that takes four at a time must see a fault in each lane, and in what is left over.
      name: 'sees_a_fault_at_every_entry',
      runs: Array.from({ length: 11 }, (_, at) => (bench) => {
        const good = Int32Array.of(0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4);
        const indptr = Int32Array.of(0, 0, 6, 11, 11);
        const spoilt = (value: number) => good.map((own, p) => (p === at ? value : own));
        expectTold(bench, { rows: 4, cols: 6, indptr, indices: good });
        for (const value of [6, -1, good[at] + 1, good[at] - 1, 2 ** 31 - 1]) {
          expectTold(bench, { rows: 4, cols: 6, indptr, indices: spoilt(value) });
        }
      }),
    },
    {
      name: 'sees_offsets_that_begin_late_end_early_or_fall',
      runs: [
        [1, 2, 4, 5],
        [0, 2, 4, 4],
        [0, 2, 4, 6],
        [0, 4, 2, 5],
        [0, 9, 2, 5],
        [0, -1, 4, 5],
        [0, 2 ** 30, 2 ** 30, 5],
        [0, 2, 4, 5],
      ].map((indptr) => (bench) => {
        expectTold(bench, { rows: 3, cols: 5, indptr: Int32Array.from(indptr), indices: CSR.indices });
      }),
    },
    {
      name: 'lets_rows_begin_where_the_one_before_ended_or_lower',
      runs: [
        [0, 1, 2, 3, 4, 5, 6, 7],
        [3, 3, 3, 3, 3, 3, 3, 3],
        [7, 6, 5, 4, 3, 2, 1, 0],
      ].map((indices) => (bench) => {
        const indptr = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8);
        expectTold(bench, { rows: 8, cols: 8, indptr, indices: Int32Array.from(indices) });
      }),
    },
  ],
};
