import { builtin } from '../builtin.ts';
import { checkOptions } from '../checks.ts';
import { CtreError, show } from '../errors.ts';
import type { FetchResponse, UrlObject, WasmModule } from '../globals.ts';
import { Arena, type Trials } from './arena.ts';
import { wasmHex } from './wasm.generated.ts';

/** Samples in a tile: the kernels' `TILE`. */
export const TILE = 32;

/** Bytes of one neuron's row in a tile. */
export const ROW_BYTES = 4 * TILE;

/** Scratch of the topK kernel, in elements of four bytes. */
export const TOP_K_SCRATCH = 2048;

/** A byte address in the kernels' memory. */
type Pointer = number;

/** The kernels; what each does, with every pointer's shape and type, is written at its source in assembly/. */
export type Kernels = {
  packDense(data: Pointer, rows: Pointer, count: number, cols: number, tile: Pointer): void;
  packCsr(
    indptr: Pointer,
    indices: Pointer,
    values: Pointer,
    rows: Pointer,
    count: number,
    cols: number,
    tile: Pointer,
  ): void;
  packColumns(data: Pointer, cols: number, begin: number, n: number, count: number, tile: Pointer): void;
  unpackColumns(tile: Pointer, cols: number, begin: number, n: number, count: number, data: Pointer): void;
  unpackRows(tile: Pointer, n: number, count: number, data: Pointer): void;
  clearLanes(tile: Pointer, n: number, count: number): void;
  gatherRows(from: Pointer, list: Pointer, n: number, to: Pointer): void;
  spmm(
    indptr: Pointer,
    indices: Pointer,
    values: Pointer,
    bias: Pointer,
    x: Pointer,
    y: Pointer,
    outDim: number,
    relu: boolean,
    lanes: number,
  ): void;
  spmmT(
    colPtr: Pointer,
    rowIdx: Pointer,
    perm: Pointer,
    values: Pointer,
    dy: Pointer,
    x: Pointer,
    dx: Pointer,
    inDim: number,
    lanes: number,
  ): void;
  spmmTLinear(
    colPtr: Pointer,
    rowIdx: Pointer,
    perm: Pointer,
    values: Pointer,
    dy: Pointer,
    dx: Pointer,
    inDim: number,
  ): void;
  sddmm(
    indptr: Pointer,
    indices: Pointer,
    dy: Pointer,
    x: Pointer,
    dW: Pointer,
    outDim: number,
    accumulate: boolean,
    lanes: number,
  ): void;
  addTo(to: Pointer, from: Pointer, n: number): void;
  biasGradient(dy: Pointer, db: Pointer, outDim: number, accumulate: boolean, lanes: number): void;
  gemm(w: Pointer, bias: Pointer, x: Pointer, y: Pointer, outDim: number, inDim: number, relu: boolean): void;
  gemmT(w: Pointer, dy: Pointer, x: Pointer, dx: Pointer, outDim: number, inDim: number): void;
  products(
    a: Pointer,
    x: Pointer,
    g: Pointer,
    outDim: number,
    inDim: number,
    accumulate: boolean,
    lanes: number,
  ): void;
  squaredNorms(a: Pointer, list: Pointer, n: number, sums: Pointer): void;
  cosineBlock(dots: Pointer, outSums: Pointer, inSums: Pointer, outDim: number, inDim: number): void;
  cosinePairs(
    indptr: Pointer,
    indices: Pointer,
    dots: Pointer,
    outSums: Pointer,
    inSums: Pointer,
    outDim: number,
  ): void;
  topK(
    scores: Pointer,
    n: number,
    k: number,
    smallest: boolean,
    absolute: boolean,
    scratch: Pointer,
    out: Pointer,
  ): void;
  softmax(z: Pointer, classes: number, probs: Pointer, logSums: Pointer): void;
  score(
    z: Pointer,
    logSums: Pointer,
    labels: Pointer,
    rows: Pointer,
    count: number,
    classes: number,
    out: Pointer,
  ): void;
  crossEntropyGradient(
    probs: Pointer,
    labels: Pointer,
    rows: Pointer,
    count: number,
    classes: number,
    scale: number,
    d: Pointer,
  ): void;
  sgd(
    w: Pointer,
    grad: Pointer,
    v: Pointer,
    n: number,
    rate: number,
    momentum: number,
    nesterov: boolean,
    l2: number,
  ): void;
  adam(
    w: Pointer,
    grad: Pointer,
    m: Pointer,
    v: Pointer,
    n: number,
    rate: number,
    beta1: number,
    beta2: number,
    scale: number,
    epsilon: number,
    l2: number,
  ): void;
};

