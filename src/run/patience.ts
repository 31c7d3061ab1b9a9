import { nextTurn } from './turns.ts';

/**
 * Milliseconds without a call by any worker after which the workers are given up. No kernel takes so long for one
 * call, on the slowest machine. Deaths are heard of or asked for long before; this is for those that cannot be.
 */
const SILENCE = 60_000;

/** A caller that has not looked for so many milliseconds was kept from it, and so may the workers have been. */
const PAUSE = 100;

/** Milliseconds of silence after which it is worth the time to ask each worker whether it has ended. */
const ASK_AFTER = 50;

/** How long a caller has waited for workers that make no call. */
export class Patience {
  #calls = -1;
  #heard = 0;
  #looked = 0;
  #asked = 0;
  #waitsForTurn = false;

  /**
   * Looks at the workers' progress.
   * @param calls of all workers, ever.
   * @returns `ask` when it is time to ask the workers whether they have ended, `over` when they are to be given up.
   */
  look(calls: number): 'wait' | 'ask' | 'over' {
    const now = performance.now();
    if (calls !== this.#calls || now - this.#looked > PAUSE) this.#restart(calls, now);
    this.#looked = now;
    if (now - this.#heard > SILENCE) return 'over';
    if (now - Math.max(this.#heard, this.#asked) <= ASK_AFTER) return 'wait';
    this.#asked = now;
    this.#restartAfterTurn();
    return 'ask';
  }

  #restart(calls: number, now: number): void {
    this.#calls = calls;
    this.#heard = now;
  }

  /** A turn of the event loop delivers the news of every death before it. So silence counts from the last turn on. */
  #restartAfterTurn(): void {
    if (this.#waitsForTurn) return;
    this.#waitsForTurn = true;
    void nextTurn().then(() => {
      this.#waitsForTurn = false;
      this.#calls = -1;
    });
  }
}
