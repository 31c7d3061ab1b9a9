import type { Kernels } from '../../../src/memory/module.ts';
import type { Case } from '../bench.ts';
import { cosineBlock, cosinePairs, squaredNorms } from './cosine.ts';
import { gemm, gemmT, products } from './gemm.ts';
import { countCorrect, crossEntropy, crossEntropyGradient, softmax } from './loss.ts';
import { adam, sgd } from './optimizer.ts';
import { biasGradient, sddmm } from './sddmm.ts';
import { spmm, spmmT, spmmTLinear } from './spmm.ts';
import { clearLanes, packColumns, packCsr, packDense, unpackColumns, unpackRows } from './tile.ts';
import { topK } from './topk.ts';

/** Every kernel's cases. */
export const table: Readonly<Record<keyof Kernels, readonly Case[]>> = {
  adam,
  biasGradient,
  clearLanes,
  cosineBlock,
  cosinePairs,
  countCorrect,
  crossEntropy,
  crossEntropyGradient,
  gemm,
  gemmT,
  packColumns,
  packCsr,
  packDense,
  products,
  sddmm,
  sgd,
  softmax,
  spmm,
  spmmT,
  spmmTLinear,
  squaredNorms,
  topK,
  unpackColumns,
  unpackRows,
};
