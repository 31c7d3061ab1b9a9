import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inlineText } from '../../../scripts/inlineText.mjs';
import { KERNEL_PARAMETERS } from '../../../src/engine/abi.ts';
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
    vi.doMock('../../../src/engine/wasm.generated.ts', () => ({
      wasmText: inlineText(empty),
    }));
  });
  afterEach(() => {
    vi.doUnmock('../../../src/engine/wasm.generated.ts');
    vi.resetModules();
  });

  it('are refused by what they lack', async () => {
    const { getEngine, getSharedEngine, init } = await import('../../../src/engine/engine.ts');
    const noKernels = {
      code: 'E_ENGINE',
      message: 'the module has no kernel backward; expected the ctre.wasm of this version of ctre',
    };
    await expect(init({ wasm: empty })).rejects.toMatchObject(noKernels);
    expect(() => getEngine()).toThrow(expect.objectContaining(noKernels));
    await expect(getSharedEngine()).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: 'the module does not import its memory as expected; build it again',
    });
  });

  it.each(Object.entries(KERNEL_PARAMETERS))('are refused without %s', async (name) => {
    const { initSync } = await import('../../../src/engine/engine.ts');
    // A name of the same length, so that the module stays one.
    const wasm = rename({ [name]: '_'.repeat(name.length) });
    expect(() => initSync({ wasm })).toThrow(`the module has no kernel ${name}; expected the ctre.wasm`);
  });

  it('are refused by their numbers of parameters', async () => {
    const { initSync } = await import('../../../src/engine/engine.ts');
    expect(() => initSync({ wasm: rename({ adam: 'gemm', gemm: 'adam' }) })).toThrow(
      expect.objectContaining({
        code: 'E_ENGINE',
        message:
          "the module's kernel gemm has 11 parameters instead of 8; " +
          'expected the ctre.wasm of this version of ctre',
      }),
    );
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
  let fresh: typeof import('../../../src/engine/engine.ts');
  /** What was compiled or fetched. */
  let asked: unknown[];

  beforeEach(async () => {
    vi.resetModules();
    fresh = await import('../../../src/engine/engine.ts');
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
    await fresh.init({ wasm });
    expect(asked).toEqual(expected);
    const { kernels, module } = fresh.getEngine();
    if (wasm instanceof WebAssembly.Module) expect(module).toBe(wasm);
    expect(kernels.spmm).toBeTypeOf('function');
  });

  it.each<[string, () => WasmBytes | undefined]>([
    ['nothing given', () => undefined],
    ['bytes', () => bytes],
    ['a compiled module', () => new WebAssembly.Module(bytes)],
  ])('at once from %s', (_, source) => {
    const wasm = source();
    fresh.initSync({ wasm });
    fresh.initSync();
    const { kernels, module } = fresh.getEngine();
    if (wasm instanceof WebAssembly.Module) expect(module).toBe(wasm);
    expect(kernels.spmm).toBeTypeOf('function');
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
    await fresh.init({ wasm: new Response(bytes, { headers: { 'content-type': type ?? '' } }) });
    expect(streaming).toHaveBeenCalledTimes(when === 'while they arrive' ? 1 : 0);
    expect(asked).toEqual(when === 'while they arrive' ? [] : [bytes.buffer]);
    const { kernels, module } = fresh.getEngine();
    expect(kernels.spmm).toBeTypeOf('function');
    expect(module).toBeInstanceOf(WebAssembly.Module);
  });

  it('once, whoever is first', async () => {
    const both = [fresh.init({ wasm: bytes }), fresh.init({ wasm: bytes })];
    const engine = fresh.getEngine();
    await Promise.all(both);
    expect(fresh.getEngine()).toBe(engine);
    expect(asked).toEqual([bytes]);
    const [first, second] = await Promise.all([fresh.getSharedEngine(), fresh.getSharedEngine()]);
    expect(second).toBe(first);
  });

  it('not from an address without them, and with another one then', async () => {
    const wasm = new Response('', { status: 404 });
    Object.defineProperty(wasm, 'url', { value: 'https://example.org/none.wasm' });
    await expect(fresh.init({ wasm })).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: 'https://example.org/none.wasm answered 404; expected the file that is exported as ctre/wasm',
    });
    await expect(fresh.init({ wasm: new Response('<html>') })).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: expect.stringMatching(/^the WebAssembly kernels could not be started \(.*found 3c 68 74 6d/),
    });
    await fresh.init({ wasm: address });
    expect(fresh.getEngine().kernels.spmm).toBeTypeOf('function');
  });

  it('from nothing else', async () => {
    for (const wasm of [5, {}, [bytes]] as never[]) {
      const expected = { code: 'E_ARGUMENT', message: expect.stringMatching(/^wasm is .*; expected bytes/) };
      await expect(fresh.init({ wasm })).rejects.toMatchObject(expected);
      expect(() => fresh.initSync({ wasm })).toThrow(expect.objectContaining(expected));
    }
    expect(() => fresh.initSync({ wasm: address as never })).toThrow(
      `wasm is "${address}"; expected bytes or a WebAssembly.Module`,
    );
  });

  it('asynchronously alone where a browser compiles nothing at once on the page’s thread', async () => {
    const refused =
      'WebAssembly.Module(): Buffer is larger than 4KB; ' +
      'use WebAssembly.compile, or compile on a worker thread';
    class Refusing {
      constructor() {
        throw new RangeError(refused);
      }
    }
    vi.stubGlobal('document', {});
    vi.stubGlobal('WebAssembly', { ...globalNames(WebAssembly), Module: Refusing });
    expect(() => fresh.initSync()).toThrow(
      expect.objectContaining({
        code: 'E_ENGINE',
        message: expect.stringMatching(
          /compile on a worker thread.*"await init\(\)" before synchronous calls/,
        ),
      }),
    );
    await fresh.init();
    expect(fresh.getEngine().kernels.spmm).toBeTypeOf('function');
  });
});

describe('a memory that the system refuses', () => {
  let fresh: typeof import('../../../src/engine/engine.ts');

  beforeEach(async () => {
    vi.resetModules();
    fresh = await import('../../../src/engine/engine.ts');
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
    message: expect.stringMatching(/could not allocate memory.*4096 MiB of addresses/),
  };

  it('is an error with a code, for threads as for one thread', async () => {
    await expect(fresh.getSharedEngine()).rejects.toMatchObject(refused);
    await expect(fresh.init({ wasm: new Uint8Array() })).rejects.toMatchObject(refused);
    expect(() => fresh.initSync()).toThrow(expect.objectContaining(refused));
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
