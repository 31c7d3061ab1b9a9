import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { Arena } from '../../../src/engine/arena.ts';
import { TrialArena } from '../../support/trialArena.ts';

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
    const arena = new TrialArena(memory(), { guards: true });
    const pointer = arena.allocate(100);
    new Uint8Array(arena.memory.buffer, pointer, 128).fill(255);
    arena.checkGuards();
    new Uint8Array(arena.memory.buffer)[pointer + at]++;
    expect(() => arena.checkGuards()).toThrow(`${sentence} was written to`);
    expect(() => arena.release(pointer, 100)).toThrow(sentence);
  });

  it('moves its memory at every allocation, and puts no guards where none are asked for', () => {
    const arena = new TrialArena(memory(), { moving: true });
    const before = new Uint8Array(arena.memory.buffer);
    expect(arena.allocate(64)).toBe(64);
    expect(before.length).toBe(0);
    expect(arena.allocate(64)).toBe(128);
  });
});
