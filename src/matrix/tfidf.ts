import { checkBoolean, checkChoice, checkOptions } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import { ln } from '../base/logarithm.ts';
import { checkSparse } from './check.ts';
import { CsrMatrix } from './csrMatrix.ts';

/** How counts become weights. */
export interface TfidfOptions {
  /** Whose rows are counted for the inverse document frequency. Default: the matrix itself. */
  readonly corpus?: CsrMatrix;
  /** Counts one document more that has every term, so that nothing is divided by 0. Default: true. */
  readonly smoothIdf?: boolean;
  /** Takes 1 + ln(count) for the count. Default: false. */
  readonly sublinearTf?: boolean;
  /** The length that every row is scaled to: 1 by the L2 norm, or its own. Default: 'l2'. */
  readonly norm?: 'l2' | 'none';
}

/**
 * Term counts [documents × terms] weighted by inverse document frequency, as scikit-learn's
 * `TfidfTransformer` does: count · idf, where idf(term) = ln((1 + n) / (1 + documents that have it)) + 1 of n
 * documents, or ln(n / documents that have it) + 1 without smoothing. Then every row has length 1. A term
 * that has an entry counts, whatever its value. Computed in float64 and rounded once, with the same bits in
 * every engine. O(nnz + rows + cols).
 *
 * ```ts
 * const documents = tfidf(counts);
 * const queries = tfidf(queryCounts, { corpus: counts }); // weighted by what is rare among the documents
 * const { indices } = cosineTopK(queries, 10, documents);
 * ```
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix, unknown options, a count that is not positive
 *   where its logarithm is to be taken, or without smoothing a term that the corpus does not have; `E_SHAPE`
 *   for a corpus of another number of columns; `E_CSR` for a matrix that is no longer canonical.
 */
export function tfidf(matrix: CsrMatrix, options: TfidfOptions = {}): CsrMatrix {
  const counts = checkSparse('matrix', matrix);
  const known = ['corpus', 'smoothIdf', 'sublinearTf', 'norm'];
  const given = checkOptions('tfidf', options, known);
  const { smoothIdf = true, sublinearTf = false, norm = 'l2' } = given;
  checkBoolean('smoothIdf', smoothIdf);
  checkBoolean('sublinearTf', sublinearTf);
  checkChoice('norm', norm, ['l2', 'none']);
  const corpus = given.corpus === undefined ? counts : checkSparse('corpus', given.corpus);
  const { rows, cols, indptr, indices, values } = counts;
  if (corpus.cols !== cols) {
    throw new CtreError('E_SHAPE', `corpus has ${corpus.cols} columns; expected ${cols}, as the matrix has`);
  }
  const idf = inverseFrequencies(corpus, smoothIdf ? 1 : 0);
  const weights = new Float64Array(values.length);
  for (let r = 0; r < rows; r++) {
    let squares = 0;
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      if (sublinearTf && !(values[p] > 0)) {
        const where = `row ${r}, column ${indices[p]}`;
        const sentence = `${where} is ${values[p]}; expected positive counts for sublinearTf`;
        throw new CtreError('E_ARGUMENT', sentence);
      }
      if (!(idf[indices[p]] < Infinity)) {
        const where = `column ${indices[p]}, which row ${r} has`;
        const sentence = `no row of the corpus has ${where}; expected smoothIdf: true`;
        throw new CtreError('E_ARGUMENT', sentence);
      }
      weights[p] = (sublinearTf ? 1 + ln(values[p]) : values[p]) * idf[indices[p]];
      squares += weights[p] * weights[p];
    }
    const length = norm === 'l2' && squares > 0 ? Math.sqrt(squares) : 1;
    for (let p = indptr[r]; p < indptr[r + 1]; p++) values[p] = weights[p] / length;
  }
  return CsrMatrix.fromParts({ rows, cols, indptr, indices, values });
}

/** ln((smooth + n) / (smooth + rows that have it)) + 1 of every column. */
function inverseFrequencies({ rows, cols, indices }: CsrMatrix, smooth: number): Float64Array {
  const frequencies = new Float64Array(cols);
  for (let p = 0; p < indices.length; p++) frequencies[indices[p]]++;
  return frequencies.map((holders) => ln((rows + smooth) / (holders + smooth)) + 1);
}
