import { CtreError, megabytes, reasonOf } from '../base/errors.ts';
import type { WasmMemory } from '../base/hostTypes.ts';
import { checkKernels } from './abi.ts';
import { type GrowingMemory, PAGE } from './arena.ts';
import {
  type Instance,
  type KernelModule,
  readSource,
  type StartedModule,
  start,
  startSync,
  type WasmBytes,
} from './source.ts';

/**
 * Whether people wait for this thread to draw. Elsewhere so few bytes are compiled at once, which takes less
 * time.
 */
export function isPage(): boolean {
  return 'document' in globalThis;
}

/**
 * Starts a module that has the kernels of its table.
 * @throws CtreError as `init`.
 */
export async function startModule(
  module: KernelModule,
  memory: WasmMemory,
  revectorize: boolean,
): Promise<StartedModule> {
  try {
    if (!revectorize) return asItIs(await start(module.wasm(), memory), module);
    // Few ask for it: pages need not load it.
    const { startRevectorized } = await import('./revectorize.ts');
    return startRevectorized(await readSource(module.wasm()), memory, module);
  } catch (cause) {
    throw startError(cause);
  }
}

/**
 * As `startModule`, at once, and never revectorised.
 * @throws CtreError as `initSync`.
 */
export function startModuleSync(module: KernelModule<WasmBytes>, memory: WasmMemory): StartedModule {
  try {
    return asItIs(startSync(module.wasm(), memory), module);
  } catch (cause) {
    throw startError(cause);
  }
}

function asItIs(instance: Instance, { table, isGiven }: KernelModule): StartedModule {
  checkKernels(instance.exports, table);
  return { instance, isGiven, revectorized: false, warning: undefined };
}

/** Pages of the 4 GiB that a 32-bit address reaches, and the fewest that a memory is worth having with. */
const [MOST_PAGES, FEWEST_PAGES] = [65536, 1024];

/**
 * A memory for kernels. It grows to the 4 GiB that a 32-bit address reaches. Engines reserve that many
 * addresses at once, and can be refused. Then a memory that grows to half of it is asked for, and so on.
 * @throws CtreError `E_MEMORY` where all are refused; `E_ENGINE` where there is no WebAssembly.
 */
export function createMemory(shared: boolean): GrowingMemory {
  for (let maximum = MOST_PAGES; ; maximum /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 16, maximum, shared }), limit: maximum * PAGE };
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw startError(cause);
      if (maximum > FEWEST_PAGES) continue;
      throw new CtreError(
        'E_MEMORY',
        `the kernels' memory was refused (${cause.message}); it needs ${megabytes(maximum * PAGE)} of ` +
          'addresses at the least, though little memory: raise the limit of this process (ulimit -v), or ' +
          'dispose() of models no longer needed',
        { cause },
      );
    }
  }
}

function startError(cause: unknown): CtreError {
  if (cause instanceof CtreError) return cause;
  if (/content security policy|disallowed by embedder|unsafe-eval/i.test(reasonOf(cause))) {
    return new CtreError(
      'E_ENGINE',
      `the page's Content-Security-Policy refuses WebAssembly (${reasonOf(cause)}); its script-src has to ` +
        "allow 'wasm-unsafe-eval'",
      { cause },
    );
  }
  if (typeof WebAssembly === 'undefined') {
    return new CtreError(
      'E_ENGINE',
      'this engine has no WebAssembly; some browsers take it away in their strictest mode',
      { cause },
    );
  }
  return new CtreError(
    'E_ENGINE',
    `the WebAssembly kernels could not be started (${reasonOf(cause)}); ctre needs an engine with ` +
      'WebAssembly SIMD ' +
      '(Node 16.4, Chrome 91, Firefox 89, Safari 16.4 or newer), and "await init()" before synchronous ' +
      "calls on a page's main thread, where older browsers compile nothing at once",
    { cause },
  );
}
