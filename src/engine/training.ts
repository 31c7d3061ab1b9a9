import { trainingKernelsText } from './trainingKernels.generated.ts';

// The bytes come before all code, as in engine.ts.

import { checkOptions } from '../base/checks.ts';
import { checkKernels, type Kernels, MATRIX_KERNELS, TRAINING_KERNELS, type TrainingKernels } from './abi.ts';
import {
  assemble,
  type Engine,
  getEngine,
  givenModule,
  isRevectorized,
  matrixModule,
  startBy,
  startEngine,
  startEngineSync,
  tryOut,
} from './engine.ts';
import { Once } from './once.ts';
import {
  declareShared,
  type EngineInfo,
  inlinedBytes,
  type KernelModule,
  type StartedModule,
  type WasmBytes,
  type WasmSource,
} from './source.ts';
import { createMemory, isPage, startModule, startModuleSync } from './startModule.ts';

/** An engine that has all kernels: those of training beside those on matrices, over one memory. */
export type TrainingEngine = Engine<Kernels>;

/** The engine of this thread with all kernels, and one over a memory that threads share. */
const training = new Once<TrainingEngine>();

const shared = new Once<TrainingEngine>();

/** The inlined module of the kernels of training. */
const trainingModule = {
  wasm: () => inlinedBytes(trainingKernelsText),
  table: TRAINING_KERNELS,
  isGiven: false,
};

/** What a given module has to have. */
const COMPLETE = { ...MATRIX_KERNELS, ...TRAINING_KERNELS };

/**
 * Compiles and starts the kernels, once; later calls return at once. Everything asynchronous calls it by
 * itself. Threads have kernels of their own, always the inlined ones.
 *
 * ```ts
 * await init({ wasm: '/assets/ctre.wasm' }); // your own copy of the file instead of the inlined bytes
 * const { revectorized, warning } = await init({ revectorize: true }); // faster on Node 24 and later
 * ```
 *
 * @param options.wasm what to start from instead of the inlined modules.
 * @param options.revectorize has V8 compile the kernels with vectors of 256 bits, by an experimental flag of
 *   its own: on Node 24 or later with an x64 processor that has AVX2. Each kernel is tested first, in about
 *   half a second. Where one computes other bits, or elsewhere, the kernels run as ever, and `warning` says
 *   why. It must come before all other calls. Threads and WorkerModels that start later have the same code.
 * @returns whether the kernels are revectorised, and why not where that was asked for.
 * @throws CtreError `E_ENGINE` where WebAssembly SIMD is missing, the module is not this package's, or its
 *   address does not answer; `E_MEMORY` where the system refuses the memory; `E_ARGUMENT` for a `wasm` that
 *   is none of these, or a `revectorize` that is no boolean.
 */
export async function initTraining(
  options: { readonly wasm?: WasmSource; readonly revectorize?: boolean } = {},
): Promise<EngineInfo> {
  return startBy(options, COMPLETE, async (given, revectorize) => {
    const engine = await startEngine(given, revectorize);
    if (engine.isGiven || !(engine.revectorized || isPage())) return getTrainingEngine();
    return training.later(async () =>
      addTraining(engine, await startModule(trainingModule, engine.arena.memory, engine.revectorized)),
    );
  });
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
export function initTrainingSync(options: { readonly wasm?: WasmBytes } = {}): void {
  startEngineSync(givenModule(checkOptions('initSync', options, ['wasm']).wasm, COMPLETE));
  getTrainingEngine();
}

/**
 * The running engine with all kernels; what is missing of it is started on the spot.
 * @throws CtreError as `getEngine`.
 */
export function getTrainingEngine(): TrainingEngine {
  return training.now(() => {
    const engine = getEngine();
    if (!engine.isGiven) {
      return addTraining(engine, startModuleSync(trainingModule, engine.arena.memory));
    }
    // It may have been given to those who need no kernels of training.
    checkKernels(engine.instances[0].exports, TRAINING_KERNELS);
    return { ...engine, kernels: engine.kernels as Kernels };
  });
}

/**
 * The engine over a memory that threads can share; started when it is first asked for, and revectorised where
 * this thread's is.
 * @throws CtreError `E_ENGINE` where there is no shared memory; `E_MEMORY` where the system refuses even
 *   64 MiB of addresses. The next call tries again.
 */
export async function getSharedEngine(): Promise<TrainingEngine> {
  return shared.later(async () => {
    const growing = createMemory(true);
    const begin = (module: KernelModule<Uint8Array<ArrayBuffer>>) =>
      startModule({ ...module, wasm: () => declareShared(module.wasm()) }, growing.memory, isRevectorized());
    return addTraining(assemble(await begin(matrixModule), growing), await begin(trainingModule));
  });
}

/** The engine with the kernels of a second module over its memory. */
function addTraining(engine: Engine, { instance, revectorized, warning }: StartedModule): TrainingEngine {
  const { kernels } = tryOut(instance.exports as TrainingKernels, engine.arena);
  return {
    ...engine,
    kernels: { ...engine.kernels, ...kernels },
    instances: [...engine.instances, instance],
    revectorized: engine.revectorized && revectorized,
    warning: engine.warning ?? warning,
  };
}
