/**
 * The kernels on their own, on `CsrMatrix` and dense matrices.
 * @module ctre/kernels
 */

export { CtreError, type ErrorCode } from '../base/errors.ts';
export { init, initSync } from '../engine/engine.ts';
export type { EngineInfo, WasmBytes, WasmSource } from '../engine/source.ts';
export { add } from '../matrix/add.ts';
export type { CsrParts } from '../matrix/canonical.ts';
export { type CscParts, fromCsc, toCsc } from '../matrix/csc.ts';
export { CsrMatrix } from '../matrix/csrMatrix.ts';
export type { DenseMatrix } from '../matrix/denseMatrix.ts';
export type { IndexList } from '../matrix/indexList.ts';
export type { CsrEntries, CsrPattern } from '../matrix/pattern.ts';
export type { RowArrays } from '../matrix/rowArrays.ts';
export type { RowIndices } from '../matrix/rowIndices.ts';
export { type Factors, scale } from '../matrix/scale.ts';
export { sliceRows } from '../matrix/sliceRows.ts';
export { columnNorms, columnSums, diagonal, rowNorms, rowSums } from '../matrix/sums.ts';
export { takeMatrixRows as takeRows } from '../matrix/takeMatrixRows.ts';
export { type TfidfOptions, tfidf } from '../matrix/tfidf.ts';
export { cosineSimilarity } from './cosine.ts';
export type { Neighbours } from './neighbourSearch.ts';
export {
  cosineTopK,
  cosineTopKAsync,
  type LongSearchOptions,
  type NeighbourOptions,
} from './neighbours.ts';
export type { DenseOrVector, ProductOf } from './operands.ts';
export { type NeighbourCount, PreparedMatrix, type ProductOptions, prepare } from './prepare.ts';
export { sddmm } from './sddmm.ts';
export { spmm, spmmTransposed } from './spmm.ts';
