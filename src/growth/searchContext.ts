import type { TrainingEngine } from '../engine/training.ts';
import type { Executor } from '../run/executor.ts';
import type { GrowthCost } from './growthCost.ts';

/** What a search runs with, the network's shape, and where its cost is counted. */
export interface SearchContext {
  readonly engine: TrainingEngine;
  readonly executor: Executor;
  /** Neurons by layer, the inputs first. */
  readonly dims: readonly number[];
  readonly cost: GrowthCost;
}
