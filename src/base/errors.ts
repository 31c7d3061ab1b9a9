/** The codes of a `CtreError`. They are stable; messages may change. */
export type ErrorCode =
  /** An argument or option is unknown, of the wrong type or out of its range. */
  | 'E_ARGUMENT'
  /** The sizes of two things do not fit each other. */
  | 'E_SHAPE'
  /** A number among the data is NaN or infinite. */
  | 'E_NOT_FINITE'
  /** A label is no integer, or none of the model's classes. */
  | 'E_LABEL'
  /** A CSR structure is not canonical: indices unsorted, duplicate or out of range. */
  | 'E_CSR'
  /** A file is missing, empty, cut short, or not of the format it should be. */
  | 'E_FORMAT'
  /** A file is of a version or a variant that this release does not read. */
  | 'E_UNSUPPORTED'
  /** The operation needs more memory than the engine, the arena or the caller's limit allows. */
  | 'E_MEMORY'
  /** The engine lacks something that the package needs (WebAssembly SIMD). */
  | 'E_ENGINE'
  /** The object was disposed of; its memory is free. */
  | 'E_DISPOSED'
  /** The object is in the middle of another operation. */
  | 'E_BUSY'
  /** Training produced a loss that is not a finite number. */
  | 'E_DIVERGED'
  /** A thread ended in the middle of its work. */
  | 'E_WORKER_DIED'
  /** The caller's `AbortSignal` ended the operation. */
  | 'E_ABORTED';

/**
 * The one error type of the package: a stable `code` for programs, and a sentence for people. It names what
 * came, what was expected and, where it helps, what to do.
 */
export class CtreError extends Error {
  override readonly name = 'CtreError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A value as an error message shows it: short. It never throws. */
export function show(value: unknown): string {
  if (typeof value === 'string') return value.length > 60 ? `"${value.slice(0, 57)}…"` : `"${value}"`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return String(value);
  if (ArrayBuffer.isView(value)) {
    return 'length' in value ? `${tagOf(value)}(${value.length})` : tagOf(value);
  }
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}

/** What somebody threw, as the reason within a sentence. */
export function reasonOf(thrown: unknown): string {
  // One of another realm is none of the classes of here.
  const { message } = Object(thrown);
  return typeof message === 'string' ? message : String(thrown);
}

/** What a value calls itself: `URL`, say. So also one of another realm is known, whose classes are others. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** A number of bytes as an error message shows it. */
export function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
