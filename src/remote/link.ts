import { CtreError, reasonOf } from '../base/errors.ts';
import { startWorker, type WorkerFile, type WorkerHandle } from '../run/startWorker.ts';
import { addressOf, type WorkerSource } from '../run/workerSource.ts';
import type { CallName, Calls } from './modelCalls.ts';
import { MODEL_WORKER, type Reply, receiveError, type Snapshot } from './protocol.ts';

/**
 * The worker's file. Nothing that runs in the worker may import this module: bundlers would go round in
 * circles.
 */
const workerFile: WorkerFile = {
  name: MODEL_WORKER,
  address: () => new URL('./modelWorker.js', import.meta.url),
  onPage: () => new Worker(new URL('./modelWorker.js', import.meta.url), { type: 'module' }),
};

/** Where the worker's file is, where this file's own address does not tell. */
export async function findWorkerFile(): Promise<string | undefined> {
  const isMoved = import.meta.env?.DEV && globalThis.location !== undefined;
  return isMoved ? addressOf(() => import('./modelWorkerAddress.ts')) : undefined;
}

/** A call that is not answered yet. */
interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Calls of a worker, each answered by a message. */
export class Link {
  readonly #worker: WorkerHandle;
  readonly #pending = new Map<number, Pending>();
  readonly #onSnapshot: (snapshot: Snapshot) => void;
  readonly #onEnd: (error: CtreError) => void;
  #calls = 0;
  #end: CtreError | undefined;

  /**
   * @param onSnapshot gets what every answer says of the model.
   * @param source what to start the worker from instead of its file.
   * @param onEnd gets why there is no worker any more.
   * @throws CtreError `E_ENGINE` where no worker can be started.
   */
  constructor(
    onSnapshot: (snapshot: Snapshot) => void,
    source?: WorkerSource,
    onEnd: (error: CtreError) => void = () => {},
  ) {
    this.#onSnapshot = onSnapshot;
    this.#onEnd = onEnd;
    try {
      const events = {
        message: (reply: unknown) => this.#settle(reply as Reply),
        died: (reason: string) =>
          this.close(
            new CtreError(
              'E_WORKER_DIED',
              `the model's worker died: ${reason}; make the model anew, from a checkpoint where there is one`,
            ),
          ),
      };
      this.#worker = startWorker(workerFile, events, undefined, source);
    } catch (cause) {
      throw new CtreError(
        'E_ENGINE',
        `no worker can be started here (${reasonOf(cause)}); SparseMLP works without one`,
        { cause },
      );
    }
  }

  /** Whether the worker was ended. */
  get closed(): boolean {
    return this.#end !== undefined;
  }

  /** @throws CtreError that says why there is no worker any more. */
  checkOpen(): void {
    if (this.#end !== undefined) throw new CtreError(this.#end.code, this.#end.message);
  }

  /**
   * Has the worker make a call.
   * @param transfer buffers that go over without a copy.
   * @throws CtreError as the call does; `E_ARGUMENT` for what no message can hold; as `checkOpen`.
   */
  async ask<N extends CallName>(
    name: N,
    args: Parameters<Calls[N]>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Awaited<ReturnType<Calls[N]>>> {
    this.checkOpen();
    const id = this.#calls++;
    try {
      this.#worker.post({ id, name, args }, transfer);
    } catch (cause) {
      if (Object(cause).name !== 'DataCloneError') throw cause;
      const reason = reasonOf(cause);
      throw new CtreError('E_ARGUMENT', `what ${name} was given cannot go to a worker: ${reason}`, { cause });
    }
    this.#worker.hold(true);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    }) as Promise<Awaited<ReturnType<Calls[N]>>>;
  }

  /** Ends the worker; what is not answered fails with the error, and so does every later call. */
  close(error: CtreError): void {
    if (this.closed) return;
    this.#end = error;
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(new CtreError(error.code, error.message));
    this.#pending.clear();
    this.#onEnd(error);
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker.hold(false);
    if (reply.snapshot !== undefined) this.#onSnapshot(reply.snapshot);
    if ('error' in reply) pending?.reject(receiveError(reply.error));
    else pending?.resolve(reply.value);
  }
}
