/**
 * Truly sparse networks: models, topology methods, optimisers, initialisers, and sparse matrices.
 * @module ctre
 */

import { glorot, sparseHe, uniform, zeros } from './nn/initializer.ts';
import { adam, sgd } from './nn/optimizer.ts';
import { cte } from './topology/cte.ts';
import { cteRigl } from './topology/cteRigl.ts';
import { ctreSeq } from './topology/ctreSeq.ts';
import { ctreSim } from './topology/ctreSim.ts';
import { dense } from './topology/dense.ts';
import { fixed } from './topology/fixed.ts';
import { momentum } from './topology/momentum.ts';
import { prune } from './topology/prune.ts';
import { rigl } from './topology/rigl.ts';
import { set } from './topology/set.ts';
import { snip } from './topology/snip.ts';

export { CsrMatrix, type CsrParts, type CsrPattern, type DenseMatrix } from './csr.ts';
export { CtreError, type ErrorCode } from './errors.ts';
export type { FetchResponse, StopSignal, UrlObject, WasmModule } from './globals.ts';
export { init, initSync, type Kernels, type WasmBytes, type WasmSource } from './memory/module.ts';
export { type EpochListener, type History, type LayerView, type LoadOptions, SparseMLP } from './model.ts';
export type { Initializer } from './nn/initializer.ts';
export type { Optimizer, OptimizerOptions } from './nn/optimizer.ts';
export type { CreateOptions, ModelOptions, TrainOptions } from './options.ts';
export type { Random } from './random.ts';
export { type HandOver, WorkerModel, type WorkerTrainOptions } from './remote/workerModel.ts';
export type { LayerShape } from './shape.ts';
export type { CosineOptions } from './topology/cte.ts';
export type { CteRiglOptions } from './topology/cteRigl.ts';
export type { SeqState } from './topology/ctreSeq.ts';
export type { DensityOptions } from './topology/density.ts';
export type { EditCounts, LayerEdit } from './topology/edit.ts';
export type { PruneState } from './topology/prune.ts';
export type { PruneOptions, Schedule } from './topology/schedule.ts';
export type { CosineSearch, SearchOptions } from './topology/search.ts';
export type {
  CandidateNeed,
  Edit,
  EvolvingLayer,
  InitialLayer,
  Need,
  Positions,
  Progress,
  Topology,
} from './topology/topology.ts';
export type { Labels, Samples } from './train/batches.ts';
export type { Score } from './train/evaluate.ts';
export type { Epoch } from './train/train.ts';

/** How weights are drawn. */
export const initializer = Object.freeze({ glorot, sparseHe, uniform, zeros });

/** How a step changes the weights. */
export const optimizer = Object.freeze({ adam, sgd });

/** Where connections are, and how they move. */
export const topology = Object.freeze({
  cteRigl,
  ctreSim,
  ctreSeq,
  cte,
  set,
  rigl,
  momentum,
  snip,
  prune,
  fixed,
  dense,
});
