/**
 * The kernels on their own, on `CsrMatrix` and dense matrices.
 * @module ctre/kernels
 */

export { CtreError, type ErrorCode } from '../base/errors.ts';
export { init, initSync } from '../engine/engine.ts';
export type { WasmBytes, WasmSource } from '../engine/source.ts';
export type { CsrParts } from '../matrix/canonical.ts';
export { CsrMatrix } from '../matrix/csrMatrix.ts';
export type { DenseMatrix } from '../matrix/denseMatrix.ts';
export type { DenseOrVector, ProductOf } from './operands.ts';
export { PreparedMatrix, type ProductOptions, prepare } from './prepare.ts';
export { cosineSimilarity } from './cosine.ts';
export type { Neighbours } from './neighbourSearch.ts';
export {
  cosineTopK,
  cosineTopKAsync,
  type LongSearchOptions,
  type NeighbourOptions,
} from './neighbours.ts';
export { sddmm } from './sddmm.ts';
export { spmm, spmmTransposed } from './spmm.ts';
