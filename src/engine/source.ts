import { instantiate, instantiateSync } from '@assemblyscript/loader';
import { isArrayBuffer } from '../base/arrays.ts';
import { CtreError, show, tagOf } from '../base/errors.ts';
import { builtin } from '../base/host.ts';
import type { FetchResponse, UrlObject, WasmMemory, WasmModule } from '../base/hostTypes.ts';

/** What the kernels can be started from at once: the bytes of `ctre/wasm`, or a module compiled from them. */
export type WasmBytes = ArrayBuffer | ArrayBufferView<ArrayBuffer> | WasmModule;

/**
 * What the kernels can be started from: bytes or a module, or where the bytes are. That is an address
 * (`https:`, or `file:` in Node), a response, or the promise of one.
 */
export type WasmSource = WasmBytes | UrlObject | string | FetchResponse | Promise<FetchResponse>;

/** A module that runs. */
export interface Instance {
  /** The instance's own functions. Those of the loader's result would put a function around every call. */
  readonly exports: Readonly<Record<string, unknown>>;
  readonly module: WasmModule;
}

/** How the kernels run. */
export interface EngineInfo {
  /** Whether V8 compiled them with vectors of 256 bits, and they passed their test. */
  readonly revectorized: boolean;
  /** Why they are not revectorised, where that was asked for. */
  readonly warning: string | undefined;
}

/** A module of kernels to be started. */
export interface KernelModule<W extends WasmSource = WasmSource> {
  readonly wasm: () => W;
  /** How many parameters each kernel has that it has to have. */
  readonly table: Readonly<Record<string, number>>;
  /** Whether `init` was given it. Others are inlined. */
  readonly isGiven: boolean;
}

/** A module of kernels that runs, and how. */
export interface StartedModule extends EngineInfo {
  readonly instance: Instance;
  readonly isGiven: boolean;
}

/**
 * Compiles and starts a module over the memory.
 * @throws CtreError `E_ARGUMENT` for anything but a source, `E_ENGINE` for an address that does not answer;
 *   else what the engine throws.
 */
export async function start(wasm: WasmSource, memory: WasmMemory): Promise<Instance> {
  const { instance, module } = await instantiate(await open(wasm), { env: { memory } });
  return { exports: instance.exports, module };
}

/**
 * As `start`, at once.
 * @throws CtreError `E_ARGUMENT` for anything but bytes or a module; else what the engine throws.
 */
export function startSync(wasm: WasmBytes, memory: WasmMemory): Instance {
  const source = checkBytes(wasm, 'bytes or a WebAssembly.Module');
  const { instance, module } = instantiateSync(source, { env: { memory } });
  return { exports: instance.exports, module };
}

/**
 * The bytes or the module that a source stands for.
 * @throws CtreError as `start`.
 */
export async function readSource(wasm: WasmSource): Promise<WasmBytes> {
  const opened = await open(wasm);
  return isResponse(opened) ? opened.arrayBuffer() : opened;
}

/** What can be compiled: of an address what is there, read or on its way. */
async function open(wasm: WasmSource): Promise<WasmBytes | Response> {
  const given = await wasm;
  const isAddress = typeof given === 'string' || tagOf(given) === 'URL';
  const files = isAddress && /^file:/.test(String(given)) ? builtin('node:fs/promises') : undefined;
  if (files !== undefined) return Uint8Array.from(await files.readFile(new URL(String(given))));
  const source = isAddress ? await fetch(String(given)) : given;
  if (!isResponse(source)) {
    return checkBytes(source, 'bytes, a WebAssembly.Module, a URL or a Response');
  }
  if (!source.ok) {
    throw new CtreError(
      'E_ENGINE',
      `${source.url} answered ${source.status}; expected the file that is exported as ctre/wasm`,
    );
  }
  // Engines compile a response while it arrives, if its server names this very type. Most servers do not know
  // it.
  return source.headers.get('content-type') === 'application/wasm' ? source : source.arrayBuffer();
}

function isResponse(value: unknown): value is Response {
  return tagOf(value) === 'Response';
}

function checkBytes(wasm: unknown, expected: string): WasmBytes {
  const isBytes = isArrayBuffer(wasm) || ArrayBuffer.isView(wasm);
  const isModule =
    tagOf(wasm) === 'WebAssembly.Module' ||
    (typeof WebAssembly === 'object' && wasm instanceof WebAssembly.Module);
  if (isBytes || isModule) return wasm as WasmBytes;
  throw new CtreError('E_ARGUMENT', `wasm is ${show(wasm)}; expected ${expected}`);
}

/**
 * The module with its memory import declared as shared. That is one bit of the binary. The import's bytes are
 * the names "env" and "memory", its kind (2), and the memory's limits. The limits begin with flags: 1 is "has
 * a maximum", 2 is "shared".
 */
export function declareShared(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const mark = [3, ...new TextEncoder().encode('env'), 6, ...new TextEncoder().encode('memory'), 2, 1];
  const at = bytes.findIndex((_, begin) => mark.every((byte, i) => bytes[begin + i] === byte));
  if (at < 0) {
    throw new CtreError('E_ENGINE', 'the module does not import its memory as expected; build it again');
  }
  bytes[at + mark.length - 1] = 3;
  return bytes;
}

/** The bytes of a module that the package brings, from the text of scripts/inlineText.mjs. */
export function inlinedBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let shift = -41;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 126) shift += 94;
    else {
      bytes[length++] = code + shift; // modulo 256, as such arrays store it
      shift = -41;
    }
  }
  return bytes.subarray(0, length);
}
