import { type Random, randomStream } from '../../../src/base/random.ts';
import { PART, TILE } from '../../../src/engine/abi.ts';
import { runSeed } from '../../support/effort.ts';
import type { Truth } from '../../support/rounding.ts';
import type { Case } from './bench.ts';

/** What lanes hold that a kernel must not touch. */
export const UNTOUCHED = -12345;

/** The kinds of numbers that a matrix can hold. */
export const VALUES = [
  'signed',
  'zeros',
  'denormal',
  'tiny',
  'large',
  'mixed',
  'nan',
  'infinity',
  '-infinity',
] as const;
export type Values = (typeof VALUES)[number];

const SPECIAL: Readonly<Partial<Record<Values, number>>> = {
  nan: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

export function stream(name: string): Random {
  return randomStream(runSeed, name);
}

/**
 * n numbers of both signs. One of them is not finite where the kind asks for that. The `second` factor of a
 * product is chosen so that the product of both is denormal, or 1e30, and never beyond float32. Products of
 * `mixed` numbers may overflow or vanish.
 */
export function numbers(
  random: Random,
  n: number,
  values: Values = 'signed',
  factor: 'first' | 'second' = 'first',
): Float32Array {
  const scale = (): number => {
    if (values === 'zeros') return random.next() < 0.5 ? 0 : 1;
    if (values === 'tiny') return 1e-30;
    if (values === 'mixed') return [1e30, 1, 1e-30][random.below(3)];
    if (factor === 'second') return 1;
    if (values === 'denormal') return 2 ** -127;
    return values === 'large' ? 1e30 : 1;
  };
  const array = Float32Array.from({ length: n }, () => scale() * (2 * random.next() - 1));
  const special = SPECIAL[values];
  if (special !== undefined && n > 0) array[random.below(n)] = special;
  return array;
}

/** 0 … n − 1 shuffled. */
export function shuffled(random: Random, n: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  random.shuffle(order);
  return order;
}

/** [n][32] numbers, `filler` in the lanes from `count` on. */
export function tile(
  random: Random,
  n: number,
  count: number,
  filler = 0,
  values: Values = 'signed',
  factor: 'first' | 'second' = 'second',
): Float32Array {
  const lanes = numbers(random, n * count, values, factor);
  return Float32Array.from({ length: n * TILE }, (_, at) => {
    const b = at % TILE;
    return b < count ? lanes[Math.floor(at / TILE) * count + b] : filler;
  });
}

/** The number of samples in each of the tiles that so many samples fill. 0 samples are one empty tile. */
export function tileCounts(samples: number): number[] {
  if (samples === 0) return [0];
  return Array.from({ length: Math.ceil(samples / TILE) }, (_, t) => Math.min(TILE, samples - t * TILE));
}

/** The numbers of lanes that a kernel can be told to work on for so many samples. */
export function lanesFrom(count: number): number[] {
  return [PART, 2 * PART, TILE].filter((lanes) => lanes >= count);
}

/** The tile with `value` in every lane from `lanes` on. */
export function spoil(values: Float32Array, lanes: number, value = Number.NaN): Float32Array {
  return values.map((own, at) => (at % TILE < lanes ? own : value));
}

/** A CSR matrix in plain arrays. `entries` is the same pattern as a list. */
export interface Sparse {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
  readonly entries: readonly { readonly row: number; readonly col: number }[];
}

type Density = (row: number, col: number) => number;

/** How probable a connection is. */
export const DENSITIES = {
  none: () => 0,
  'density 0.01': () => 0.01,
  'density 0.1': () => 0.1,
  'density 0.5': () => 0.5,
  all: () => 1,
  'some lines empty': (row, col) => (row % 3 === 0 || col % 3 === 1 ? 0 : 0.5),
  'some lines full': (row, col) => (row % 4 === 1 || col % 5 === 1 ? 1 : 0.05),
} satisfies Record<string, Density>;
export type Structure = keyof typeof DENSITIES;

/** A random matrix of that structure. */
export function sparse(
  random: Random,
  rows: number,
  cols: number,
  structure: Structure,
  values: Values = 'signed',
): Sparse {
  const density: Density = DENSITIES[structure];
  const entries: { row: number; col: number }[] = [];
  const indptr = [0];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) if (random.next() < density(row, col)) entries.push({ row, col });
    indptr.push(entries.length);
  }
  return {
    rows,
    cols,
    indptr: Int32Array.from(indptr),
    indices: Int32Array.from(entries, ({ col }) => col),
    values: numbers(random, entries.length, values),
    entries,
  };
}

/** Slopes below 0 of activations: ReLU, none, and others of both signs; all are numbers of float32. */
export const SLOPES = [0, 1, 0.25, Math.fround(-0.6)];

/** One of them, or two that follow each other: over all cells every one comes up with everything. */
export function drawSlopes(random: Random, count: 1 | 2): number[] {
  const first = random.below(SLOPES.length);
  return [first, first + 1].slice(0, count).map((at) => SLOPES[at % SLOPES.length]);
}

/** Whether an activation of that slope keeps a bit for each sum. */
export function keepsBit(slope: number): boolean {
  return slope !== 0 && slope !== 1;
}

/** The truth after an activation. It keeps NaN, and never makes a difference larger. */
export function activated(sum: Truth, slope: number): Truth {
  if (!(sum.value < 0)) return { value: sum.value, error: sum.error * (1 + 2 ** -23) };
  return slope === 0 ? { value: 0, error: sum.error } : scaled(sum, slope);
}

/** The truth times a factor of at most 1. */
export function scaled({ value, error }: Truth, factor: number): Truth {
  if (factor === 1) return { value, error };
  const product = factor * value;
  if (!Number.isFinite(product)) return { value: product, error: 0 };
  return { value: product, error: error * (1 + 2 ** -23) + 2 ** -23 * Math.abs(product) + 2 ** -149 };
}

/** The gradient before an activation: the truth where the bit of the lane is set, else times the slope. */
export function differentiated(gradient: Truth, slope: number, x: number, bits: number, lane: number): Truth {
  if (slope === 0) return x > 0 ? gradient : { value: 0, error: 0 };
  return slope === 1 || (bits >>> lane) % 2 === 1 ? gradient : scaled(gradient, slope);
}

/** A word of bits for each neuron. */
export function bitWords(random: Random, neurons: number): Int32Array {
  return Int32Array.from({ length: neurons }, () => random.below(2 ** 32) | 0);
}

/**
 * The bits that an activation has to leave: where a sum is above 0. Those of sums that may have either sign are
 * as they came.
 */
export function wantedBits(
  got: ArrayLike<number>,
  lanes: number,
  truthAt: (at: number) => Truth,
): Int32Array {
  return Int32Array.from(got, (word, i) => {
    let bits = 0;
    for (let b = 0; b < lanes; b++) {
      const { value, error } = truthAt(i * TILE + b);
      // A sum that is 0 has terms of 0 only: numbers drawn at random do not cancel out.
      const isOpen = value !== 0 && Math.abs(value) <= error;
      bits |= (isOpen ? (word >>> b) & 1 : Number(value > 0)) << b;
    }
    return bits;
  });
}

/** A case that has one run. */
export function single(name: string, run: Case['runs'][number]): Case {
  return { name, runs: [run] };
}
