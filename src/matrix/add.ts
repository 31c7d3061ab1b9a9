import { newArray } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';
import { checkSparse } from './check.ts';
import { CsrMatrix } from './csrMatrix.ts';

/**
 * The sum of two matrices: an entry wherever one of them has one, also where both cancel each other.
 * O(nnz of both + rows).
 *
 * ```ts
 * const symmetric = add(matrix, matrix.transpose());
 * ```
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix, `E_SHAPE` for matrices of different shape,
 *   `E_CSR` for one that is no longer canonical, `E_MEMORY`.
 */
export function add(a: CsrMatrix, b: CsrMatrix): CsrMatrix {
  const left = checkSparse('a', a);
  const right = checkSparse('b', b);
  const { rows, cols } = left;
  if (right.rows !== rows || right.cols !== cols) {
    throw new CtreError('E_SHAPE', `b is ${right.rows} × ${right.cols}; expected ${rows} × ${cols}, as a is`);
  }
  const most = left.nnz + right.nnz;
  const indices = newArray(most, Int32Array, 'the sum');
  const values = newArray(most, Float32Array, 'the sum');
  const indptr = new Int32Array(rows + 1);
  let q = 0;
  for (let r = 0; r < rows; r++) {
    let [i, j] = [left.indptr[r], right.indptr[r]];
    const [leftEnd, rightEnd] = [left.indptr[r + 1], right.indptr[r + 1]];
    for (; i < leftEnd || j < rightEnd; q++) {
      const [leftCol, rightCol] = [
        i < leftEnd ? left.indices[i] : cols,
        j < rightEnd ? right.indices[j] : cols,
      ];
      indices[q] = Math.min(leftCol, rightCol);
      values[q] =
        (leftCol <= rightCol ? left.values[i++] : 0) + (rightCol <= leftCol ? right.values[j++] : 0);
    }
    indptr[r + 1] = q;
  }
  return CsrMatrix.fromParts({
    rows,
    cols,
    indptr,
    indices: indices.subarray(0, q),
    values: values.subarray(0, q),
  });
}
