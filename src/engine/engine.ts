import { checkOptions } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import type { WasmModule } from '../base/host.ts';
import type { Kernels } from './abi.ts';
import { Arena, type Trials } from './arena.ts';
import {
  checkBytes,
  declareShared,
  inlinedBytes,
  readSource,
  type WasmBytes,
  type WasmSource,
} from './source.ts';

/** The kernels and the memory they work on. */
export interface Engine {
  readonly kernels: Kernels;
  readonly arena: Arena;
  /** What the kernels were started from. */
  readonly module: WasmModule;
}

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

function startError(cause: unknown): CtreError {
  if (cause instanceof CtreError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CtreError(
    'E_ENGINE',
    `the WebAssembly kernels could not be started (${reason}); ctre needs an engine with WebAssembly SIMD (Node 16.4, Chrome 91, Firefox 89, Safari 16.4 or newer), and "await init()" before synchronous calls on a page's main thread, where older browsers compile nothing at once`,
    { cause },
  );
}
