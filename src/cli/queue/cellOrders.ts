import { join } from 'node:path';
import { CtreError, type ErrorCode } from '../../base/errors.ts';
import type { CellRecord } from '../../compare/cell.ts';
import { type CellKeeping, type CellTask, runCell } from '../cellTask.ts';
import { readBytes, writeWhole } from '../files.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { loadMethods } from '../methodModules.ts';
import { openTraining } from '../training.ts';
import type { TrainArguments } from '../trainSyntax.ts';

// The half of cellChild.ts that runs in the child: it trains one cell after another, as it is told.

/** What a child is told. */
export type CellOrder =
  | {
      readonly order: 'train';
      readonly name: string;
      readonly task: CellTask;
      /** The folder that checkpoints are in; without it they are handed over. */
      readonly folder: string | undefined;
      /** One that was handed over, to go on from. */
      readonly checkpoint: Uint8Array | undefined;
    }
  /** Tell the fingerprint of the data that the arguments name. */
  | { readonly order: 'fingerprint'; readonly args: TrainArguments }
  /** Make a checkpoint after the present epoch, and stop. */
  | { readonly order: 'stop' }
  /** The last checkpoint is where it should be, or will never be. */
  | { readonly order: 'kept'; readonly wantsMore: boolean };

/** What a child answers. */
export type CellAnswer =
  | { readonly kind: 'start'; readonly epochs: number; readonly warning: string | undefined }
  | { readonly kind: 'epoch'; readonly epoch: number }
  | { readonly kind: 'checkpoint'; readonly epoch: number; readonly bytes: Uint8Array }
  | { readonly kind: 'warning'; readonly sentence: string }
  | { readonly kind: 'record'; readonly record: CellRecord }
  | { readonly kind: 'fingerprint'; readonly data: string }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly sentence: string };

/** The share of the time that checkpoints may take. */
const CHECKPOINT_SHARE = 0.05;

/** Does what orders say. One that trains ends before the next one comes. */
export class OrderedTrainings {
  readonly #answer: (answer: CellAnswer) => void;
  #isStopping = false;
  #wantsMore = true;
  /** Called when the last checkpoint is kept; undefined where none is on its way. */
  #onKept: (() => void) | undefined;

  constructor(answer: (answer: CellAnswer) => void) {
    this.#answer = answer;
  }

  /** @throws what is no CtreError. */
  async take(order: CellOrder): Promise<void> {
    if (order.order === 'stop') this.#isStopping = true;
    else if (order.order === 'kept') {
      this.#wantsMore = order.wantsMore;
      this.#onKept?.();
    } else {
      try {
        if (order.order === 'train') await this.#train(order);
        else this.#answer({ kind: 'fingerprint', data: await fingerprintOfArguments(order.args) });
      } catch (error) {
        if (!(error instanceof CtreError)) throw error;
        this.#answer({ kind: 'error', code: error.code, sentence: error.message });
      }
    }
  }

  /** What the folder has of a training; undefined where that is nothing, or cannot be read, which is told. */
  async #readCheckpoint(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readBytes(path);
    } catch (error) {
      if (!(error instanceof CtreError)) throw error;
      const isThere = Object(error.cause).code !== 'ENOENT';
      if (isThere) this.#answer({ kind: 'warning', sentence: `no checkpoint is read: ${error.message}` });
      return undefined;
    }
  }

  async #train({ name, task, folder, checkpoint }: Extract<CellOrder, { order: 'train' }>): Promise<void> {
    this.#isStopping = false;
    this.#wantsMore = true;
    const path = folder === undefined ? undefined : join(folder, `${name}.safetensors`);
    const found = checkpoint ?? (path === undefined ? undefined : await this.#readCheckpoint(path));
    let last = performance.now();
    let writeSeconds = 0;
    let pending: Promise<void> | undefined;
    const write = async (epoch: number, bytes: Uint8Array, begin: number): Promise<void> => {
      if (path === undefined) {
        const kept = new Promise<void>((resolve) => {
          this.#onKept = resolve;
        });
        this.#answer({ kind: 'checkpoint', epoch, bytes });
        await kept;
        this.#onKept = undefined;
      } else {
        await writeWhole(path, bytes).catch((error: unknown) => {
          if (!(error instanceof CtreError)) throw error;
          this.#answer({ kind: 'warning', sentence: `no checkpoint after epoch ${epoch}: ${error.message}` });
        });
      }
      last = performance.now();
      writeSeconds = (last - begin) / 1000;
      pending = undefined;
    };
    const keeping: CellKeeping = {
      name,
      checkpoint: found,
      onStart: (epochs, warning) => this.#answer({ kind: 'start', epochs, warning }),
      onKeep: async (epoch, make) => {
        const begin = performance.now();
        const isDue = pending === undefined && writeSeconds <= (CHECKPOINT_SHARE * (begin - last)) / 1000;
        if (this.#isStopping) await pending;
        if (this.#wantsMore && (isDue || this.#isStopping)) pending = write(epoch, make(), begin);
        if (!this.#isStopping) return;
        await pending;
        throw new CtreError('E_ABORTED', 'stopped as it was told');
      },
    };
    const record = await runCell(task, ({ epoch }) => this.#answer({ kind: 'epoch', epoch }), keeping);
    await pending;
    this.#answer({ kind: 'record', record });
  }
}

/** The fingerprint of the data that arguments name, as it is in a cell's name. */
async function fingerprintOfArguments(args: TrainArguments): Promise<string> {
  const { source } = await openTraining(args, await loadMethods(args.options.methodModule));
  return fingerprintOf(source.dataset, args.options.split);
}
