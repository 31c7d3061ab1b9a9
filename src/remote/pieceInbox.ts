import type { Piece } from '../model/options.ts';

/** The pieces of a training in the worker: each is asked of the page when the training asks for it. */
export class PieceInbox implements AsyncIterable<Piece> {
  #deliver: ((result: IteratorResult<Piece, undefined>) => void) | undefined;
  #onAsked: () => void = () => {};

  [Symbol.asyncIterator](): AsyncIterator<Piece, undefined> {
    return {
      next: () =>
        new Promise((resolve) => {
          this.#deliver = resolve;
          this.#onAsked();
        }),
    };
  }

  /** Until the training asks for a piece. */
  asked(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#deliver === undefined) this.#onAsked = resolve;
      else resolve();
    });
  }

  /** Gives the training what it asked for. @param piece null at the end of a pass. */
  deliver(piece: Piece | null): void {
    const deliver = this.#deliver;
    this.#deliver = undefined;
    deliver?.(piece === null ? { done: true, value: undefined } : { done: false, value: piece });
  }
}
