import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as Training from '../../../src/engine/training.ts';

const REVECTORIZE = '--experimental-wasm-revectorize';

/** A V8 that knows these flags, and does as it is told. */
class FakeV8 {
  readonly set = new Set<string>();
  readonly said: string[] = [];
  readonly #known: readonly string[];

  constructor(known: readonly string[]) {
    this.#known = known;
  }

  cachedDataVersionTag(): string {
    return [...this.set].sort().join();
  }

  setFlagsFromString(flag: string): void {
    this.said.push(flag);
    const name = flag.replace(/^--(no-)?/, '');
    if (!this.#known.includes(name)) return;
    if (flag.startsWith('--no-')) this.set.delete(name);
    else this.set.add(name);
  }
}

const FLAGS = ['experimental-wasm-revectorize', 'wasm-sync-tier-up'];

/** A Node of this kind, as far as it is looked at. */
function node(more: object = {}): object {
  return { versions: { v8: '13.6.233.17-node.53', node: '24.21.0' }, arch: 'x64', execArgv: [], ...more };
}

describe('init({ revectorize: true })', () => {
  let v8: FakeV8;
  let fresh: typeof Training;

  /** The package as it is in a process of its own. */
  async function start(process: object | undefined, known = FLAGS): Promise<void> {
    vi.resetModules();
    v8 = new FakeV8(known);
    vi.doMock('../../../src/base/host.ts', () => ({
      builtin: (name: string) => (name === 'node:v8' ? v8 : undefined),
    }));
    fresh = await import('../../../src/engine/training.ts');
    vi.stubGlobal('process', process);
  }

  beforeEach(() => start(node()));
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.doUnmock('../../../src/base/host.ts');
    vi.doUnmock('../../../src/engine/selfTest.ts');
    vi.resetModules();
  });

  it('says that the kernels are revectorised, and leaves V8 as it was', async () => {
    expect(await fresh.initTraining({ revectorize: true })).toEqual({
      revectorized: true,
      warning: undefined,
    });
    const once = [...FLAGS.map((flag) => `--${flag}`), ...FLAGS.map((flag) => `--no-${flag}`)];
    // For each of the two modules.
    expect(v8.said).toEqual([...once, ...once]);
    expect(await fresh.initTraining()).toEqual({ revectorized: true, warning: undefined });
    expect((await fresh.getSharedEngine()).revectorized).toBe(true);
    expect(v8.set.size).toBe(0);
  });

  it('leaves a flag set that was set before', async () => {
    v8.set.add(FLAGS[0]);
    expect(await fresh.initTraining({ revectorize: true })).toEqual({
      revectorized: true,
      warning: undefined,
    });
    expect([...v8.set]).toEqual([FLAGS[0]]);
  });

  it('compiles bytes of their own, over the memory of the engine', async () => {
    const compile = vi.spyOn(WebAssembly, 'Module');
    await fresh.initTraining({ revectorize: true });
    const [plain, marked] = compile.mock.calls.map(([bytes]) => bytes as Uint8Array);
    expect(marked.length).toBeGreaterThan(plain.length);
    expect(fresh.getTrainingEngine().kernels.spmm).toBeTypeOf('function');
    compile.mockRestore();
  });

  it('says nothing of it where nobody asked', async () => {
    expect(await fresh.initTraining()).toEqual({ revectorized: false, warning: undefined });
    expect(v8.said).toEqual([]);
  });

  it('takes a compiled module', async () => {
    const wasm = new WebAssembly.Module(readFileSync(new URL('../../../build/ctre.wasm', import.meta.url)));
    expect(await fresh.initTraining({ wasm, revectorize: true })).toEqual({
      revectorized: true,
      warning: undefined,
    });
    expect(fresh.getTrainingEngine().instances.map(({ module }) => module)).toEqual([wasm]);
  });

  it('turns it off where a kernel computes other bits', async () => {
    vi.doMock('../../../src/engine/selfTest.ts', async (original) => {
      const actual = await original<typeof import('../../../src/engine/selfTest.ts')>();
      const runKernels: typeof actual.runKernels = (kernels, memory, rounds) => {
        const left = actual.runKernels(kernels, memory, 0);
        const words = left.get('sddmm');
        if (rounds > 0 && words !== undefined) words[words.length - 1] ^= 1;
        return left;
      };
      return { ...actual, runKernels };
    });
    const warning = 'revectorised, the kernel sddmm computes other bits';
    expect(await fresh.initTraining({ revectorize: true })).toEqual({ revectorized: false, warning });
    expect(v8.set.size).toBe(0);
    // It runs, and threads do not try again.
    expect(fresh.getTrainingEngine().kernels.spmm).toBeTypeOf('function');
    expect((await fresh.getSharedEngine()).revectorized).toBe(false);
    expect(v8.said.filter((flag) => flag === REVECTORIZE)).toHaveLength(1);
  });

