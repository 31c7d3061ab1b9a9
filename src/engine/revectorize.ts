// V8 can compute two neighbouring vectors of 128 bits as one of 256, on processors with AVX2. It does so
// where a flag of its own is set, which it calls experimental. So the kernels prove first that their bits
// stay the same.

import { reasonOf } from '../base/errors.ts';
import { builtin } from '../base/host.ts';
import type { WasmMemory } from '../base/hostTypes.ts';
import { checkKernels } from './abi.ts';
import { matrixKernelsText } from './matrixKernels.generated.ts';
import { findDifference, type KernelResults, runKernels } from './selfTest.ts';
import { inlinedBytes, type KernelModule, type StartedModule, startSync, type WasmBytes } from './source.ts';
import { trainingKernelsText } from './trainingKernels.generated.ts';

/**
 * The flags while the kernels are tested: the optimising compiler revectorises, and it replaces a function
 * before the call that finds it due returns. Else a test could not tell whose code it runs.
 */
const FLAGS = ['experimental-wasm-revectorize', 'wasm-sync-tier-up'];

/** The first V8 whose revectoriser makes these kernels faster: that of Node 24. */
const LEAST_V8 = [13, 6];

/**
 * Runs of a kernel before the run that counts. The optimising compiler takes over after a quarter of them or
 * earlier (V8 13.6 and 14.6).
 */
const RUNS_BEFORE = 3000;

/**
 * Starts a module, revectorised where that can be had. V8's flags are as before afterwards: what was tested
 * keeps its code, and nothing else in the process is compiled another way. The kernels are tested over a
 * memory of their own, so the given one may be in use.
 * @throws CtreError `E_ARGUMENT` for anything but bytes or a module, `E_ENGINE` for a module that has not the
 *   kernels of the table; else what the engine throws.
 */
export function startRevectorized(
  wasm: WasmBytes,
  memory: WasmMemory,
  { table, isGiven }: KernelModule,
): StartedModule {
  const plain = startSync(wasm, memory);
  checkKernels(plain.exports, table);
  const asItIs = (warning: string) => ({ instance: plain, isGiven, revectorized: false, warning });
  const obstacle = whyNot();
  if (obstacle !== undefined) return asItIs(obstacle);
  const isModule = wasm instanceof WebAssembly.Module;
  const isShared = memory.buffer instanceof SharedArrayBuffer;
  const trial = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: isShared });
  const run = (source: WasmBytes, rounds: number): KernelResults =>
    runKernels(startSync(source, trial).exports, trial, rounds);
  const expected = isModule ? runInlined(run) : run(plain.module, 0);
  const restore = setFlags();
  if (restore === undefined)
    return asItIs(`this V8 (${globalThis.process.versions.v8}) has no flag for it any more`);
  const fails = (warning: string): StartedModule =>
    // The code of a compiled module is what was tested, and stays. Its place is taken by the inlined kernels.
    isModule
      ? { ...asItIs(warning), instance: startSync(inlinedBytes(matrixKernelsText), memory), isGiven: false }
      : asItIs(warning);
  try {
    // Compiled code is shared by all modules of the same bytes in the process. These must have their own.
    const module = isModule ? wasm : startSync(withMark(wasm), trial).module;
    const difference = findDifference(expected, run(module, RUNS_BEFORE));
    if (difference !== undefined) return fails(`revectorised, the kernel ${difference} computes other bits`);
    return { instance: startSync(module, memory), isGiven, revectorized: true, warning: undefined };
  } catch (error) {
    return fails(`revectorised, the kernels fail (${reasonOf(error)})`);
  } finally {
    restore();
  }
}

/** What the inlined kernels compute, of both tables. */
function runInlined(run: (bytes: WasmBytes, rounds: number) => KernelResults): KernelResults {
  return new Map([...run(inlinedBytes(matrixKernelsText), 0), ...run(inlinedBytes(trainingKernelsText), 0)]);
}

/** Why nothing can be revectorised here; undefined where V8 can be told to. */
function whyNot(): string | undefined {
  const process: NodeJS.Process | undefined = globalThis.process;
  const { deno, bun, electron, v8 } = process?.versions ?? {};
  if (v8 === undefined || deno !== undefined || bun !== undefined || electron !== undefined) {
    return 'kernels are revectorised in Node only; nothing else lets a program set the flag of V8';
  }
  if (globalThis.process.arch !== 'x64') {
    return `V8 revectorises for x64 processors only, and this one is ${globalThis.process.arch}`;
  }
  const [major, minor] = v8.split('.').map(Number);
  if (major < LEAST_V8[0] || (major === LEAST_V8[0] && minor < LEAST_V8[1])) {
    return `V8 revectorises from Node 24 on, and this is Node ${globalThis.process.versions.node}`;
  }
  // Setting a flag ends the process then.
  if (globalThis.process.execArgv.some((option) => /^--freeze[-_]flags/.test(option))) {
    return "V8's flags are frozen (--freeze-flags-after-init)";
  }
  return undefined;
}

/**
 * Sets V8's flags.
 * @returns a function that sets them as they were; undefined, and nothing is set, where V8 knows not all.
 */
function setFlags(): (() => void) | undefined {
  const v8 = builtin('node:v8');
  if (v8 === undefined) return undefined;
  // V8 does not say what its flags are. This number depends on them.
  const changes = (flag: string): boolean => {
    const before = v8.cachedDataVersionTag();
    v8.setFlagsFromString(flag);
    return v8.cachedDataVersionTag() !== before;
  };
  const set: string[] = [];
  const restore = (): void => {
    for (const flag of set) v8.setFlagsFromString(`--no-${flag}`);
  };
  for (const flag of FLAGS) {
    if (changes(`--${flag}`)) set.push(flag);
    // It was set before, by whoever started the process, or there is no such flag.
    else if (changes(`--no-${flag}`)) v8.setFlagsFromString(`--${flag}`);
    else {
      restore();
      return undefined;
    }
  }
  return restore;
}

/** The bytes with a section at their end that means nothing. */
function withMark(bytes: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode('revectorized');
  const module = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  const marked = new Uint8Array(module.length + name.length + 3);
  marked.set(module);
  // A section without a meaning has the number 0, its length, the length of its name and the name.
  marked.set([0, name.length + 1, name.length, ...name], module.length);
  return marked;
}
