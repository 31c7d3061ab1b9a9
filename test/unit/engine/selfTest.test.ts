import { describe, expect, it } from 'vitest';
import { type Kernels, MATRIX_KERNELS, TRAINING_KERNELS } from '../../../src/engine/abi.ts';
import { matrixKernelsText } from '../../../src/engine/matrixKernels.generated.ts';
import { findDifference, RUNS, runKernels } from '../../../src/engine/selfTest.ts';
import { inlinedBytes, startSync } from '../../../src/engine/source.ts';
import { trainingKernelsText } from '../../../src/engine/trainingKernels.generated.ts';

const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 });
const [matrix, training] = [matrixKernelsText, trainingKernelsText].map(
  (text) => startSync(inlinedBytes(text), memory).exports,
);
const kernels = { ...matrix, ...training } as Kernels;
const expected = runKernels(kernels, memory, 0);

/** Kernels without arithmetic on vectors, or where nearly all time goes elsewhere. */
const UNTESTED: readonly (keyof Kernels)[] = [
  'checkCsr',
  'clearLanes',
  'cosineNeighbours',
  'cosinePairs',
  'gatherRows',
  'packColumns',
  'packCsr',
  'packDense',
  'score',
  'scoreLabels',
  'scoreRegression',
  'topK',
  'unpackColumns',
  'unpackRows',
  'weighSamples',
];

describe('the test of bits', () => {
  it('has every kernel, or a reason against it', () => {
    const names = Object.keys({ ...MATRIX_KERNELS, ...TRAINING_KERNELS });
    expect([...Object.keys(RUNS), ...UNTESTED].sort()).toEqual(names.sort());
  });

  it('runs what a module has', () => {
    const [few, others] = [runKernels(matrix, memory, 0), runKernels(training, memory, 0)];
    expect([...few.keys(), ...others.keys()].sort()).toEqual([...expected.keys()].sort());
    expect(few.size).toBe(Object.keys(RUNS).filter((name) => name in MATRIX_KERNELS).length);
    expect(findDifference(expected, few)).toBeUndefined();
    expect(findDifference(few, others)).toBe('addTo');
  });

  it('finds nothing where the bits are the same, however often the kernels ran before', () => {
    expect(findDifference(expected, runKernels(kernels, memory, 3))).toBeUndefined();
  });

  it('gives the memory back as it was', () => {
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
  });

  it('computes with numbers', () => {
    for (const [name, words] of expected) {
      const areFinite = new Float32Array(words.buffer, 8 * 8192).every(Number.isFinite);
      expect(areFinite, name).toBe(true);
    }
  });

  it.each(Object.keys(RUNS) as (keyof Kernels)[])('notices the last bit of one number of %s', (name) => {
    let calls = 0;
    const before = new Uint32Array(memory.buffer.byteLength / 4);
    const broken = (...args: number[]): void => {
      before.set(new Uint32Array(memory.buffer));
      Reflect.apply(kernels[name], undefined, args);
      const words = new Uint32Array(memory.buffer);
      const changed = words.findLastIndex((word, at) => word !== before[at]);
      expect(changed, 'a call that changes nothing').toBeGreaterThanOrEqual(0);
      // The last of the calls, which one that tests the first alone would miss.
      if (++calls === count) words[changed] ^= 1;
    };
    let count = 0;
    RUNS[name]?.({ ...kernels, [name]: () => count++ });
    // Every kernel runs twice: the run that counts is the second.
    calls = -count;
    expect(findDifference(expected, runKernels({ ...kernels, [name]: broken }, memory, 1))).toBe(name);
  });
});
