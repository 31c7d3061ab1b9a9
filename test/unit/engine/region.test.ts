import { describe, expect, it } from 'vitest';
import { Arena } from '../../../src/engine/arena.ts';
import { Region } from '../../../src/engine/region.ts';

describe('a region', () => {
  it('keeps its views valid when the memory grows', () => {
    const arena = new Arena(new WebAssembly.Memory({ initial: 1, maximum: 64 }));
    const region = new Region(arena);
    const block = region.f32(1000);
    block.view.fill(7);
    const before = arena.memory.buffer;
    region.i32(65536);
    expect(arena.memory.buffer).not.toBe(before);
    expect(block.view.length).toBe(1000);
    expect(block.view.every((value) => value === 7)).toBe(true);
    region.free();
    expect(arena.usage().blocks).toBe(0);
    expect(region.bytes).toBe(0);
  });
});
