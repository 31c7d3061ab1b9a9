import { CtreError, megabytes, reasonOf } from '../base/errors.ts';
import { isCloudflareWorker } from '../base/host.ts';
import type { WasmMemory } from '../base/hostTypes.ts';
import { checkKernels } from './abi.ts';
import { type GrowingMemory, LIMIT, PAGE } from './arena.ts';
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

/** The fewest bytes that a memory is worth having with. */
const LEAST_LIMIT = 2 ** 26;

/**
 * A memory for kernels. It grows to the 4 GiB that a 32-bit address reaches. Engines reserve that many
 * addresses at once, and can be refused. Then a memory that grows to half of it is asked for, and so on.
 * @throws CtreError `E_MEMORY` where all are refused; `E_ENGINE` where there is no WebAssembly.
 */
export function createMemory(shared: boolean): GrowingMemory {
  for (let limit = LIMIT; ; limit /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ initial: 16, maximum: limit / PAGE, shared }), limit };
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw startError(cause);
      if (limit > LEAST_LIMIT) continue;
      throw new CtreError(
        'E_MEMORY',
        `the kernels' memory was refused (${cause.message}); it needs ${megabytes(limit)} of ` +
          'addresses: raise the limit of this process (ulimit -v), or dispose() of models no longer needed',
        { cause },
      );
    }
  }
}

function startError(cause: unknown): CtreError {
  if (cause instanceof CtreError) return cause;
  return new CtreError('E_ENGINE', whyNotStarted(reasonOf(cause)), { cause });
}

function whyNotStarted(reason: string): string {
  if (typeof WebAssembly === 'undefined') {
    return 'this engine has no WebAssembly; some browsers take it away in their strictest mode';
  }
  if (isCloudflareWorker()) {
    return (
      `a Cloudflare Worker compiles no WebAssembly while it runs (${reason}); import ctre.wasm as a module, ` +
      'and give it to init({ wasm }) before anything else'
    );
  }
  if (/security policy|\bCSP\b|by embedder|unsafe-eval/i.test(reason)) {
    return (
      `the page's Content-Security-Policy refuses WebAssembly (${reason}); its script-src has to allow ` +
      "'wasm-unsafe-eval'"
    );
  }
  return (
    `the WebAssembly kernels could not be started (${reason}); ctre needs an engine with WebAssembly SIMD ` +
    '(Node 16.4, Chrome 91, Firefox 89, Safari 16.4 or newer), and "await init()" before synchronous calls ' +
    "on a page's main thread, where older browsers compile nothing at once"
  );
}
