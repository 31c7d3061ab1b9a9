// Rows as they come to a page: in pieces, in random order, over and over; new ones may join at any time.
import { randomNumbers, shuffled } from '../shared/random.ts';
import { COLS } from './embeddings.ts';

/** Rows with the class of each. */
export interface Rows {
  readonly x: { readonly rows: number; readonly cols: number; readonly data: Float32Array };
  readonly y: Int32Array;
}

/** Rows of several classes. */
export class RowStream {
  readonly #random = randomNumbers(1);
  readonly #parts: Float32Array[] = [];
  readonly #labels: number[] = [];
  #order: Int32Array = new Int32Array(0);
  #next = 0;

  /** Rows of all classes. */
  get rows(): number {
    return this.#labels.length;
  }

  /** Adds the rows of a class, and begins a new pass. */
  add(label: number, rows: Float32Array): void {
    for (let at = 0; at < rows.length; at += COLS) {
      this.#parts.push(rows.subarray(at, at + COLS));
      this.#labels.push(label);
    }
    this.#next = this.#order.length;
  }

  /** The next rows, at most so many; a piece never reaches over the end of a pass. */
  take(most: number): Rows {
    if (this.#next >= this.#order.length) {
      this.#order = shuffled(this.rows, this.#random);
      this.#next = 0;
    }
    const piece = this.#order.subarray(this.#next, this.#next + most);
    this.#next += piece.length;
    return this.#gather(piece);
  }

  /** All rows, in the order in which they were added. */
  all(): Rows {
    return this.#gather(Int32Array.from(this.#labels.keys()));
  }

  /** One row, by its place in that order. */
  row(at: number): Rows {
    return this.#gather(Int32Array.of(at));
  }

  #gather(order: Int32Array): Rows {
    const data = new Float32Array(order.length * COLS);
    order.forEach((row, at) => {
      data.set(this.#parts[row], at * COLS);
    });
    return { x: { rows: order.length, cols: COLS, data }, y: order.map((row) => this.#labels[row]) };
  }
}
