import { afterEach, describe, expect, it, vi } from 'vitest';
import { SparseMLP } from '../../../src/index.ts';
import { quadrants } from '../../support/problems.ts';

// In a file of its own: the shared engine is started once, so its memory must be refused before.
describe('threads whose shared memory is refused', () => {
  const { Memory } = WebAssembly;
  afterEach(() => {
    WebAssembly.Memory = Memory;
    vi.restoreAllMocks();
  });

  /** Refuses a shared memory as an engine does that has no 4 GiB of addresses left. */
  function refuseSharedMemory(error: Error): void {
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.shared) throw error;
        super(descriptor);
      }
    };
  }

  it('become one, with a warning that says why', async () => {
    refuseSharedMemory(new RangeError('could not allocate memory'));
    const model = await SparseMLP.create({ layers: [12, 20, 4], threads: 3 });
    expect(model.threads).toBe(1);
    expect(model.warning).toMatch(/^one thread instead of 3: .*could not allocate memory/);
    const { x, y } = quadrants(100);
    await model.fit(x, y, { epochs: 1 });
    model.dispose();
  });

  it('are asked for again by the next model', async () => {
    refuseSharedMemory(new RangeError('could not allocate memory'));
    const one = await SparseMLP.create({ layers: [12, 20, 4], threads: 2 });
    expect(one.threads).toBe(1);
    WebAssembly.Memory = Memory;
    const two = await SparseMLP.create({ layers: [12, 20, 4], threads: 2 });
    expect([two.threads, two.warning]).toEqual([2, undefined]);
    one.dispose();
    two.dispose();
  });
});
