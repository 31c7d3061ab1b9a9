import type { Budget } from '../base/budget.ts';
import { isCount } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { isRecord, parseJson } from '../base/json.ts';
import { looseJson } from '../base/strictJson.ts';

/**
 * The safetensors format: eight bytes with the header's length (little endian), the header, the tensors'
 * bytes without gaps. The header is JSON that begins with `{` and may end in spaces: name → dtype, shape,
 * data offsets; and `__metadata__`, strings. No key comes twice.
 * Source: "Format" in the README of huggingface/safetensors, and its reader, safetensors/src/tensor.rs.
 */

/** The types of tensors that this package writes and reads. */
const DTYPES = { F32: Float32Array, I32: Int32Array } as const;

type Dtype = keyof typeof DTYPES;

/** A tensor: its elements in row-major order. */
export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** What a file holds. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The longest header that is read; the format's own limit, in bytes. */
const MAX_HEADER = 100_000_000;

/** A file of the tensors and strings. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(text, 8);
  let at = 8 + headerLength;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * The tensors and strings of a file; the tensors are views of it where they can be.
 * @throws CtreError `E_FORMAT` for anything but a whole and well-formed file, `E_UNSUPPORTED` for tensors of
 *   other types, `E_MEMORY`.
 */
export function decodeSafetensors(bytes: Uint8Array, budget: Budget): SafetensorsFile {
  const { header, dataBegin } = readHeader(bytes, budget);
  const tensors = new Map<string, Tensor>();
  const metadata = new Map<string, string>();
  const spans: (readonly [number, number])[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (!isRecord(entry)) throw notSafetensors(`its entry ${show(name)} is ${show(entry)}`);
    if (name === '__metadata__') {
      for (const [key, value] of Object.entries(entry)) {
        if (typeof value !== 'string') throw notSafetensors(`its metadata ${show(key)} is no string`);
        metadata.set(key, value);
      }
      continue;
    }
    const { tensor, span } = readTensor(bytes.subarray(dataBegin), name, entry, budget);
    tensors.set(name, tensor);
    spans.push(span);
  }
  spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let end = 0;
  for (const span of spans) {
    if (span[0] !== end) throw notSafetensors('its tensors overlap or leave gaps');
    end = span[1];
  }
  if (end !== bytes.length - dataBegin) {
    throw notSafetensors(`its tensors end at byte ${dataBegin + end} of ${bytes.length}`);
  }
  return { tensors, metadata };
}

function readHeader(
  bytes: Uint8Array,
  budget: Budget,
): { header: Record<string, unknown>; dataBegin: number } {
  if (bytes.length < 8) throw notSafetensors(`it has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > Math.min(bytes.length - 8, MAX_HEADER)) {
    throw notSafetensors(`its header claims ${length} bytes of ${bytes.length - 8}`);
  }
  const what = `a header of ${length} bytes`;
  budget.claim(2 * length, what);
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + length));
    checkHeaderEnds(text);
    header = parseJson(text, budget, what);
  } catch (cause) {
    if (cause instanceof CtreError) throw cause;
    throw notSafetensors('its header is no JSON', cause);
  }
  const flaw = looseJson(text, budget);
  if (flaw !== undefined) throw notSafetensors(`its header ${flaw}`);
  budget.release(2 * length);
  if (!isRecord(header)) throw notSafetensors(`its header is ${show(header)}`);
  return { header, dataBegin: 8 + length };
}

/** A header is an object, and nothing but spaces may follow. */
function checkHeaderEnds(text: string): void {
  if (text === '') throw notSafetensors('its header is empty');
  if (text[0] !== '{') throw notSafetensors(`its header begins with ${show(text[0])}; expected {`);
  let end = text.length - 1;
  while (text[end] === ' ') end--;
  if (text[end] !== '}')
    throw notSafetensors(`its header ends with ${show(text[end])}; expected } and spaces`);
}

function readTensor(
  data: Uint8Array,
  name: string,
  { dtype, shape, data_offsets: offsets }: Record<string, unknown>,
  budget: Budget,
): { tensor: Tensor; span: readonly [number, number] } {
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype)) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `tensor ${show(name)} is of type ${show(dtype)}; expected one of ${Object.keys(DTYPES).join(', ')}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw notSafetensors(`tensor ${show(name)} has no valid shape`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw notSafetensors(`tensor ${show(name)} has no valid data_offsets`);
  }
  const [begin, end]: number[] = offsets;
  const elements = countElements(name, shape);
  if (begin > end || end > data.length || end - begin !== 4 * elements) {
    throw notSafetensors(
      `tensor ${show(name)} of shape [${shape.join(', ')}] claims bytes ${begin} to ${end} of ${data.length}`,
    );
  }
  let content = data.subarray(begin, end);
  if (content.byteOffset % 4 !== 0) {
    budget.claim(content.length, `tensor ${show(name)}`);
    content = new Uint8Array(content); // no slice, since that of a Buffer shares its memory
  }
  const { buffer, byteOffset } = content;
  const make: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Tensor['data'] =
    DTYPES[dtype as Dtype];
  return {
    tensor: { dtype: dtype as Dtype, shape, data: new make(buffer, byteOffset, elements) },
    span: [begin, end],
  };
}

/** The number of elements of a shape. A product beyond any file is refused, even where another size is 0. */
function countElements(name: string, shape: readonly number[]): number {
  let elements = 1;
  for (const size of shape) {
    elements *= size;
    if (!Number.isSafeInteger(elements)) {
      throw notSafetensors(`tensor ${show(name)} has more elements than can be counted`);
    }
  }
  return elements;
}

function notSafetensors(what: string, cause?: unknown): CtreError {
  return new CtreError('E_FORMAT', `this is no whole safetensors file: ${what}`, { cause });
}
