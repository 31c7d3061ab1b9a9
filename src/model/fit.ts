import { CtreError, show } from '../base/errors.ts';
import type { Epoch } from '../train/epoch.ts';
import type { TrainOptions } from './options.ts';

/** A finished training. */
export interface History {
  readonly epochs: readonly Epoch[];
  /** The first epoch of the best validation accuracy (training accuracy where nothing was validated). */
  readonly best: Epoch;
}

/** What `fit` tells its caller on the way. */
export interface EpochListener {
  readonly onEpoch?: (epoch: Epoch) => void;
}

/** A training from its first epoch to its last. @param options checked, but for `onEpoch`. */
export async function trainToEnd<O extends TrainOptions>(
  model: { readonly history: readonly Epoch[] },
  options: O & EpochListener,
  train: (options: O) => AsyncIterable<Epoch>,
): Promise<History> {
  const { onEpoch, ...trainOptions } = options;
  if (onEpoch !== undefined && typeof onEpoch !== 'function') {
    throw new CtreError('E_ARGUMENT', `onEpoch is ${show(onEpoch)}; expected a function`);
  }
  for await (const epoch of train(trainOptions as O & EpochListener)) onEpoch?.(epoch);
  const epochs = model.history;
  return { epochs, best: epochs.findLast(({ best }) => best) ?? epochs[0] };
}
