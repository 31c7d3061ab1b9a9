import { Gunzip, Inflate, Unzlib } from 'fflate';
import type { Budget } from '../base/budget.ts';
import { crc32 } from '../base/crc32.ts';
import { CtreError } from '../base/errors.ts';

/** The most bytes that DEFLATE makes of one: two bits can stand for 258 bytes. */
const MAX_RATIO = 1032;
/** Input bytes that the inflater gets at once. With so few, it keeps little and rescans little. */
const CHUNK = 4096;
/** The most bytes of memory for a byte of input: its output, twice in a buffer that doubles, and a copy. */
const WORKING_RATIO = 3 * MAX_RATIO;
/** The most input bytes without any output. Blocks of real streams give some every few hundred bytes. */
const MAX_SILENCE = 1 << 18;

type Stream = Inflate | Gunzip | Unzlib;

/**
 * The content of a gzip file (of one or more members), its check sums and sizes compared. Zeros behind the
 * last member, with which some devices fill their blocks, count for nothing.
 * @throws CtreError `E_FORMAT` for a damaged or cut stream, `E_MEMORY` beyond the budget.
 */
export function gunzip(bytes: Uint8Array, budget: Budget): Uint8Array {
  const before = budget.left;
  try {
    return gunzipExactly(bytes, budget);
  } catch (error) {
    if (!(error instanceof CtreError) || error.code !== 'E_FORMAT' || bytes[bytes.length - 1] !== 0)
      throw error;
    for (const length of unpaddedLengths(bytes)) {
      try {
        budget.release(before - budget.left);
        return gunzipExactly(bytes.subarray(0, length), budget);
      } catch (other) {
        if (!(other instanceof CtreError) || other.code !== 'E_FORMAT') throw other;
      }
    }
    throw error;
  }
}

/** The lengths that a stream may have before its padding: its last bytes, a size, may be zeros, too. */
function unpaddedLengths(bytes: Uint8Array): number[] {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengths = Array.from({ length: 8 }, (_, zeros) => end + zeros);
  return lengths.filter(
    (length) =>
      length >= 18 && length < bytes.length && view.getUint32(length - 4, true) <= MAX_RATIO * length,
  );
}

function gunzipExactly(bytes: Uint8Array, budget: Budget): Uint8Array {
  if (bytes.length < 18) throw damaged('the gzip stream', 'is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = 0;
  let size = 0;
  const checkMember = (end: number): void => {
    if (view.getUint32(end - 8, true) !== crc || view.getUint32(end - 4, true) !== size % 2 ** 32) {
      throw damaged('the gzip stream', 'fails its check sum');
    }
    crc = 0;
    size = 0;
  };
  const stream = new Gunzip();
  stream.onmember = checkMember;
  // If there are several members, this is the size of the last one.
  const expected = view.getUint32(bytes.length - 4, true);
  const content = inflateAll(stream, bytes, expected, budget, 'the gzip stream', (chunk) => {
    crc = crc32(chunk, crc);
    size += chunk.length;
  });
  checkMember(bytes.length);
  budget.countContent(content.length, bytes.length);
  return content;
}

/** The content of a zlib stream that fills `bytes`, of about `expected` bytes. @throws as `gunzip`. */
export function unzlib(bytes: Uint8Array, expected: number, budget: Budget, what: string): Uint8Array {
  if (bytes.length < 6) throw damaged(what, 'is cut short');
  const content = inflateAll(new Unzlib(), bytes, expected, budget, what);
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4);
  if (adler32(content) !== trailer.getUint32(0)) throw damaged(what, 'fails its check sum');
  budget.countContent(content.length, bytes.length);
  return content;
}

/**
 * The content of a bare DEFLATE stream that fills `bytes`, of about `expected` bytes; no sum is checked.
 * @throws as `gunzip`.
 */
export function inflate(bytes: Uint8Array, expected: number, budget: Budget, what: string): Uint8Array {
  return inflateAll(new Inflate(), bytes, expected, budget, what);
}

/**
 * The first `length` bytes (or all, if there are fewer) of a zlib or bare DEFLATE stream, for a look at a
 * header. It takes constant memory and no budget.
 */
export function inflatePrefix(
  format: 'zlib' | 'deflate',
  bytes: Uint8Array,
  length: number,
  what: string,
): Uint8Array {
  const prefix = new Uint8Array(length);
  let size = 0;
  const stream = format === 'zlib' ? new Unzlib() : new Inflate();
  stream.ondata = (chunk) => {
    prefix.set(chunk.subarray(0, length - size), size);
    size += Math.min(chunk.length, length - size);
  };
  const step = 128;
  for (let at = 0; at < bytes.length && at < MAX_SILENCE && size < length; at += step) {
    push(stream, bytes.subarray(at, at + step), false, what);
  }
  return prefix.subarray(0, size);
}

function inflateAll(
  stream: Stream,
  bytes: Uint8Array,
  expected: number,
  budget: Budget,
  what: string,
  onChunk?: (chunk: Uint8Array) => void,
): Uint8Array {
  // The size in a file may be a lie. No more room is made than its bytes can stand for.
  let content = claimBytes(Math.min(expected, MAX_RATIO * bytes.length), budget, what);
  let size = 0;
  let lastOutputAt = 0;
  let at = 0;
  stream.ondata = (chunk) => {
    if (chunk.length === 0) return;
    if (size + chunk.length > content.length) {
      const larger = claimBytes(
        Math.max(size + chunk.length, Math.min(4 * content.length, budget.left)),
        budget,
        what,
      );
      larger.set(content.subarray(0, size));
      budget.release(content.length);
      content = larger;
    }
    onChunk?.(chunk);
    content.set(chunk, size);
    size += chunk.length;
    lastOutputAt = at;
  };
  while (at < bytes.length) {
    const step = Math.max(64, Math.min(CHUNK, Math.floor(budget.left / WORKING_RATIO)));
    const end = Math.min(at + step, bytes.length);
    push(stream, bytes.subarray(at, end), end === bytes.length, what);
    at = end;
    if (at - lastOutputAt > MAX_SILENCE) throw damaged(what, 'goes on after its end');
  }
  return content.subarray(0, size);
}

function claimBytes(length: number, budget: Budget, what: string): Uint8Array {
  budget.claim(length, what);
  return new Uint8Array(length);
}

function push(stream: Stream, chunk: Uint8Array, final: boolean, what: string): void {
  try {
    stream.push(chunk, final);
  } catch (error) {
    if (error instanceof CtreError) throw error;
    throw damaged(what, 'is damaged or cut short', error);
  }
}

function damaged(what: string, how: string, cause?: unknown): CtreError {
  return new CtreError('E_FORMAT', `${what} ${how}; get the file again`, { cause });
}

/** Adler-32 as in zlib (RFC 1950, section 9). */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let start = 0; start < bytes.length; start += 3800) {
    // With 3800 terms between two divisions, b stays below 2^31.
    const end = Math.min(start + 3800, bytes.length);
    for (let i = start; i < end; i++) {
      a += bytes[i];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}