/** The kernels and the memory they work on. */
export interface Engine {
  readonly kernels: Kernels;
  readonly arena: Arena;
  /** What the kernels were started from. */
  readonly module: WasmModule;
}

/** What the kernels can be started from at once: the bytes of `ctre/wasm`, or a module compiled from them. */
export type WasmBytes = ArrayBuffer | ArrayBufferView<ArrayBuffer> | WasmModule;

/** What the kernels can be started from: also where their bytes are, as an address (`https:`, or `file:` in Node) or a response. */
export type WasmSource = WasmBytes | UrlObject | string | FetchResponse | Promise<FetchResponse>;

/** The one state of the module: its engines, over a memory of this thread's and over one that threads share. */
let engine: Engine | undefined;
let starting: Promise<Engine> | undefined;
let sharedStarting: Promise<Engine> | undefined;
let trials: Trials | undefined;

/** For tests, before anything else: what the arenas of both engines are tried with. */
export function putOnTrial(wanted: Trials): void {
  trials = wanted;
}

/**
 * Compiles and starts the kernels, once; later calls return at once. Everything asynchronous calls it by itself.
 * Threads have kernels of their own, always the inlined ones.
 *
 * ```ts
 * await init({ wasm: '/assets/ctre.wasm' }); // hosted by oneself, instead of the inlined bytes
 * ```
 *
 * @param options.wasm what to start from instead of the inlined module.
 * @throws CtreError `E_ENGINE` where WebAssembly SIMD is missing, the module is not this package's, or its address does not
 *   answer; `E_ARGUMENT` for a `wasm` that is none of these.
 */
export async function init(options: { readonly wasm?: WasmSource } = {}): Promise<void> {
  const { wasm } = checkOptions('init', options, ['wasm']);
  if (engine !== undefined) return;
  if (wasm === undefined && !isPage()) return initSync();
  starting ??= startAsync(wasm ?? inlinedBytes(), createMemory(false)).finally(() => {
    starting = undefined;
  });
  const started = await starting;
  // Somebody may have started another synchronously meanwhile.
  engine ??= started;
}

/** Whether others wait for this thread to draw. Elsewhere so few bytes are compiled at once, in a fraction of the time. */
function isPage(): boolean {
  return 'document' in globalThis;
}

/** What the running engine was started from, or is being started from; undefined where none was asked for. */
export async function startedModule(): Promise<WasmModule | undefined> {
  return (engine ?? (await starting))?.module;
}

/**
 * As `init`, at once: in Node and workers, and on a page's main thread in browsers that compile so small a module there
 * (Chrome from 115 on; where it is refused the error says so, and `await init()` is the way). Not needed: what is synchronous calls
 * it by itself.
 * @param options.wasm bytes or a module to use instead of the inlined ones; an address or a response takes `init`.
 * @throws CtreError `E_ENGINE` where WebAssembly SIMD is missing, compiling on this thread is refused, or the module is not
 *   this package's; `E_ARGUMENT` for a `wasm` that is neither.
 */
export function initSync(options: { readonly wasm?: WasmBytes } = {}): void {
  const { wasm } = checkOptions('initSync', options, ['wasm']);
  if (engine !== undefined) return;
  const memory = createMemory(false);
  try {
    const source = checkBytes(wasm ?? inlinedBytes(), 'bytes or a WebAssembly.Module');
    const module = source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source);
    engine = assemble(new WebAssembly.Instance(module, { env: { memory } }), module, memory);
  } catch (cause) {
    throw startError(cause);
  }
}

/**
 * The running engine; started on the spot where none is.
 * @throws CtreError `E_ENGINE` where the engine cannot be started synchronously.
 */
