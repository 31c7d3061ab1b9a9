/**
 * Milliseconds without a call by any worker after which a caller that cannot hear of deaths takes them for dead: at most, and at
 * least; between the two, so many times what the caller's own longest job took.
 */
const SILENCE = { most: 5_000, least: 900, jobs: 10 };

/** Who has not looked for so long was kept from it, and so may the workers have been. */
const PAUSE = 100;

/** How long a caller waits for workers that make no call. */
export class Patience {
  readonly #limit: number;
  #calls = -1;
  #heard = 0;
  #looked = 0;

  /** @param longest milliseconds that the caller's own longest job took; undefined where others took all. */
  constructor(longest = SILENCE.most) {
    this.#limit = Math.min(SILENCE.most, Math.max(SILENCE.least, SILENCE.jobs * longest));
  }

  /** @param calls of all workers, ever. */
  isOver(calls: number): boolean {
    const now = performance.now();
    if (calls !== this.#calls || now - this.#looked > PAUSE) [this.#calls, this.#heard] = [calls, now];
    this.#looked = now;
    return now - this.#heard > this.#limit;
  }
}
