import { CtreError } from '../base/errors.ts';
import type { StopSignal } from '../base/hostTypes.ts';

/**
 * Long work is a generator that yields after every bounded piece. So the same code can run to its end at
 * once, or in turns with the event loop.
 */
export type Work<T> = Generator<void, T, void>;

/** Milliseconds that work keeps the event loop waiting: less than a frame. */
const TURN = 12;

/** Runs work to its end, at once. */
export function runNow<T>(work: Work<T>): T {
  while (true) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * Runs several long works one after another. It gives the event loop a turn when it is due, also between
 * works that are short.
 */
export class Turns {
  readonly #signal: StopSignal | undefined;
  readonly #what: string;
  #end = performance.now() + TURN;

  /** @param what the work, as the first words of the error's sentence. */
  constructor(signal: StopSignal | undefined, what = 'training') {
    this.#signal = signal;
    this.#what = what;
  }

  /**
   * Runs work to its end.
   * @throws CtreError `E_ABORTED` when the signal is aborted. The work has cleaned up by then.
   */
  async run<T>(work: Work<T>): Promise<T> {
    try {
      while (true) {
        throwIfAborted(this.#signal, this.#what);
        const { done, value } = work.next();
        if (done) return value;
        if (performance.now() < this.#end) continue;
        await nextTurn();
        this.#end = performance.now() + TURN;
      }
    } finally {
      work.return(undefined as never);
    }
  }
}

/** @throws CtreError `E_ABORTED` when the signal is aborted. */
export function throwIfAborted(signal: StopSignal | undefined, what = 'training'): void {
  if (signal?.aborted) throw abortError(signal, what);
}

/** The error of work that a signal has ended. */
export function abortError(signal: StopSignal | undefined, what = 'training'): CtreError {
  return new CtreError('E_ABORTED', `${what} was aborted by its signal`, { cause: signal?.reason });
}

/** Lets waiting events run. Browsers stretch nested timers to 4 ms, so it is no timer. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