export function getEngine(): Engine {
  initSync();
  return engine!;
}

/**
 * The engine over a memory that threads can share; started when it is first asked for.
 * @throws CtreError `E_ENGINE` where there is no shared memory.
 */
export async function getSharedEngine(): Promise<Engine> {
  sharedStarting ??= startAsync(declareShared(inlinedBytes()), createMemory(true));
  try {
    return await sharedStarting;
  } catch (error) {
    sharedStarting = undefined;
    throw error;
  }
}

async function startAsync(wasm: WasmSource, memory: WebAssembly.Memory): Promise<Engine> {
  try {
    const source = await readSource(wasm);
    const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
    return assemble(await WebAssembly.instantiate(module, { env: { memory } }), module, memory);
  } catch (cause) {
    throw startError(cause);
  }
}

/** What the address or the response holds, whatever type its server gives it: most do not know WebAssembly's. */
async function readSource(wasm: WasmSource): Promise<WasmBytes> {
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

function checkBytes(wasm: unknown, expected: string): WasmBytes {
  const isBytes = wasm instanceof ArrayBuffer || ArrayBuffer.isView(wasm);
  if (isBytes || wasm instanceof WebAssembly.Module) return wasm as WasmBytes;
  throw new CtreError('E_ARGUMENT', `wasm is ${show(wasm)}; expected ${expected}`);
}

/** Grows to the 4 GiB a 32-bit address reaches. */
function createMemory(shared: boolean): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 16, maximum: 65536, shared });
}

function assemble(
  { exports }: WebAssembly.Instance,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Engine {
  for (const name of ['spmm', 'spmmT', 'sddmm', 'products', 'topK', 'sgd']) {
    if (typeof exports[name] !== 'function') {
      throw new CtreError('E_ENGINE', `the module given has no function ${show(name)}; it is not ctre.wasm`);
    }
  }
  const arena = new Arena(memory, trials);
  const kernels = exports as Kernels;
  return { kernels: trials?.guards ? guard(kernels, arena) : kernels, arena, module };
}

/** The kernels, each followed by a look at the guards of all blocks. */
function guard(kernels: Kernels, arena: Arena): Kernels {
  const guarded = Object.entries(kernels).map(([name, kernel]) => [
    name,
    (...args: number[]): void => {
      Reflect.apply(kernel, undefined, args);
      arena.checkGuards();
    },
  ]);
  return Object.fromEntries(guarded);
}

/**
 * The module with its memory import declared as shared. That is one bit of the binary: the memory's limits stand behind the
 * names "env" and "memory" and the kind (2) of the import, and start with flags, of which 1 is "has a maximum" and 2 "shared".
 */
function declareShared(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const mark = [3, ...new TextEncoder().encode('env'), 6, ...new TextEncoder().encode('memory'), 2, 1];
  const at = bytes.findIndex((_, begin) => mark.every((byte, i) => bytes[begin + i] === byte));
  if (at < 0)
    throw new CtreError('E_ENGINE', 'the module does not import its memory as expected; build it again');
  bytes[at + mark.length - 1] = 3;
  return bytes;
}

function startError(cause: unknown): CtreError {
  if (cause instanceof CtreError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CtreError(
    'E_ENGINE',
    `the WebAssembly kernels could not be started (${reason}); ctre needs an engine with WebAssembly SIMD (Node 16.4, Chrome 91, Firefox 89, Safari 16.4 or newer), and "await init()" before synchronous calls on a page's main thread, where older browsers compile nothing at once`,
    { cause },
  );
}

/**
 * Of hexadecimal digits, which are more than those of base64, yet a fifth less once compressed: the bytes' repetitions stay repetitions.
 * Eight at a time, since one byte at a time takes longer than the compiler does.
 */
function inlinedBytes(): Uint8Array<ArrayBuffer> {
  const digits = wasmHex.length;
  const words = new DataView(new ArrayBuffer(4 * Math.ceil(digits / 8)));
  for (let at = 0; at < digits; at += 8) {
    words.setUint32(at / 2, Number.parseInt(wasmHex.slice(at, at + 8).padEnd(8, '0'), 16));
  }
  return new Uint8Array(words.buffer, 0, digits / 2);
}
