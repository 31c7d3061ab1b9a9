import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { Arena } from '../../../src/engine/arena.ts';
import { Region } from '../../../src/engine/region.ts';
import type { WasmBytes, WasmSource } from '../../../src/engine/source.ts';

const PAGE = 65536;
const arenaOf = (maximum: number) => new Arena(new WebAssembly.Memory({ initial: 1, maximum }));

describe('the arena', () => {
  it('gives blocks on cache lines that never overlap, and takes every byte back', () => {
    const arena = arenaOf(64);
    const random = randomStream(1, 'arena');
    const live: { pointer: number; size: number }[] = [];
    for (let step = 0; step < 4000; step++) {
      if (live.length > 0 && random.next() < 0.48) {
        const [{ pointer, size }] = live.splice(random.below(live.length), 1);
        arena.release(pointer, size);
      } else {
        const size = random.below(3000);
        const pointer = arena.allocate(size);
        expect(pointer % 64).toBe(0);
        expect(pointer).toBeGreaterThan(0);
        expect(pointer + size).toBeLessThanOrEqual(arena.memory.buffer.byteLength);
        for (const other of live) {
          expect(pointer + size <= other.pointer || other.pointer + other.size <= pointer).toBe(true);
        }
        live.push({ pointer, size });
      }
      expect(arena.usage().blocks).toBe(live.length);
    }
    const { memoryBytes } = arena.usage();
    for (const { pointer, size } of live) arena.release(pointer, size);
    expect(arena.usage()).toEqual({ blocks: 0, bytes: 0, memoryBytes });
    // All free ranges have grown together again: the whole memory is one block.
    expect(arena.allocate(memoryBytes - 64)).toBe(64);
    expect(arena.usage().memoryBytes).toBe(memoryBytes);
  });

  it('says E_MEMORY when the memory cannot grow, and goes on working', () => {
    const arena = arenaOf(2);
    const pointer = arena.allocate(PAGE);
    expect(() => arena.allocate(2 * PAGE)).toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
    expect(arena.usage().blocks).toBe(1);
    arena.allocate(PAGE / 2);
    arena.release(pointer, PAGE);
    expect(arena.allocate(PAGE)).toBe(pointer);
  });
});

describe('an arena on trial', () => {
  const memory = () => new WebAssembly.Memory({ initial: 1, maximum: 64 });

  it.each([
    [-4, 'byte -4 of a block of 128'],
    [128, 'byte 128 of a block of 128'],
  ])('finds who writes at byte %i of a block', (at, sentence) => {
    const arena = new Arena(memory(), { guards: true });
    const pointer = arena.allocate(100);
    new Uint8Array(arena.memory.buffer, pointer, 128).fill(255);
    arena.checkGuards();
    new Uint8Array(arena.memory.buffer)[pointer + at]++;
    expect(() => arena.checkGuards()).toThrow(`${sentence} was written to`);
    expect(() => arena.release(pointer, 100)).toThrow(sentence);
  });

  it('moves its memory at every allocation, and puts no guards where none are asked for', () => {
    const arena = new Arena(memory(), { moving: true });
    const before = new Uint8Array(arena.memory.buffer);
    expect(arena.allocate(64)).toBe(64);
    expect(before.length).toBe(0);
    expect(arena.allocate(64)).toBe(128);
  });
});

describe('a region', () => {
  it('keeps its views valid when the memory grows', () => {
    const arena = arenaOf(64);
    const region = new Region(arena);
    const block = region.f32(1000);
    block.view.fill(7);
    const before = arena.memory.buffer;
    region.i32(PAGE);
    expect(arena.memory.buffer).not.toBe(before);
    expect(block.view.length).toBe(1000);
    expect(block.view.every((value) => value === 7)).toBe(true);
    region.free();
    expect(arena.usage().blocks).toBe(0);
    expect(region.bytes).toBe(0);
  });
});

describe('kernels of another module', () => {
  // The eight bytes of a module without anything: "\0asm" and version 1.
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

  beforeEach(() => {
    vi.resetModules();
    vi.doMock('../../../src/engine/wasm.generated.ts', () => ({
      wasmHex: Buffer.from(empty).toString('hex'),
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
      message: 'the module given has no function "spmm"; it is not ctre.wasm',
    };
    await expect(init({ wasm: empty })).rejects.toMatchObject(noKernels);
    expect(() => getEngine()).toThrow(expect.objectContaining(noKernels));
    await expect(getSharedEngine()).rejects.toMatchObject({
      code: 'E_ENGINE',
      message: 'the module does not import its memory as expected; build it again',
    });
  });
});

describe('the kernels start', () => {
  const file = new URL('../../../build/ctre.wasm', import.meta.url);
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
      'WebAssembly.Module(): Buffer is larger than 4KB; use WebAssembly.compile, or compile on a worker thread';
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

/** The properties of a namespace object, which spreading leaves out. */
function globalNames(namespace: object): Record<string, unknown> {
  const names = Object.getOwnPropertyNames(namespace);
  return Object.fromEntries(names.map((name) => [name, Reflect.get(namespace, name)]));
}

describe('kernels without guards', () => {
  it('are the instance’s own', async () => {
    vi.resetModules();
    const { getEngine } = await import('../../../src/engine/engine.ts');
    const { kernels, arena } = getEngine();
    expect(arena.trials).toBeUndefined();
    // Nothing stands between the caller and WebAssembly.
    expect(String(kernels.spmm)).toContain('[native code]');
    vi.resetModules();
  });
});
