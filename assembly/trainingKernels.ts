// The kernels that only training calls: beside those on matrices, over the same memory.
export { backward, weightGradient } from './backward';
export { scaleBy, squareSum } from './clip';
export { squaredNorms } from './cosine';
export { gemmT, products } from './gemm';
export { crossEntropyGradient, score, softmax } from './loss';
export { addNoise } from './noise';
export { adam, adamW, sgd } from './optimizer';
export { addTo, biasGradient } from './sddmm';
export { spmmT, spmmTLinear } from './spmm';
export { scoreLabels, scoreRegression, sigmoid, targetGradient, weighSamples } from './targetLoss';
export { clearLanes, gatherRows, packBytes, unpackColumns } from './tile';
