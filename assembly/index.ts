// The ABI: every export is a kernel over pointers and shapes. Nothing here allocates, draws or decides.
export { cosineBlock, cosinePairs, squaredNorms } from './cosine';
export { gemm, gemmT, products } from './gemm';
export { crossEntropyGradient, score, softmax } from './loss';
export { adam, sgd } from './optimizer';
export { addTo, biasGradient, sddmm } from './sddmm';
export { spmm, spmmT, spmmTLinear } from './spmm';
export {
  clearLanes,
  gatherRows,
  packColumns,
  packCsr,
  packDense,
  unpackColumns,
  unpackRows,
} from './tile';
export { topK } from './topk';
