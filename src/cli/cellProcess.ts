// The other half of cellPool.ts and of queue/cellChild.ts: a process that trains. For a comparison here it
// does one training and ends; for a queue it does what it is told until it is ended.
import process from 'node:process';
import { CtreError } from '../base/errors.ts';
import type { CellRecord } from '../compare/cell.ts';
import { type CellTask, runCell } from './cellTask.ts';
import { type CellAnswer, type CellOrder, OrderedTrainings } from './queue/cellOrders.ts';

/** What the process says: an epoch is done, or how it ended. */
export type CellMessage =
  | { readonly kind: 'epoch'; readonly epoch: number }
  | { readonly kind: 'record'; readonly record: CellRecord }
  | { readonly kind: 'error'; readonly sentence: string };

const say = (message: CellMessage | CellAnswer): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
const ordered = new OrderedTrainings((answer) => void say(answer));

// The process that asked for the result is gone: nobody waits for it any more.
process.once('disconnect', () => process.exit());
process.on('message', async (message: CellTask | CellOrder) => {
  if ('order' in message) return ordered.take(message);
  try {
    const record = await runCell(message, ({ epoch }) => void say({ kind: 'epoch', epoch }));
    await say({ kind: 'record', record });
  } catch (error) {
    if (!(error instanceof CtreError)) throw error;
    await say({ kind: 'error', sentence: error.message });
  }
  process.disconnect?.();
});
