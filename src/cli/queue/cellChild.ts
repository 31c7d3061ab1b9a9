import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { ErrorCode } from '../../base/errors.ts';
import type { CellRecord } from '../../compare/cell.ts';
import type { TrainArguments } from '../trainSyntax.ts';
import type { CellAnswer, CellOrder } from './cellOrders.ts';

/** Cells that one process trains; what their memory grew to is given back then. */
const CELLS_OF_A_CHILD = 200;
/** Milliseconds that an epoch may take until a process that is told to stop is ended. */
const STOP_PATIENCE = 6000;

/** A training that a child is to do. */
export type TrainOrder = Omit<Extract<CellOrder, { order: 'train' }>, 'order'>;

/** What happens while a child trains. */
export interface ChildEvents {
  onStart(epochs: number): void;
  onEpoch(epoch: number): void;
  /** @returns whether there may be more of them. It never fails. */
  onCheckpoint(epoch: number, bytes: Uint8Array): Promise<boolean>;
  onWarning(sentence: string): void;
}

/** Why there is no record. */
export interface NoRecord {
  readonly why: 'stopped' | 'died' | 'error';
  readonly sentence: string;
  readonly code?: ErrorCode;
}

/**
 * A process that trains cells, one at a time. It starts with the first one, and again after its death. A
 * training that ends a process harms no other training.
 */
export class CellChild {
  readonly #program: string;
  #child: ChildProcess | undefined;
  #cells = 0;
  #complaint = '';

  /** @param program the file that the process runs. */
  constructor(program: string) {
    this.#program = program;
  }

  /** Trains a cell. With the signal it stops after the present epoch, and makes a checkpoint of it. */
  async train(order: TrainOrder, signal: AbortSignal, events: ChildEvents): Promise<CellRecord | NoRecord> {
    const hasModule = order.task.args.options.methodModule !== undefined;
    // A module of one's own may remember what it did before.
    if (hasModule || this.#cells >= CELLS_OF_A_CHILD) this.end();
    const child = this.#start();
    this.#cells++;
    const isStopping = new AbortController();
    const stop = (): void => {
      child.send({ order: 'stop' } satisfies CellOrder, () => {});
      pause(STOP_PATIENCE, undefined, { signal: isStopping.signal }).then(
        () => child.kill('SIGKILL'),
        () => {},
      );
    };
    const outcome = await this.#ask<CellRecord | NoRecord>(
      child,
      { order: 'train', ...order },
      (answer) => {
        if (answer.kind === 'start') {
          events.onStart(answer.epochs);
          if (answer.warning !== undefined) events.onWarning(answer.warning);
        } else if (answer.kind === 'epoch') events.onEpoch(answer.epoch);
        else if (answer.kind === 'warning') events.onWarning(answer.sentence);
        else if (answer.kind === 'checkpoint') {
          events.onCheckpoint(answer.epoch, answer.bytes).then((wantsMore) => {
            child.send({ order: 'kept', wantsMore } satisfies CellOrder, () => {});
          });
        } else if (answer.kind === 'record') return answer.record;
        else if (answer.kind === 'error') {
          const { code, sentence } = answer;
          return { why: code === 'E_ABORTED' ? 'stopped' : 'error', sentence, code };
        }
        return undefined;
      },
      () => {
        signal.addEventListener('abort', stop);
        if (signal.aborted) stop();
      },
    );
    signal.removeEventListener('abort', stop);
    isStopping.abort();
    if (hasModule) this.end();
    if (typeof outcome !== 'string') return outcome;
    return { why: signal.aborted ? 'stopped' : 'died', sentence: outcome };
  }

  /** The fingerprint of the data that arguments name, or why there is none. */
  async fingerprint(args: TrainArguments): Promise<{ data: string } | { reason: string }> {
    if (args.options.methodModule !== undefined) this.end();
    const outcome = await this.#ask<{ data: string } | { reason: string }>(
      this.#start(),
      { order: 'fingerprint', args },
      (answer) => {
        if (answer.kind === 'fingerprint') return { data: answer.data };
        return answer.kind === 'error' ? { reason: answer.sentence } : undefined;
      },
    );
    return typeof outcome === 'string' ? { reason: outcome } : outcome;
  }

  /** Ends the process at once. */
  end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #start(): ChildProcess {
    if (this.#child?.connected === true) return this.#child;
    const child = fork(this.#program, [], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Bytes cross as they are.
      serialization: 'advanced',
    });
    this.#cells = 0;
    this.#complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-2000);
    });
    child.on('error', (error) => {
      this.#complaint = `Error: ${error.message}`;
      // A process that could not start does not close.
      if (child.pid === undefined) child.emit('close', null, null);
    });
    this.#child = child;
    return child;
  }

  /** What `read` makes of an answer, or how the process died before there was one. */
  #ask<T>(
    child: ChildProcess,
    order: CellOrder,
    read: (answer: CellAnswer) => T | undefined,
    onSent: () => void = () => {},
  ): Promise<T | string> {
    return new Promise((resolve) => {
      const leave = (outcome: T | string): void => {
        child.off('message', onMessage);
        child.off('close', onClose);
        resolve(outcome);
      };
      const onMessage = (answer: CellAnswer): void => {
        const outcome = read(answer);
        if (outcome !== undefined) leave(outcome);
      };
      const onClose = (code: number | null, by: NodeJS.Signals | null): void => {
        if (this.#child === child) this.#child = undefined;
        const words = /^\S*Error\b.*$/m.exec(this.#complaint)?.[0];
        const reason = `its process ended ${by === null ? `with code ${code}` : `by ${by}`}`;
        leave(words === undefined ? reason : `${reason}: ${words}`);
      };
      child.on('message', onMessage);
      child.on('close', onClose);
      // A process that ended before it could read tells so by its end.
      child.send(order, () => {});
      onSent();
    });
  }
}
