import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inlineText } from '../../../scripts/inlineText.mjs';
import { MATRIX_KERNELS, TRAINING_KERNELS } from '../../../src/engine/abi.ts';
import type { WasmBytes, WasmSource } from '../../../src/engine/source.ts';

const file = new URL('../../../build/ctre.wasm', import.meta.url);

/** The properties of a namespace object, which spreading leaves out. */
function globalNames(namespace: object): Record<string, unknown> {
  const names = Object.getOwnPropertyNames(namespace);
  return Object.fromEntries(names.map((name) => [name, Reflect.get(namespace, name)]));
}

/** ctre.wasm with other names of its exports, of the same lengths. */
function rename(names: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const wasm = Uint8Array.from(readFileSync(file));
  for (const [from, to] of Object.entries(names)) {
    // A name stands behind its length, and before the export's kind: 0, a function.
    const mark = [from.length, ...Buffer.from(from), 0];
    const at = readFileSync(file).indexOf(Uint8Array.from(mark));
    wasm.set(Buffer.from(to), at + 1);
  }
  return wasm;
}

describe('kernels of another module', () => {
  // The eight bytes of a module without anything: "\0asm" and version 1.
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

  beforeEach(() => {
    vi.resetModules();
    vi.doMock('../../../src/engine/matrixKernels.generated.ts', () => ({
      matrixKernelsText: inlineText(empty),
    }));
  });
  afterEach(() => {
    vi.doUnmock('../../../src/engine/matrixKernels.generated.ts');
    vi.resetModules();
  });

  it('are refused by what they lack', async () => {
    const { getEngine, init } = await import('../../../src/engine/engine.ts');
    const { getSharedEngine, initTraining } = await import('../../../src/engine/training.ts');
    const noKernels = {
      code: 'E_ENGINE',
      message: 'the module has no kernel checkCsr; expected the ctre.wasm of this version of ctre',
    };
    await expect(init({ wasm: empty })).rejects.toMatchObject(noKernels);
    await expect(initTraining({ wasm: empty })).rejects.toMatchObject(noKernels);
    expect(() => getEngine()).toThrow(expect.objectContaining(noKernels));
    await expect(getSharedEngine()).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: 'the module does not import its memory as expected; build it again',
    });
  });

  /** Starts of `ctre/kernels`, then those of `ctre`. */
  async function starts() {
    const { getEngine, init, initSync } = await import('../../../src/engine/engine.ts');
    const training = await import('../../../src/engine/training.ts');
    return { getEngine, init, initSync, ...training };
  }

  it.each(Object.keys({ ...MATRIX_KERNELS, ...TRAINING_KERNELS }))('are refused without %s', async (name) => {
    const { init, initSync, initTraining, initTrainingSync } = await starts();
    // A name of the same length, so that the module stays one.
    const wasm = rename({ [name]: '_'.repeat(name.length) });
    const message = `the module has no kernel ${name}; expected the ctre.wasm`;
    expect(() => initTrainingSync({ wasm })).toThrow(message);
    await expect(initTraining({ wasm })).rejects.toThrow(message);
    if (name in TRAINING_KERNELS) return;
    expect(() => initSync({ wasm })).toThrow(message);
    await expect(init({ wasm })).rejects.toThrow(message);
  });

  it('are refused by their numbers of parameters', async () => {
    const { initSync, initTrainingSync } = await starts();
    const message = (name: string, found: number, expected: number): string =>
      `the module's kernel ${name} has ${found} parameters instead of ${expected}; ` +
      'expected the ctre.wasm of this version of ctre';
    const wasm = rename({ adam: 'gemm', gemm: 'adam' });
    const refused = { code: 'E_ENGINE', message: message('gemm', 11, 8) };
    expect(() => initSync({ wasm })).toThrow(expect.objectContaining(refused));
    const { addTo, gemmT } = TRAINING_KERNELS;
    expect(() => initTrainingSync({ wasm: rename({ addTo: 'gemmT', gemmT: 'addTo' }) })).toThrow(
      message('gemmT', addTo, gemmT),
    );
  });

  it('are refused by training where they were given to those who do not train', async () => {
    const { getTrainingEngine, initSync, initTraining } = await starts();
    initSync({ wasm: rename({ backward: '________' }) });
    const message = 'the module has no kernel backward; expected the ctre.wasm of this version of ctre';
    expect(() => getTrainingEngine()).toThrow(message);
    await expect(initTraining()).rejects.toThrow(message);
  });

  it('can be followed by the right ones', async () => {
    const { getEngine, getTrainingEngine, initTraining } = await starts();
    await expect(initTraining({ wasm: rename({ backward: '________' }) })).rejects.toThrow('backward');
    await initTraining({ wasm: Uint8Array.from(readFileSync(file)) });
    expect(getTrainingEngine().arena).toBe(getEngine().arena);
    expect(getTrainingEngine().kernels.backward).toBeTypeOf('function');
  });

  it('do not get imports of which ctre knows nothing', async () => {
    const { init } = await import('../../../src/engine/engine.ts');
    // (module (import "a" "b" (func)))
    const wasm = Uint8Array.of(...empty, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0);
    await expect(init({ wasm })).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: expect.stringMatching(/^the WebAssembly kernels could not be started \(.*Import #0/),
    });
  });
});

