import { CtreError } from '../errors.ts';

/**
 * Long work is a generator that yields after every bounded piece, so that one body serves both callers: run to its end
 * at once, or in turns with the event loop.
 */
export type Work<T> = Generator<void, T, void>;

/** How long work keeps the event loop waiting, in milliseconds: less than a frame. */
const TURN = 12;

/** Runs work to its end, at once. */
export function runNow<T>(work: Work<T>): T {
  while (true) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * Runs work to its end, letting the event loop have its turn in between.
 * @throws CtreError `E_ABORTED` when the signal says so; the work's own clean-up has run then.
 */
export async function runInTurns<T>(work: Work<T>, signal?: AbortSignal): Promise<T> {
  try {
    let turnEnds = performance.now() + TURN;
    while (true) {
      throwIfAborted(signal);
      const { done, value } = work.next();
      if (done) return value;
      if (performance.now() >= turnEnds) {
        await nextTurn();
        turnEnds = performance.now() + TURN;
      }
    }
  } finally {
    work.return(undefined as never);
  }
}

/** @throws CtreError `E_ABORTED` when the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new CtreError('E_ABORTED', 'training was aborted by its signal', { cause: signal.reason });
  }
}

/** Lets waiting events run. A timer of 0 ms would do, but browsers stretch nested ones to 4 ms. */
function nextTurn(): Promise<void> {
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
