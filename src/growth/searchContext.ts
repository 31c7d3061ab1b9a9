import type { Engine } from '../engine/engine.ts';
import type { Executor } from '../run/executor.ts';

/** What a search runs with, and the network's shape. */
export interface SearchContext {
  readonly engine: Engine;
  readonly executor: Executor;
  /** Neurons by layer, the inputs first. */
  readonly dims: readonly number[];
}
