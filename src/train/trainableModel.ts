import type { EvolvingModel } from '../growth/evolvingModel.ts';
import type { Initializer } from '../nn/initializer.ts';
import type { Executor } from '../run/executor.ts';
import type { Epoch } from './epoch.ts';
import type { BestNetwork } from './networkCopy.ts';

/** A model as training sees it. */
export interface TrainableModel extends EvolvingModel {
  readonly initializer: Initializer;
  readonly executor: Executor;
  /** What every epoch of the present training, or the last one, came to. */
  history: Epoch[];
  /** Whether the network has changed since the end of the last epoch. */
  isMidEpoch: boolean;
  /** Whether the network's first pattern is chosen. Before that a method may choose it by gradient. */
  hasStarted: boolean;
  /** The update of the topology that the next epoch begins with; undefined before the first epoch. */
  dueUpdate: DueUpdate | undefined;
  /**
   * The best network so far of a training that ends with it; undefined where the present network is the best.
   */
  best: BestNetwork | undefined;
  /** Whether the network is again the best one of the last training. */
  isRestored: boolean;
}

/** What an update has to know of the epoch before it. */
export interface DueUpdate {
  /** Validation accuracy of that epoch; training accuracy where nothing was validated. */
  readonly accuracy: number;
}
