import { CtreError, show } from '../base/errors.ts';
import type { FetchResponse, UrlObject, WasmModule } from '../base/host.ts';
import { builtin } from '../base/host.ts';
import { wasmHex } from './wasm.generated.ts';

/** What the kernels can be started from at once: the bytes of `ctre/wasm`, or a module compiled from them. */
export type WasmBytes = ArrayBuffer | ArrayBufferView<ArrayBuffer> | WasmModule;

/** What the kernels can be started from: also where their bytes are, as an address (`https:`, or `file:` in Node) or a response. */
export type WasmSource = WasmBytes | UrlObject | string | FetchResponse | Promise<FetchResponse>;

/** What the address or the response holds, whatever type its server gives it: most do not know WebAssembly's. */
export async function readSource(wasm: WasmSource): Promise<WasmBytes> {
  const given = await wasm;
  const isAddress = typeof given === 'string' || given instanceof URL;
  const files = isAddress && /^file:/.test(String(given)) ? builtin('node:fs/promises') : undefined;
  if (files !== undefined) return Uint8Array.from(await files.readFile(new URL(String(given))));
  const source = isAddress ? await fetch(given) : given;
  if (!(source instanceof Response)) {
    return checkBytes(source, 'bytes, a WebAssembly.Module, a URL or a Response');
  }
  if (source.ok) return source.arrayBuffer();
  throw new CtreError(
    'E_ENGINE',
    `${source.url} answered ${source.status}; expected the file that is exported as ctre/wasm`,
  );
}

export function checkBytes(wasm: unknown, expected: string): WasmBytes {
  const isBytes = wasm instanceof ArrayBuffer || ArrayBuffer.isView(wasm);
  if (isBytes || wasm instanceof WebAssembly.Module) return wasm as WasmBytes;
  throw new CtreError('E_ARGUMENT', `wasm is ${show(wasm)}; expected ${expected}`);
}

/**
 * The module with its memory import declared as shared. That is one bit of the binary: the memory's limits stand behind the
 * names "env" and "memory" and the kind (2) of the import, and start with flags, of which 1 is "has a maximum" and 2 "shared".
 */
export function declareShared(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const mark = [3, ...new TextEncoder().encode('env'), 6, ...new TextEncoder().encode('memory'), 2, 1];
  const at = bytes.findIndex((_, begin) => mark.every((byte, i) => bytes[begin + i] === byte));
  if (at < 0)
    throw new CtreError('E_ENGINE', 'the module does not import its memory as expected; build it again');
  bytes[at + mark.length - 1] = 3;
  return bytes;
}

/**
 * Of hexadecimal digits, which are more than those of base64, yet a fifth less once compressed: the bytes' repetitions stay repetitions.
 * Eight at a time, since one byte at a time takes longer than the compiler does.
 */
export function inlinedBytes(): Uint8Array<ArrayBuffer> {
  const digits = wasmHex.length;
  const words = new DataView(new ArrayBuffer(4 * Math.ceil(digits / 8)));
  for (let at = 0; at < digits; at += 8) {
    words.setUint32(at / 2, Number.parseInt(wasmHex.slice(at, at + 8).padEnd(8, '0'), 16));
  }
  return new Uint8Array(words.buffer, 0, digits / 2);
}
