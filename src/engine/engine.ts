import { matrixKernelsText } from './matrixKernels.generated.ts';

// The bytes come before all code. Bundles keep this order, and gzip looks back 32 KB: in code after the bytes
// it would not find what code before them has, too.

import { checkBoolean, checkOptions } from '../base/checks.ts';
import { type KernelTable, MATRIX_KERNELS, type MatrixKernels } from './abi.ts';
import { Arena, type GrowingMemory } from './arena.ts';
import { Once } from './once.ts';
import {
  type EngineInfo,
  type Instance,
  inlinedBytes,
  type KernelModule,
  type StartedModule,
  type WasmBytes,
  type WasmSource,
} from './source.ts';
import { createMemory, isPage, startModule, startModuleSync } from './startModule.ts';

/** Kernels and the memory they work on. */
export interface Engine<K = MatrixKernels> extends EngineInfo {
  readonly kernels: K;
  readonly arena: Arena;
  /** What the kernels are of: the complete module, or one for each table. */
  readonly instances: readonly Instance[];
  /** Whether `init` was given the module. Then it is the complete one. */
  readonly isGiven: boolean;
}

/** What takes the place of kernels, and of the arena for them. */
type Trial = <K extends object>(kernels: K, arena: Arena) => Pick<Engine<K>, 'kernels' | 'arena'>;

/** The one state of the package, with that of training.ts: an engine over a memory of this thread. */
const engine = new Once<Engine>();

let onTrial: Trial | undefined;

/** For tests, before anything else: what takes the place of kernels that start. */
export function putOnTrial(replace: Trial): void {
  onTrial = replace;
}

/**
 * Compiles and starts the kernels, once; later calls return at once. Everything asynchronous calls it by
 * itself.
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
 *   why. It must come before all other calls.
 * @returns whether the kernels are revectorised, and why not where that was asked for.
 * @throws CtreError `E_ENGINE` where WebAssembly SIMD is missing, the module is not this package's, or its
 *   address does not answer; `E_MEMORY` where the system refuses the memory; `E_ARGUMENT` for a `wasm` that
 *   is none of these, or a `revectorize` that is no boolean.
 */
export async function init(
  options: { readonly wasm?: WasmSource; readonly revectorize?: boolean } = {},
): Promise<EngineInfo> {
  return startBy(options, MATRIX_KERNELS, startEngine);
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
  startEngineSync(givenModule(checkOptions('initSync', options, ['wasm']).wasm, MATRIX_KERNELS));
}

/**
 * The running engine; started on the spot where none is.
 * @throws CtreError `E_ENGINE` where the engine cannot be started synchronously; `E_MEMORY` where the system
 *   refuses the memory.
 */
export function getEngine(): Engine {
  return startEngineSync();
}

/** The engine that runs, or that is being started; undefined where none was asked for. */
export async function startedEngine(): Promise<Engine | undefined> {
  return engine.started;
}

/** Whether an engine runs and is revectorised. */
export function isRevectorized(): boolean {
  return engine.value?.revectorized ?? false;
}

/**
 * Starts something by the options of `init`, and says how it runs.
 * @param table what a given module has to have.
 */
export async function startBy(
  options: { readonly wasm?: WasmSource; readonly revectorize?: boolean },
  table: KernelTable,
  begin: (given: KernelModule | undefined, revectorize: boolean) => Promise<EngineInfo>,
): Promise<EngineInfo> {
  const { wasm, revectorize = false } = checkOptions('init', options, ['wasm', 'revectorize']);
  checkBoolean('revectorize', revectorize);
  const { revectorized, warning } = await begin(givenModule(wasm, table), revectorize);
  if (revectorized || !revectorize) return { revectorized, warning: undefined };
  return {
    revectorized,
    warning: warning ?? 'the kernels were started before; revectorize them before all other calls',
  };
}

/** The module that `init` was given, where it was. */
export function givenModule<W extends WasmSource>(
  wasm: W | undefined,
  table: KernelTable,
): KernelModule<W> | undefined {
  return wasm === undefined ? undefined : { wasm: () => wasm, table, isGiven: true };
}

/** The inlined module of the kernels on matrices. */
export const matrixModule = {
  wasm: () => inlinedBytes(matrixKernelsText),
  table: MATRIX_KERNELS,
  isGiven: false,
};

/**
 * The running engine; started where none is.
 * @throws CtreError as `init`.
 */
export async function startEngine(given: KernelModule | undefined, revectorize: boolean): Promise<Engine> {
  if (given === undefined && !revectorize && !isPage()) return startEngineSync();
  return engine.later(async () => {
    const growing = createMemory(false);
    return assemble(await startModule(given ?? matrixModule, growing.memory, revectorize), growing);
  });
}

/**
 * As `startEngine`, at once.
 * @throws CtreError as `initSync`.
 */
export function startEngineSync(given: KernelModule<WasmBytes> = matrixModule): Engine {
  return engine.now(() => {
    const growing = createMemory(false);
    return assemble(startModuleSync(given, growing.memory), growing);
  });
}

/** The kernels of a module as an engine. */
export function assemble({ instance, ...how }: StartedModule, { memory, limit }: GrowingMemory): Engine {
  const tried = tryOut(instance.exports as MatrixKernels, new Arena(memory, limit));
  return { ...tried, ...how, instances: [instance] };
}

/** The kernels and their arena; in tests, what takes their place. */
export function tryOut<K extends object>(kernels: K, arena: Arena): Pick<Engine<K>, 'kernels' | 'arena'> {
  return onTrial?.(kernels, arena) ?? { kernels, arena };
}
