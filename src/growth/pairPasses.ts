import type { Positions } from '../matrix/pattern.ts';

// Which pairs of neurons are scored together. The scores of a pass are the only buffer that grows with the
// pairs.

/** Pairs scored in a pass: 1 MiB of scores, which stays in the cache. */
const BLOCK_PAIRS = 1 << 18;
/** What is scored at once: all pairs of some output neurons with some input neurons. */
export interface PairPass {
  readonly outputs: Int32Array;
  readonly inputs: Int32Array;
}

/** All pairs of the neurons, a block of output neurons in each pass. */
export function planPasses(outputs: Int32Array, inputs: Int32Array): PairPass[] {
  if (outputs.length * inputs.length === 0) return [];
  const rowsAtOnce = Math.max(1, Math.floor(BLOCK_PAIRS / inputs.length));
  return Array.from({ length: Math.ceil(outputs.length / rowsAtOnce) }, (_, pass) => ({
    outputs: outputs.subarray(pass * rowsAtOnce, (pass + 1) * rowsAtOnce),
    inputs,
  }));
}

/** A pass's output neurons in about equal ranges, one for each thread. */
export function splitPass({ outputs }: PairPass, threads: number): { begin: number; end: number }[] {
  const parts = Math.min(threads, outputs.length);
  return Array.from({ length: parts }, (_, part) => ({
    begin: Math.floor((outputs.length * part) / parts),
    end: Math.floor((outputs.length * (part + 1)) / parts),
  }));
}

/** The pairs of neurons at the given places among a pass's scores. */
export function positionsAt({ outputs, inputs }: PairPass, places: Int32Array): Positions {
  return {
    rows: Int32Array.from(places, (place) => outputs[Math.floor(place / inputs.length)]),
    cols: Int32Array.from(places, (place) => inputs[place % inputs.length]),
  };
}
