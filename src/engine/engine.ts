import { checkOptions } from '../base/checks.ts';
import { CtreError, reasonOf } from '../base/errors.ts';
import type { WasmMemory, WasmModule } from '../base/hostTypes.ts';
import { checkKernels, type Kernels } from './abi.ts';
import { Arena } from './arena.ts';
import {
  declareShared,
  type Instance,
  inlinedBytes,
  start,
  startSync,
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

/**
 * The one state of the package: an engine over a memory of this thread, and one over a memory that threads
 * share.
 */
let engine: Engine | undefined;

let starting: Promise<Engine> | undefined;

let sharedStarting: Promise<Engine> | undefined;

let onTrial: ((engine: Engine) => Engine) | undefined;

/** For tests, before anything else: what takes the place of an engine that starts. */
export function putOnTrial(replace: (engine: Engine) => Engine): void {
  onTrial = replace;
}

/**
 * Compiles and starts the kernels, once; later calls return at once. Everything asynchronous calls it by
 * itself. Threads have kernels of their own, always the inlined ones.
 *
 * ```ts
 * await init({ wasm: '/assets/ctre.wasm' }); // your own copy of the file instead of the inlined bytes
 * ```
 *
 * @param options.wasm what to start from instead of the inlined module.
 * @throws CtreError `E_ENGINE` where WebAssembly SIMD is missing, the module is not this package's, or its
 *   address does not answer; `E_MEMORY` where the system refuses the memory; `E_ARGUMENT` for a `wasm` that
 *   is none of these.
 */
export async function init(options: { readonly wasm?: WasmSource } = {}): Promise<void> {
  const { wasm } = checkOptions('init', options, ['wasm']);
  if (engine !== undefined) return;
  if (wasm === undefined && !isPage()) return initSync();
  starting ??= startAsync(false, () => wasm ?? inlinedBytes()).finally(() => {
    starting = undefined;
  });
  const started = await starting;
  // A synchronous call may have started another meanwhile.
  engine ??= started;
}

/**
 * Whether people wait for this thread to draw. Elsewhere so few bytes are compiled at once, which takes less
 * time.
 */
function isPage(): boolean {
  return 'document' in globalThis;
}

/** What the running engine was started from, or is being started from; undefined where none was asked for. */
export async function startedModule(): Promise<WasmModule | undefined> {
  return (engine ?? (await starting))?.module;
}

/**
 * As `init`, at once: in Node, in workers, and on a page's main thread in browsers that compile so small a
 * module there (Chrome from 115 on; others refuse, the error says so, and `await init()` is the way). You
 * need not call it: whatever is synchronous calls it by itself.
 * @param options.wasm bytes or a module to use instead of the inlined ones; `init` takes addresses and
 *   responses, too.
 * @throws CtreError `E_ENGINE` where WebAssembly SIMD is missing, compiling on this thread is refused, or the
 *   module is not this package's; `E_MEMORY` where the system refuses the memory; `E_ARGUMENT` for any other
 *   `wasm`.
 */
export function initSync(options: { readonly wasm?: WasmBytes } = {}): void {
  const { wasm } = checkOptions('initSync', options, ['wasm']);
  if (engine !== undefined) return;
  try {
    const memory = createMemory(false);
    engine = assemble(startSync(wasm ?? inlinedBytes(), memory), memory);
  } catch (cause) {
    throw startError(cause);
  }
}

/**
 * The running engine; started on the spot where none is.
 * @throws CtreError `E_ENGINE` where the engine cannot be started synchronously; `E_MEMORY` where the system
 *   refuses the memory.
 */
export function getEngine(): Engine {
  initSync();
  return engine!;
}

/**
 * The engine over a memory that threads can share; started when it is first asked for.
 * @throws CtreError `E_ENGINE` where there is no shared memory; `E_MEMORY` where the system refuses so large
 *   a one. The next call tries again.
 */
export async function getSharedEngine(): Promise<Engine> {
  sharedStarting ??= startAsync(true, () => declareShared(inlinedBytes()));
  try {
    return await sharedStarting;
  } catch (error) {
    sharedStarting = undefined;
    throw error;
  }
}

async function startAsync(shared: boolean, source: () => WasmSource): Promise<Engine> {
  try {
    const memory = createMemory(shared);
    return assemble(await start(source(), memory), memory);
  } catch (cause) {
    throw startError(cause);
  }
}

/**
 * Grows to the 4 GiB that a 32-bit address reaches. Engines reserve that many addresses at once, and can be
 * refused.
 */
function createMemory(shared: boolean): WasmMemory {
  try {
    return new WebAssembly.Memory({ initial: 16, maximum: 65536, shared });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CtreError(
      'E_MEMORY',
      `the kernels' memory was refused (${cause.message}); it needs 4096 MiB of addresses, though ` +
        'little memory: raise the limit of this process (ulimit -v), or dispose() of models no longer needed',
      { cause },
    );
  }
}

function assemble({ exports, module }: Instance, memory: WasmMemory): Engine {
  const started = { kernels: checkKernels(exports), arena: new Arena(memory), module };
  return onTrial?.(started) ?? started;
}

function startError(cause: unknown): CtreError {
  if (cause instanceof CtreError) return cause;
  return new CtreError(
    'E_ENGINE',
    `the WebAssembly kernels could not be started (${reasonOf(cause)}); ctre needs an engine with WebAssembly SIMD ` +
      '(Node 16.4, Chrome 91, Firefox 89, Safari 16.4 or newer), and "await init()" before synchronous ' +
      "calls on a page's main thread, where older browsers compile nothing at once",
    { cause },
  );
}
