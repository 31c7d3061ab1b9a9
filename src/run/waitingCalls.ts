import type { StopSignal } from '../base/hostTypes.ts';
import { abortError, nextTurn, throwIfAborted } from './turns.ts';

interface WaitingCall {
  begin(): void;
  refuse(error: unknown): void;
}

/** Calls that wait until those before them have ended, in the order in which they came. */
export class WaitingCalls {
  readonly #calls = new Set<WaitingCall>();

  /**
   * Until it is the turn of this call.
   * @param claim is called when its turn has come, before anybody else can come in between.
   * @throws CtreError `E_ABORTED` by the signal; what `claim` and `refuse` say.
   */
  async wait<T>(claim: () => T, signal: StopSignal | undefined): Promise<T> {
    throwIfAborted(signal);
    let abort = (): void => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        const call: WaitingCall = {
          begin: () => {
            const claimed = claim();
            // Whoever had waited for the end of the call before sees the model as that one has left it.
            void nextTurn().then(() => resolve(claimed));
          },
          refuse: reject,
        };
        abort = () => {
          if (this.#calls.delete(call)) reject(abortError(signal));
        };
        this.#calls.add(call);
        signal?.addEventListener('abort', abort);
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Lets the first one begin. */
  next(): void {
    const [first] = this.#calls;
    if (first === undefined) return;
    this.#calls.delete(first);
    first.begin();
  }

  /** Ends the wait of all of them. */
  refuse(error: unknown): void {
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const call of calls) call.refuse(error);
  }
}
