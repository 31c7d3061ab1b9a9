import { nextTurn } from './turns.ts';

/**
 * Milliseconds without a call by any worker after which the workers are given up. No kernel takes so long for
 * one call, on the slowest machine. Other ways tell of a death much sooner; this is for a death that they
 * cannot tell of.
 */
const SILENCE = 60_000;

/**
 * The most milliseconds between two looks that count as silence: a caller that was kept from looking for
 * longer does not know how long the workers were kept from working.
 */
const PAUSE = 100;

/** Milliseconds of silence after which it is worth the time to ask each worker whether it has ended. */
const ASK_AFTER = 50;

/** How long a caller has waited for workers that make no call. */
export class Patience {
  #calls = -1;
  #looked = performance.now();
  #silence = 0;
  #silenceAtAsking = 0;
  #waitsForTurn = false;

  /**
   * Looks at the workers' progress.
   * @param calls of all workers, ever.
   * @returns `ask` when it is time to ask the workers whether they have ended, `over` when they are to be
   *   given up.
   */
  look(calls: number): 'wait' | 'ask' | 'over' {
    const now = performance.now();
    this.#silence += Math.min(PAUSE, now - this.#looked);
    this.#looked = now;
    if (calls !== this.#calls) {
      this.#calls = calls;
      this.#restart();
    }
    if (this.#silence > SILENCE) return 'over';
    if (this.#silence - this.#silenceAtAsking < ASK_AFTER) return 'wait';
    this.#silenceAtAsking = this.#silence;
    this.#restartAfterTurn();
    return 'ask';
  }

  #restart(): void {
    this.#silence = 0;
    this.#silenceAtAsking = 0;
  }

  /**
   * A turn of the event loop delivers the news of every death before it. So silence counts from the last turn
   * on.
   */
  #restartAfterTurn(): void {
    if (this.#waitsForTurn) return;
    this.#waitsForTurn = true;
    void nextTurn().then(() => {
      this.#waitsForTurn = false;
      this.#restart();
    });
  }
}
