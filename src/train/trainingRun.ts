import { CtreError } from '../base/errors.ts';
import type { StopSignal } from '../base/hostTypes.ts';
import type { Arena } from '../engine/arena.ts';
import { Region, ReusedRegion } from '../engine/region.ts';
import { abortError, throwIfAborted, type Work } from '../run/turns.ts';

/** A training under way: it owns its memory, and can be ended from outside at any time. */
export class TrainingRun {
  readonly region: Region;
  /** What a piece of the samples takes until the next one comes. */
  readonly pieceRegion: ReusedRegion;
  #work: Work<unknown> | undefined;
  /** Whether a piece of the work is running on this thread right now. */
  #isRunning = false;
  #isEnded = false;
  #release: () => void = () => {};
  /** Ends the wait for something from outside. */
  #stopWaiting: (reason: unknown) => void = () => {};

  constructor(arena: Arena) {
    this.region = new Region(arena);
    this.pieceRegion = new ReusedRegion(arena);
  }

  /** Whether an epoch is under way. */
  get isInEpoch(): boolean {
    return this.#work !== undefined;
  }

  /** The same work, which fails with `E_DISPOSED` once the training is ended. */
  *watch<T>(work: Work<T>): Work<T> {
    this.#work = work;
    try {
      for (;;) {
        this.checkGoing();
        const { done, value } = this.#advance(work);
        this.checkGoing();
        if (done) return value;
        yield;
      }
    } finally {
      this.#work = undefined;
      work.return(undefined as never);
    }
  }

  #advance<T>(work: Work<T>): IteratorResult<void, T> {
    this.#isRunning = true;
    try {
      return work.next();
    } finally {
      this.#isRunning = false;
      if (this.#isEnded) this.#stop();
    }
  }

  /**
   * What comes from outside, unless the training is ended meanwhile, or aborted.
   * @throws CtreError `E_DISPOSED`, `E_ABORTED`; what the promise is rejected with.
   */
  async wait<T>(value: Promise<T>, signal: StopSignal | undefined): Promise<T> {
    // Nobody waits for it any more where the training ends here.
    value.catch(() => {});
    this.checkGoing();
    // A signal that is aborted already has no event to come.
    throwIfAborted(signal);
    const stopped = new Promise<never>((_, reject) => {
      this.#stopWaiting = reject;
    });
    const abort = (): void => {
      this.#stopWaiting(abortError(signal));
    };
    signal?.addEventListener('abort', abort);
    try {
      return await Promise.race([value, stopped]);
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#stopWaiting = () => {};
    }
  }

  /** @throws CtreError `E_DISPOSED` once the training is ended. */
  checkGoing(): void {
    if (this.#isEnded) throw disposed();
  }

  /**
   * Ends the training: at once, or as soon as the piece of work ends that is running on this thread.
   * @param release frees what does not belong to the training, after the training's own memory.
   */
  end(release: () => void): void {
    this.#isEnded = true;
    this.#release = release;
    if (!this.#isRunning) this.#stop();
  }

  #stop(): void {
    // Its clean-up frees what it holds, and waits for the threads.
    this.#work?.return(undefined as never);
    this.free();
    this.#release();
    this.#stopWaiting(disposed());
  }

  /** Frees its memory. */
  free(): void {
    this.pieceRegion.free();
    this.region.free();
  }
}

export function disposed(): CtreError {
  return new CtreError('E_DISPOSED', 'the model was disposed of; create or load another one');
}
