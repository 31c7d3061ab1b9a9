import { checkBoolean, checkOptions } from '../base/checks.ts';
import { CtreError, reasonOf } from '../base/errors.ts';
import type { WasmMemory, WasmModule } from '../base/hostTypes.ts';
import { checkKernels, type Kernels } from './abi.ts';
import { Arena } from './arena.ts';
import {
  declareShared,
  type Instance,
  inlinedBytes,
  readSource,
  start,
  startSync,
  type WasmBytes,
  type WasmSource,
} from './source.ts';

/** How the kernels run. */
export interface EngineInfo {
  /** Whether V8 compiled them with vectors of 256 bits, and they passed their test. */
  readonly revectorized: boolean;
  /** Why they are not revectorised, where that was asked for. */
  readonly warning: string | undefined;
}

/** The kernels and the memory they work on. */
export interface Engine extends EngineInfo {
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
 * const { revectorized, warning } = await init({ revectorize: true }); // faster on Node 24 and later
 * ```
 *
 * @param options.wasm what to start from instead of the inlined module.
 * @param options.revectorize has V8 compile the kernels with vectors of 256 bits, by an experimental flag of
 *   its own: on Node 24 or later with an x64 processor that has AVX2. Each kernel is tested first, in about
 *   half a second. Where one computes other bits, or elsewhere, the kernels run as ever, and `warning` says
 *   why. It must come before all other calls. Threads and WorkerModels that start later have the same code.
 * @returns whether the kernels are revectorised, and why not where that was asked for.
 * @throws CtreError `E_ENGINE` where WebAssembly SIMD is missing, the module is not this package's, or its
 *   address does not answer; `E_MEMORY` where the system refuses the memory; `E_ARGUMENT` for a `wasm` that
 *   is none of these, or a `revectorize` that is no boolean.
 */
export async function init(
  options: { readonly wasm?: WasmSource; readonly revectorize?: boolean } = {},
): Promise<EngineInfo> {
  const { wasm, revectorize = false } = checkOptions('init', options, ['wasm', 'revectorize']);
  checkBoolean('revectorize', revectorize);
  if (engine === undefined && wasm === undefined && !revectorize && !isPage()) initSync();
  if (engine === undefined) {
    starting ??= startAsync(false, () => wasm ?? inlinedBytes(), revectorize).finally(() => {
      starting = undefined;
    });
    const started = await starting;
    // A synchronous call may have started another meanwhile.
    engine ??= started;
  }
  const { revectorized, warning } = engine;
  if (revectorized || !revectorize) return { revectorized, warning: undefined };
  return {
    revectorized,
    warning: warning ?? 'the kernels were started before; revectorize them before all other calls',
  };
}

/**
 * Whether people wait for this thread to draw. Elsewhere so few bytes are compiled at once, which takes less
 * time.
 */
function isPage(): boolean {
  return 'document' in globalThis;
}

/** The engine that runs, or that is being started; undefined where none was asked for. */
export async function startedEngine(): Promise<Engine | undefined> {
  return engine ?? starting;
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
 * The engine over a memory that threads can share; started when it is first asked for, and revectorised where
 * this thread's is.
 * @throws CtreError `E_ENGINE` where there is no shared memory; `E_MEMORY` where the system refuses so large
 *   a one. The next call tries again.
 */
export async function getSharedEngine(): Promise<Engine> {
  sharedStarting ??= startAsync(true, () => declareShared(inlinedBytes()), engine?.revectorized ?? false);
  try {
    return await sharedStarting;
  } catch (error) {
    sharedStarting = undefined;
    throw error;
  }
}

async function startAsync(shared: boolean, source: () => WasmSource, revectorize: boolean): Promise<Engine> {
  try {
    const memory = createMemory(shared);
    if (!revectorize) return assemble(await start(source(), memory), memory);
    // Few ask for it: pages need not load it.
    const { startRevectorized } = await import('./revectorize.ts');
    const { instance, warning } = startRevectorized(await readSource(source()), memory);
    return assemble(instance, memory, { revectorized: warning === undefined, warning });
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

function assemble(
  { exports, module }: Instance,
  memory: WasmMemory,
  info: EngineInfo = { revectorized: false, warning: undefined },
): Engine {
  const started = { kernels: checkKernels(exports), arena: new Arena(memory), module, ...info };
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
