// What is kept of a training, so that any of its epochs can be shown again.
import type { Frame } from './protocol.ts';

/** Frames at most; of a longer training every second one is dropped, again and again. */
const MOST_FRAMES = 400;

/** The frames of a network: evenly spaced, and the latest one. */
export class Frames {
  readonly all: Frame[] = [];
  /** The best share of right answers on held-out rows so far, and its epoch. */
  best: { readonly epoch: number; readonly accuracy: number } | undefined;
  #stride = 1;
  #isLastExtra = false;
  /** Seconds of training, and those of the last epochs. */
  #seconds = 0;
  #lately: number[] = [];

  add(frame: Frame): void {
    const { epoch, scores } = frame;
    if (scores !== undefined && scores.trainSeconds > 0) {
      this.#seconds += scores.trainSeconds;
      this.#lately.push(scores.trainSeconds);
      if (this.#lately.length > 41) this.#lately.shift();
    }
    const accuracy = scores?.valAccuracy;
    if (accuracy !== undefined && !(accuracy <= (this.best?.accuracy ?? -1))) this.best = { epoch, accuracy };
    if (this.#isLastExtra) this.all.pop();
    const before = this.all.at(-1);
    // A network that was too busy to be looked at keeps the look of the epoch before.
    const whole: Frame = {
      ...(before && { strengths: before.strengths, connected: before.connected, look: before.look }),
      ...frame,
    };
    this.all.push(whole);
    this.#isLastExtra = epoch % this.#stride !== 0;
    if (this.all.length <= MOST_FRAMES) return;
    this.#stride *= 2;
    const kept = this.all.filter(({ epoch: at }) => at % this.#stride === 0);
    this.#isLastExtra = kept.at(-1) !== whole;
    if (this.#isLastExtra) kept.push(whole);
    this.all.splice(0, this.all.length, ...kept);
  }

  get last(): Frame | undefined {
    return this.all.at(-1);
  }

  /** The frame of an epoch, or the last one before it. */
  at(epoch: number): Frame | undefined {
    let [low, high] = [0, this.all.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.all[middle].epoch <= epoch) low = middle;
      else high = middle - 1;
    }
    return this.all[low];
  }

  /** Seconds that training takes for an epoch: the median of the last ones, which pauses do not move. */
  get secondsPerEpoch(): number | undefined {
    const sorted = [...this.#lately].sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)];
  }

  /** Seconds of training so far. */
  get seconds(): number {
    return this.#seconds;
  }
}
