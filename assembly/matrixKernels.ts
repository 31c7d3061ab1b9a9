// The kernels on matrices: those that `ctre/kernels` calls. Training calls most of them, too.
export { checkCsr } from './check';
export { cosineBlock, cosinePairs } from './cosine';
export { gemm } from './gemm';
export { cosineNeighbours } from './neighbours';
export { spmmRowMajor, spmmTRowMajor } from './rowMajor';
export { sddmm } from './sddmm';
export { spmm } from './spmm';
export { packColumns, packCsr, packDense, unpackRows } from './tile';
export { topK } from './topk';
