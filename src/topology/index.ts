/**
 * What a topology method of one's own is made of: patterns and lists of positions, drawing, pruning, growing,
 * schedules, and options that are checked.
 *
 * ```ts
 * const mine: Topology<null> = {
 *   name: 'mine',
 *   options: {},
 *   init: startAtRandom,
 *   evolve: (network, states, tools) => ({
 *     edits: growAtRandom(pruneWeakest(network, tools, 0.2), tools),
 *     states,
 *   }),
 * };
 * ```
 *
 * @module ctre/topology
 */

export type { Bounds } from '../base/checks.ts';
export { CtreError, type ErrorCode } from '../base/errors.ts';
export type { Random } from '../base/random.ts';
export {
  addPositions,
  type CsrPattern,
  emptyPattern,
  fullPattern,
  mergePositions,
  noPositions,
  type Positions,
  pickPositions,
  positionsOf,
  positionsOutside,
  removeConnections,
  type Transposed,
  transposePattern,
} from '../matrix/pattern.ts';
export { firstFree, randomPattern, sampleFree } from '../matrix/sampling.ts';
export type { LayerShape } from '../nn/layerShape.ts';
export type { Work } from '../run/turns.ts';
export { type CosineOptions, cosineOptions, cosineRows } from './cosineOptions.ts';
export { drawByProduct, positionsOfKeys } from './drawByProduct.ts';
export { growAtRandom } from './growAtRandom.ts';
export {
  type Method,
  type MethodOption,
  type MethodOptions,
  type MethodPreset,
  type OwnMethod,
  readMethodOptions,
} from './method.ts';
export {
  type PruneOptions,
  pruneOptions,
  pruneShare,
  shareDone,
  type UpdateOptions,
  updateIsDue,
  updateOptions,
} from './pruneOptions.ts';
export { strongest } from './ranking.ts';
export { editEach, growFound, pruneWeakest, type Replacement } from './replaceWeakest.ts';
export { type SearchOptions, searchOptions } from './searchOptions.ts';
export { drawByWeight, softWeights } from './softChoice.ts';
export { startAtRandom } from './startAtRandom.ts';
export type {
  CarryingLayer,
  Edit,
  Evolved,
  EvolvingLayer,
  EvolvingNetwork,
  GrowthTools,
  Likelihood,
  NeuronSums,
  Neurons,
  Progress,
  RowSample,
  ScoreKind,
  StartTools,
  Topology,
  Wanted,
} from './topology.ts';