describe('the kernels start', () => {
  const bytes = Uint8Array.from(readFileSync(file));
  const address = 'https://example.org/ctre.wasm';
  /** The module as it is when it is first imported. */
  let fresh: typeof import('../../../src/engine/training.ts');
  /** What was compiled or fetched. */
  let asked: unknown[];

  beforeEach(async () => {
    vi.resetModules();
    fresh = await import('../../../src/engine/training.ts');
    asked = [];
    const compile = WebAssembly.compile;
    vi.spyOn(WebAssembly, 'compile').mockImplementation((source) => {
      asked.push(source);
      return compile(source);
    });
    vi.stubGlobal('fetch', async (given: string | URL) => {
      asked.push(String(given));
      return new Response(bytes, { status: String(given) === address ? 200 : 404 });
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it.each<[string, () => WasmSource, unknown[]]>([
    ['bytes', () => bytes, [bytes]],
    ['an ArrayBuffer', () => bytes.buffer, [bytes.buffer]],
    ['a Buffer', () => readFileSync(file), [Buffer.from(bytes)]],
    ['a compiled module', () => new WebAssembly.Module(bytes), []],
    ['a response', () => new Response(bytes), [bytes.buffer]],
    ['a promise of one', () => fetch(address), [address, bytes.buffer]],
    ['an address', () => address, [address, bytes.buffer]],
    ['a URL', () => new URL(address), [address, bytes.buffer]],
    ['the URL of a file', () => file, [bytes]],
    ['the address of a file', () => file.href, [bytes]],
  ])('from %s', async (_, source, expected) => {
    const wasm = source();
    await fresh.initTraining({ wasm });
    expect(asked).toEqual(expected);
    const { kernels, instances, isGiven } = fresh.getTrainingEngine();
    expect(isGiven).toBe(wasm !== undefined);
    if (wasm instanceof WebAssembly.Module) expect(instances[0].module).toBe(wasm);
    expect(instances).toHaveLength(wasm === undefined ? 2 : 1);
    expect([kernels.spmm, kernels.backward].map((kernel) => typeof kernel)).toEqual(['function', 'function']);
  });

  it.each<[string, () => WasmBytes | undefined]>([
    ['nothing given', () => undefined],
    ['bytes', () => bytes],
    ['a compiled module', () => new WebAssembly.Module(bytes)],
  ])('at once from %s', (_, source) => {
    const wasm = source();
    fresh.initTrainingSync({ wasm });
    fresh.initTrainingSync();
    const { kernels, instances, isGiven } = fresh.getTrainingEngine();
    expect(isGiven).toBe(wasm !== undefined);
    if (wasm instanceof WebAssembly.Module) expect(instances[0].module).toBe(wasm);
    expect(instances).toHaveLength(wasm === undefined ? 2 : 1);
    expect([kernels.spmm, kernels.backward].map((kernel) => typeof kernel)).toEqual(['function', 'function']);
    expect(asked).toEqual([]);
  });

  it.each<[string | undefined, 'while they arrive' | 'once they are there']>([
    ['application/wasm', 'while they arrive'],
    ['Application/WASM', 'once they are there'],
    ['application/wasm; charset=utf-8', 'once they are there'],
    ['application/octet-stream', 'once they are there'],
    ['text/html', 'once they are there'],
    ['', 'once they are there'],
  ])('from a response of type "%s" %s', async (type, when) => {
    const streaming = vi.spyOn(WebAssembly, 'instantiateStreaming');
    await fresh.initTraining({ wasm: new Response(bytes, { headers: { 'content-type': type ?? '' } }) });
    expect(streaming).toHaveBeenCalledTimes(when === 'while they arrive' ? 1 : 0);
    expect(asked).toEqual(when === 'while they arrive' ? [] : [bytes.buffer]);
    const { kernels, instances } = fresh.getTrainingEngine();
    expect(kernels.spmm).toBeTypeOf('function');
    expect(instances[0].module).toBeInstanceOf(WebAssembly.Module);
  });

  it('once, whoever is first', async () => {
    const both = [fresh.initTraining({ wasm: bytes }), fresh.initTraining({ wasm: bytes })];
    const engine = fresh.getTrainingEngine();
    await Promise.all(both);
    expect(fresh.getTrainingEngine()).toBe(engine);
    expect(asked).toEqual([bytes]);
    const [first, second] = await Promise.all([fresh.getSharedEngine(), fresh.getSharedEngine()]);
    expect(second).toBe(first);
  });

  it('not from an address without them, and with another one then', async () => {
    const wasm = new Response('', { status: 404 });
    Object.defineProperty(wasm, 'url', { value: 'https://example.org/none.wasm' });
    await expect(fresh.initTraining({ wasm })).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: 'https://example.org/none.wasm answered 404; expected the file that is exported as ctre/wasm',
    });
    await expect(fresh.initTraining({ wasm: new Response('<html>') })).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: expect.stringMatching(/^the WebAssembly kernels could not be started \(.*found 3c 68 74 6d/),
    });
    await fresh.initTraining({ wasm: address });
    expect(fresh.getTrainingEngine().kernels.spmm).toBeTypeOf('function');
  });

  it('from nothing else', async () => {
    for (const wasm of [5, {}, [bytes]] as never[]) {
      const expected = { code: 'E_ARGUMENT', message: expect.stringMatching(/^wasm is .*; expected bytes/) };
      await expect(fresh.initTraining({ wasm })).rejects.toMatchObject(expected);
      expect(() => fresh.initTrainingSync({ wasm })).toThrow(expect.objectContaining(expected));
    }
    expect(() => fresh.initTrainingSync({ wasm: address as never })).toThrow(
      `wasm is "${address}"; expected bytes or a WebAssembly.Module`,
    );
  });

  it('asynchronously alone where a browser compiles nothing at once on the page’s thread', async () => {
    const refused =
      'WebAssembly.Module(): Buffer is larger than 4KB; use WebAssembly.compile, or compile on a worker ' +
      'thread';
    class Refusing {
      constructor() {
        throw new RangeError(refused);
      }
    }
    vi.stubGlobal('document', {});
    vi.stubGlobal('WebAssembly', { ...globalNames(WebAssembly), Module: Refusing });
    expect(() => fresh.initTrainingSync()).toThrow(
      expect.objectContaining({
        code: 'E_ENGINE',
        message: expect.stringMatching(
          /compile on a worker thread.*"await init\(\)" before synchronous calls/,
        ),
      }),
    );
    await fresh.initTraining();
    expect(fresh.getTrainingEngine().kernels.backward).toBeTypeOf('function');
    expect(asked).toHaveLength(2);
  });

  it('in two modules over one memory, those of training when training asks for them', async () => {
    const { getEngine, init } = await import('../../../src/engine/engine.ts');
    await init();
    const { arena, kernels, instances } = getEngine();
    expect(Object.keys(kernels).sort()).toEqual(Object.keys(MATRIX_KERNELS).sort());
    expect(WebAssembly.Module.exports(instances[0].module)).toHaveLength(Object.keys(kernels).length);
    // A block that is in use stays as it is.
    const pointer = arena.allocate(64);
    const words = () => new Uint32Array(arena.memory.buffer, pointer, 16);
    words().fill(0x12345678);
    await fresh.initTraining();
    const engine = fresh.getTrainingEngine();
    expect(engine.arena).toBe(arena);
    expect(engine.kernels).toMatchObject(kernels);
    expect(engine.instances[0]).toBe(instances[0]);
    expect(words()).toEqual(new Uint32Array(16).fill(0x12345678));
    engine.kernels.scaleBy(pointer, 16, 0);
    expect(words()).toEqual(new Uint32Array(16));
    arena.release(pointer, 64);
  });

  it('once where several ask on a page, one of them at once', async () => {
    vi.stubGlobal('document', {});
    const both = [fresh.initTraining(), fresh.initTraining()];
    const engine = fresh.getTrainingEngine();
    await Promise.all(both);
    expect(fresh.getTrainingEngine()).toBe(engine);
  });
});

describe('a memory that the system refuses', () => {
  let fresh: typeof import('../../../src/engine/training.ts');

  beforeEach(async () => {
    vi.resetModules();
    fresh = await import('../../../src/engine/training.ts');
    // As V8 does where a process may not reserve 4 GiB of addresses.
    class Refusing {
      constructor() {
        throw new RangeError('WebAssembly.Memory(): could not allocate memory');
      }
    }
    vi.stubGlobal('WebAssembly', { ...globalNames(WebAssembly), Memory: Refusing });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  const refused = {
    name: 'CtreError',
    code: 'E_MEMORY',
    message: expect.stringMatching(/could not allocate memory.*64\.0 MiB of addresses/),
  };

  it('is an error with a code, for threads as for one thread', async () => {
    await expect(fresh.getSharedEngine()).rejects.toMatchObject(refused);
    await expect(fresh.initTraining({ wasm: new Uint8Array() })).rejects.toMatchObject(refused);
    expect(() => fresh.initTrainingSync()).toThrow(expect.objectContaining(refused));
  });

  it('is replaced by a smaller one where that is not refused', async () => {
    vi.unstubAllGlobals();
    const { Memory } = WebAssembly;
    class Smaller extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if ((descriptor.maximum ?? 0) > 4096) throw new RangeError('could not allocate memory');
        super(descriptor);
      }
    }
    vi.stubGlobal('WebAssembly', { ...globalNames(WebAssembly), Memory: Smaller });
    const { arena, kernels } = await fresh.getSharedEngine();
    expect(kernels.spmm).toBeTypeOf('function');
    expect(arena.limit).toBe(4096 * 65536);
    expect(() => arena.checkRoom(2 ** 28 + 1, 'this network')).toThrow(
      /256.0 MiB that its WebAssembly memory/,
    );
    arena.checkRoom(2 ** 28, 'this network');
  });

  it('is asked for again', async () => {
    await expect(fresh.getSharedEngine()).rejects.toMatchObject(refused);
    vi.unstubAllGlobals();
    expect((await fresh.getSharedEngine()).kernels.spmm).toBeTypeOf('function');
  });
});

describe('kernels without guards', () => {
  it('are the instance’s own', async () => {
    vi.resetModules();
    const { getEngine } = await import('../../../src/engine/engine.ts');
    const { kernels } = getEngine();
    // Nothing stands between the caller and WebAssembly.
    expect(String(kernels.spmm)).toContain('[native code]');
    vi.resetModules();
  });
});
