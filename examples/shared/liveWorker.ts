// The page's half of a worker that answers questions, and whose end is noticed. liveWorkerScope.ts is the other
// half.

/** What the worker refuses, or why nothing can be asked of it any more. */
export class WorkerProblem extends Error {
  override readonly name = 'WorkerProblem';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a worker posts: that it is there, the answer to a question, or something it tells unasked. */
export type Posted =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly kind: 'told'; readonly value: unknown };

/** What a worker gets: its lock's name first, then questions. */
export type Asked =
  | { readonly kind: 'lock'; readonly name: string }
  | { readonly kind: 'question'; readonly id: number; readonly question: unknown };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (problem: WorkerProblem) => void;
}

/** Milliseconds in which a worker has to be there; a slow network takes some of them. */
const START_WITHIN = 30_000;

/** A worker that is started with the first question, and again with the first one after its end. */
export class LiveWorker<Question, Told = never> {
  /** What people call it, as the beginning of a sentence. */
  readonly #title: string;
  readonly #start: () => Worker;
  readonly #onTold: (told: Told) => void;
  readonly #onEnd: (problem: WorkerProblem) => void;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #watch = new AbortController();
  #asked = 0;

  /** @param onEnd called when the worker has ended and nobody ended it. */
  constructor(
    title: string,
    start: () => Worker,
    onEnd: (problem: WorkerProblem) => void,
    onTold: (told: Told) => void = () => {},
  ) {
    [this.#title, this.#start, this.#onEnd, this.#onTold] = [title, start, onEnd, onTold];
  }

  /** @throws WorkerProblem what the worker says, or that it has ended. */
  ask<T>(question: Question, transfer: Transferable[] = []): Promise<T> {
    const worker = this.#worker ?? this.#begin();
    return new Promise<T>((resolve, reject) => {
      const id = this.#asked++;
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ kind: 'question', id, question } satisfies Asked, transfer);
    });
  }

  /** Ends it; what was asked is refused. */
  end(why = 'was ended'): void {
    if (this.#worker !== undefined) this.#give(new WorkerProblem('E_ABORTED', `${this.#title} ${why}`));
  }

  #begin(): Worker {
    const worker = this.#start();
    const watch = new AbortController();
    const lock = `${this.#title} ${crypto.randomUUID?.() ?? Math.random()}`;
    [this.#worker, this.#watch] = [worker, watch];
    const ended = (how: string): void => {
      if (this.#worker !== worker) return;
      const problem = new WorkerProblem('E_WORKER_DIED', `${this.#title} ${how}`);
      this.#give(problem);
      this.#onEnd(problem);
    };
    const late = setTimeout(() => ended('has not started; the connection may be cut'), START_WITHIN);
    watch.signal.addEventListener('abort', () => clearTimeout(late));
    worker.onmessage = ({ data }: MessageEvent<Posted>) => {
      if (this.#worker !== worker) return;
      if (data.kind === 'ready') {
        clearTimeout(late);
        // It has the lock; whoever waits for it gets it when the worker is gone.
        navigator.locks
          ?.request(lock, { signal: watch.signal }, () => ended('has ended'))
          .catch(() => undefined);
      } else if (data.kind === 'told') this.#onTold(data.value as Told);
      else this.#hear(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      ended(event.message ? `has ended: ${event.message}` : 'could not be loaded');
    };
    worker.postMessage({ kind: 'lock', name: lock } satisfies Asked);
    return worker;
  }

  #hear(answer: Posted & { readonly id: number }): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'answer') waiting?.resolve(answer.value as never);
    else if (answer.kind === 'refusal') waiting?.reject(new WorkerProblem(answer.code, answer.message));
  }

  #give(problem: WorkerProblem): void {
    this.#watch.abort();
    this.#worker?.terminate();
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(problem);
  }
}
