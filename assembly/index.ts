// The ABI. Every export is a kernel over pointers and shapes. A kernel never allocates, draws random numbers
// or decides. scripts/abi.mjs reads this list. It writes the kernels' types, with their contracts, for
// TypeScript.
export { backward, weightGradient } from './backward';
export { checkCsr } from './check';
export { scaleBy, squareSum } from './clip';
export { cosineBlock, cosinePairs, squaredNorms } from './cosine';
export { gemm, gemmT, products } from './gemm';
export { crossEntropyGradient, score, softmax } from './loss';
export { cosineNeighbours } from './neighbours';
export { addNoise } from './noise';
export { adam, adamW, sgd } from './optimizer';
export { spmmRowMajor, spmmTRowMajor } from './rowMajor';
export { addTo, biasGradient, sddmm } from './sddmm';
export { spmm, spmmT, spmmTLinear } from './spmm';
export { scoreLabels, scoreRegression, sigmoid, targetGradient, weighSamples } from './targetLoss';
export {
  clearLanes,
  gatherRows,
  packBytes,
  packColumns,
  packCsr,
  packDense,
  unpackColumns,
  unpackRows,
} from './tile';
export { topK } from './topk';
