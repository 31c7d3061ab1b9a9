// The other half of cellPool.ts: a process that does one training of a comparison and ends.
import process from 'node:process';
import { CtreError } from '../base/errors.ts';
import type { CellRecord } from '../compare/cell.ts';
import { type CellTask, runCell } from './cellTask.ts';

/** What the process says: an epoch is done, or how it ended. */
export type CellMessage =
  | { readonly kind: 'epoch'; readonly epoch: number }
  | { readonly kind: 'record'; readonly record: CellRecord }
  | { readonly kind: 'error'; readonly sentence: string };

// The process that asked for the result is gone: nobody waits for it any more.
process.once('disconnect', () => process.exit());
process.once('message', async (task: CellTask) => {
  const say = (message: CellMessage): Promise<void> =>
    new Promise((resolve) => {
      process.send?.(message, () => resolve());
    });
  try {
    const record = await runCell(task, ({ epoch }) => void say({ kind: 'epoch', epoch }));
    await say({ kind: 'record', record });
  } catch (error) {
    if (!(error instanceof CtreError)) throw error;
    await say({ kind: 'error', sentence: error.message });
  }
  process.disconnect?.();
});
