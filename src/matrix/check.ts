import { viewOf } from '../base/arrays.ts';
import { CtreError, show } from '../base/errors.ts';
import { CsrMatrix } from './csrMatrix.ts';
import { checkDense, type DenseMatrix } from './denseMatrix.ts';

// The public door for matrices: what callers hand over as one.

/**
 * A copy of a CsrMatrix, or of its fields: that is what `postMessage` and `structuredClone` leave of one, and
 * what another copy of this package makes. Everybody can write to the arrays, so they are checked again.
 * @throws CtreError `E_ARGUMENT` for anything else, `E_SHAPE` or `E_CSR` for one that is no longer canonical.
 */
export function checkSparse(name: string, value: unknown): CsrMatrix {
  return CsrMatrix.fromParts(viewSparse(name, value));
}

/** What a CsrMatrix holds, as nobody has checked it. */
export interface UncheckedCsr {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/**
 * Plain views of a CsrMatrix's arrays. Their lengths and what they hold are not checked.
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix with arrays of the right types.
 */
export function viewSparse(name: string, value: unknown): UncheckedCsr {
  if (!isSparse(value)) throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected a CsrMatrix`);
  const { rows, cols, ...arrays } = value;
  const indptr = viewOf(arrays.indptr, Int32Array);
  const indices = viewOf(arrays.indices, Int32Array);
  const values = viewOf(arrays.values, Float32Array);
  if (indptr === undefined || indices === undefined || values === undefined) {
    const came = [arrays.indptr, arrays.indices, arrays.values].map(show).join(', ');
    throw new CtreError(
      'E_ARGUMENT',
      `${name} holds ${came}; expected indptr and indices as Int32Array and values as Float32Array; ` +
        'CsrMatrix.fromParts makes such a matrix of other lists',
    );
  }
  return { rows, cols, indptr, indices, values };
}

/** A matrix of either kind. @throws CtreError as `checkSparse` and `checkDense` do. */
export function checkMatrix(name: string, value: unknown): CsrMatrix | DenseMatrix {
  return isSparse(value) ? checkSparse(name, value) : checkDense(name, value);
}

/** Whether a value is to be taken as a CsrMatrix. */
export function isSparse(value: unknown): value is CsrMatrix {
  return value instanceof CsrMatrix || (typeof value === 'object' && value !== null && 'indptr' in value);
}
