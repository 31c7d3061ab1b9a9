import type { EvolvingModel } from '../growth/evolvingModel.ts';
import type { Loss } from '../nn/loss.ts';
import type { TargetUnits } from '../nn/targetUnits.ts';
import type { Executor } from '../run/executor.ts';
import type { Epoch } from './epoch.ts';
import type { BestNetwork } from './networkCopy.ts';

/** A model as training sees it. */
export interface TrainableModel extends EvolvingModel {
  readonly executor: Executor;
  /** What the network learns; undefined until the first targets decide. */
  loss: Loss | undefined;
  /** What it has learnt numbers in; undefined until the first numbers decide. */
  units: TargetUnits | undefined;
  /**
   * Epochs trained so far, over all calls: names the random streams, so that what is drawn depends on nothing
   * else.
   */
  epochs: number;
  /** What every epoch of the present training, or the last one, came to. */
  history: Epoch[];
  /** Whether the network has changed since the end of the last epoch. */
  isMidEpoch: boolean;
  /** Whether the method has done what it does before the first step. */
  hasStarted: boolean;
  /**
   * What the last epoch was compared by, the higher the better, as a due update has to know it: validation
   * accuracy, say, or training accuracy where nothing was validated. Undefined before the first epoch, and
   * once a file has been loaded: no update is due then.
   */
  lastReached: number | undefined;
  /**
   * The best network so far of a training that ends with it; undefined where the present network is the best.
   */
  best: BestNetwork | undefined;
  /** Whether the network is again the best one of the last training. */
  isRestored: boolean;
}