  it('sets the flags as they were when a kernel traps', async () => {
    vi.doMock('../../../src/engine/selfTest.ts', async (original) => {
      const actual = await original<typeof import('../../../src/engine/selfTest.ts')>();
      const runKernels: typeof actual.runKernels = (kernels, memory, rounds) => {
        if (rounds > 0) throw new WebAssembly.RuntimeError('unreachable');
        return actual.runKernels(kernels, memory, 0);
      };
      return { ...actual, runKernels };
    });
    const warning = 'revectorised, the kernels fail (unreachable)';
    expect(await fresh.initTraining({ revectorize: true })).toEqual({ revectorized: false, warning });
    expect(v8.set.size).toBe(0);
  });

  it.each<[string, object | undefined, string]>([
    ['a browser', undefined, 'kernels are revectorised in Node only'],
    ['Deno', node({ versions: { v8: '14.0.1', node: '24.0.0', deno: '2.5.0' } }), 'in Node only'],
    ['Bun', node({ versions: { v8: '13.6.1', node: '24.3.0', bun: '1.3.0' } }), 'in Node only'],
    ['Electron', node({ versions: { v8: '14.0.1', node: '24.0.0', electron: '40.0.0' } }), 'in Node only'],
    ['an ARM processor', node({ arch: 'arm64' }), 'for x64 processors only, and this one is arm64'],
    ['Node 20', node({ versions: { v8: '11.3.244.8-node.38', node: '20.20.2' } }), 'this is Node 20.20.2'],
    ['Node 23', node({ versions: { v8: '13.5.1', node: '23.1.0' } }), 'this is Node 23.1.0'],
    ['frozen flags', node({ execArgv: ['--freeze-flags-after-init'] }), "V8's flags are frozen"],
    ['frozen flags, spelt the other way', node({ execArgv: ['--freeze_flags_after_init'] }), 'frozen'],
  ])('says why not, and touches nothing, with %s', async (_, process, reason) => {
    await start(process);
    const warning = expect.stringContaining(reason);
    expect(await fresh.initTraining({ revectorize: true })).toEqual({ revectorized: false, warning });
    expect(v8.said).toEqual([]);
    expect(fresh.getTrainingEngine().kernels.spmm).toBeTypeOf('function');
    // Whoever asks again is told again.
    expect(await fresh.initTraining({ revectorize: true })).toEqual({ revectorized: false, warning });
    expect(await fresh.initTraining()).toEqual({ revectorized: false, warning: undefined });
  });

  it.each([
    ['the first flag', [FLAGS[1]]],
    ['the second flag', [FLAGS[0]]],
  ])('says why not, and leaves V8 as it was, where V8 does not know %s', async (_, known) => {
    await start(node(), known);
    const warning = expect.stringContaining('this V8 (13.6.233.17-node.53) ');
    expect(await fresh.initTraining({ revectorize: true })).toEqual({ revectorized: false, warning });
    expect(v8.set.size).toBe(0);
  });

  it('says so where it comes too late', async () => {
    fresh.initTrainingSync();
    const warning = 'the kernels were started before; revectorize them before all other calls';
    expect(await fresh.initTraining({ revectorize: true })).toEqual({ revectorized: false, warning });
    expect(v8.said).toEqual([]);
  });

  it('says so where a synchronous call came meanwhile', async () => {
    const asked = fresh.initTraining({ revectorize: true });
    fresh.initTrainingSync();
    expect(await asked).toMatchObject({ revectorized: false, warning: expect.stringContaining('before') });
  });

  it('refuses anything but true or false', async () => {
    await expect(fresh.initTraining({ revectorize: 'yes' as never })).rejects.toMatchObject({
      code: 'E_ARGUMENT',
      message: 'revectorize is "yes"; expected true or false',
    });
  });

  it('refuses what is no module, with and without the flag', async () => {
    const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    await expect(fresh.initTraining({ wasm, revectorize: true })).rejects.toMatchObject({ code: 'E_ENGINE' });
    await expect(fresh.initTraining({ wasm: 5 as never, revectorize: true })).rejects.toMatchObject({
      code: 'E_ARGUMENT',
    });
    expect(v8.set.size).toBe(0);
  });
});
