import type { Kernels } from '../../../../src/engine/abi.ts';
import type { Subject } from '../bench.ts';
import { backward, weightGradient } from './backward.ts';
import { checkCsr } from './check.ts';
import { scaleBy, squareSum } from './clip.ts';
import { cosineBlock, cosinePairs, squaredNorms } from './cosine.ts';
import { gemm, gemmT, products } from './gemm.ts';
import { crossEntropyGradient, score, softmax } from './loss.ts';
import { cosineNeighbours } from './neighbours.ts';
import { addNoise } from './noise.ts';
import { adam, adamW, sgd } from './optimizer.ts';
import { spmmRowMajor, spmmTRowMajor } from './rowMajor.ts';
import { addTo, biasGradient, sddmm } from './sddmm.ts';
import { spmm, spmmT, spmmTLinear } from './spmm.ts';
import { scoreLabels, scoreRegression, sigmoid, targetGradient, weighSamples } from './targetLoss.ts';
import {
  clearLanes,
  gatherRows,
  packBytes,
  packColumns,
  packCsr,
  packDense,
  unpackColumns,
  unpackRows,
} from './tile.ts';
import { topK } from './topk.ts';

/** Every kernel, with what shows it right. */
export const table: Readonly<Record<keyof Kernels, Subject>> = {
  adam,
  adamW,
  addNoise,
  addTo,
  backward,
  biasGradient,
  checkCsr,
  clearLanes,
  cosineBlock,
  cosineNeighbours,
  cosinePairs,
  crossEntropyGradient,
  gemm,
  gatherRows,
  gemmT,
  packBytes,
  packColumns,
  packCsr,
  packDense,
  products,
  scaleBy,
  score,
  scoreLabels,
  scoreRegression,
  sddmm,
  sgd,
  sigmoid,
  softmax,
  spmm,
  spmmRowMajor,
  spmmT,
  spmmTLinear,
  spmmTRowMajor,
  squareSum,
  squaredNorms,
  targetGradient,
  topK,
  unpackColumns,
  unpackRows,
  weighSamples,
  weightGradient,
};
