import { isArrayBuffer, viewOf } from '../base/arrays.ts';
import { readField } from '../base/checks.ts';
import { viewBytes } from '../matrix/byteMatrix.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { SentData, SentMatrix } from './protocol.ts';

/** What is sent to the worker, and the buffers that are handed over with it. */
export class Parcel {
  readonly #transfer: boolean;
  readonly #prepared: WeakSet<object> | undefined;
  readonly #buffers = new Set<ArrayBuffer>();

  /**
   * @param transfer whether the caller's own buffers are handed over; else copies are.
   * @param prepared the matrices that the model's pipeline made.
   */
  constructor(transfer: boolean, prepared?: WeakSet<object>) {
    this.#transfer = transfer;
    this.#prepared = prepared;
  }

  /** The buffers to hand over. */
  get buffers(): ArrayBuffer[] {
    return [...this.#buffers];
  }

  /**
   * An array as it is sent; one in shared memory stays where it is. A structured clone would copy it twice,
   * and the whole buffer where the array is a part of it.
   */
  array(value: unknown): unknown {
    if (!ArrayBuffer.isView(value)) return value;
    if (!isArrayBuffer(value.buffer)) return value;
    // An array that was taken away is empty, and cannot be taken once more.
    if (this.#transfer && value.byteLength > 0) return this.#add(value);
    const own =
      viewOf(value, Float32Array) ??
      viewOf(value, Int32Array) ??
      viewOf(value, Float64Array) ??
      viewBytes(value);
    return own === undefined ? value : this.#add(own.slice());
  }

  /** A matrix, or a list in its place. */
  matrix(value: unknown): SentMatrix {
    const isPrepared = this.#prepared?.has(value as object) === true;
    return { ...this.#matrixOf(value), ...(isPrepared && { isPrepared }) };
  }

  #matrixOf(value: unknown): SentMatrix {
    if (value instanceof CsrMatrix) {
      const { rows, cols, indptr, indices, values } = value;
      const arrays = [indptr, indices, values].map((array) => this.array(array));
      return { rows, cols, csr: arrays };
    }
    if (ArrayBuffer.isView(value)) return { given: this.array(value) };
    if (typeof value !== 'object' || value === null || !('data' in value)) return { given: value };
    const fields = ['rows', 'cols', 'offset', 'scale'].map((field) => [field, readField('x', value, field)]);
    return { given: { ...Object.fromEntries(fields), data: this.array(value.data) } };
  }

  data(name: string, set: unknown): SentData {
    return { x: this.matrix(readField(name, set, 'x')), y: this.matrix(readField(name, set, 'y')) };
  }

  #add<A extends ArrayBufferView>(array: A): A {
    if (isArrayBuffer(array.buffer)) this.#buffers.add(array.buffer);
    return array;
  }
}
