import { CtreError, show } from '../base/errors.ts';
import type { Epoch } from '../train/epoch.ts';
import { unfinishedTraining } from '../train/unfinished.ts';
import type { TrainOptions } from './options.ts';

/** A finished training. */
export interface History {
  readonly epochs: readonly Epoch[];
  /**
   * The first epoch of the best validation accuracy (training accuracy where nothing was validated), among
   * those with as few connections as the last epoch.
   */
  readonly best: Epoch;
  /** The epoch whose network the model has now: `best` with `restoreBest`, else the last one. */
  readonly kept: Epoch;
  /** Says that training ended while its loss was still falling; absent where it was not. */
  readonly warning?: string;
}

/** What `fit` tells its caller on the way. */
export interface EpochListener {
  /** Is called after every epoch; `fit` waits for a promise that it returns. */
  readonly onEpoch?: (epoch: Epoch) => unknown;
}

/**
 * A training from its first epoch to its last.
 * @param options checked for unknown ones.
 * @param resumed whether the checkpoint that is taken up has `restoreBest`; undefined where none is.
 */
export async function trainToEnd<O extends TrainOptions>(
  model: { readonly history: readonly Epoch[] },
  options: O & EpochListener,
  resumed: boolean | undefined,
  train: (options: O) => AsyncIterable<Epoch>,
): Promise<History> {
  const { onEpoch, ...trainOptions } = options;
  if (onEpoch !== undefined && typeof onEpoch !== 'function') {
    throw new CtreError('E_ARGUMENT', `onEpoch is ${show(onEpoch)}; expected a function`);
  }
  const { validationSplit, validationRows, validation } = options;
  const isValidated = [validationSplit, validationRows, validation].some((option) => option !== undefined);
  const restoreBest = options.restoreBest ?? (isValidated && resumed !== false);
  for await (const epoch of train({ ...trainOptions, restoreBest } as O & EpochListener))
    await onEpoch?.(epoch);
  const epochs = model.history;
  const best = epochs.findLast((epoch) => epoch.best) ?? epochs[0];
  const warning = unfinishedTraining(epochs);
  return {
    epochs,
    best,
    kept: restoreBest ? best : epochs[epochs.length - 1],
    ...(warning !== undefined && { warning }),
  };
}
