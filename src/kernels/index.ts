/**
 * The kernels on their own, on `CsrMatrix` and dense matrices.
 * @module ctre/kernels
 */

export { CsrMatrix, type CsrParts, type DenseMatrix } from '../csr.ts';
export { CtreError, type ErrorCode } from '../errors.ts';
export { init, initSync, type WasmBytes, type WasmSource } from '../memory/module.ts';
export { cosineSimilarity, cosineTopK, type Neighbours } from './cosine.ts';
export { sddmm } from './sddmm.ts';
export { spmm, spmmTransposed } from './spmm.ts';
