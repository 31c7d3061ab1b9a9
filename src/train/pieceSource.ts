import { CtreError, show } from '../base/errors.ts';

/** What gives pieces one after another. */
type PieceIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** Whether a value gives something one after another: it can be asked for an iterator. */
export function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** The pieces of an iterable, checked as they come; pass after pass where more are asked for. */
export class PieceSource<T> {
  readonly #pieces: Iterable<unknown> | AsyncIterable<unknown>;
  readonly #check: (piece: unknown) => T;
  #iterator: PieceIterator | undefined;
  #isWaiting = false;
  #passes = 0;
  /** Pieces of the present pass. */
  #count = 0;

  /** @param check throws for what is no piece. */
  constructor(pieces: Iterable<unknown> | AsyncIterable<unknown>, check: (piece: unknown) => T) {
    this.#pieces = pieces;
    this.#check = check;
  }

  /**
   * The next piece; undefined at the end of a pass. The call after that begins another pass.
   * @throws CtreError for what is no piece, `E_SHAPE` for a pass without any; and whatever the iterable
   * throws.
   */
  async next(): Promise<T | undefined> {
    this.#iterator ??= this.#begin();
    const iterator = this.#iterator;
    this.#isWaiting = true;
    let result: IteratorResult<unknown>;
    let piece: unknown;
    try {
      result = await iterator.next();
      // A synchronous iterable may give promises.
      piece = result.done ? undefined : await result.value;
    } catch (error) {
      // An iterator that fails has ended.
      this.#iterator = undefined;
      throw error;
    } finally {
      this.#isWaiting = false;
    }
    if (!result.done) {
      this.#count++;
      return this.#check(piece);
    }
    this.#iterator = undefined;
    if (this.#count > 0) return undefined;
    throw new CtreError(
      'E_SHAPE',
      this.#passes === 1
        ? 'the iterable gives no piece; expected at least one { x, y }'
        : `pass ${this.#passes} over the pieces gives none; expected as many epochs as the pieces last ` +
            'for, or what can be iterated again: an array, or an object whose [Symbol.asyncIterator]() ' +
            'begins anew',
    );
  }

  /** Tells the iterable that no more is wanted. */
  async close(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    if (iterator?.return === undefined) return;
    const closing = Promise.resolve(iterator.return());
    // Where a piece is awaited that may never come, its iterator may never answer.
    if (this.#isWaiting) closing.catch(() => {});
    else await closing;
  }

  #begin(): PieceIterator {
    const pieces = this.#pieces;
    this.#passes++;
    this.#count = 0;
    const iterator: unknown =
      Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
    if (typeof iterator !== 'object' || iterator === null || !('next' in iterator)) {
      throw new CtreError(
        'E_ARGUMENT',
        `the iterable of pieces gives ${show(iterator)}; expected an iterator`,
      );
    }
    return iterator as PieceIterator;
  }
}
