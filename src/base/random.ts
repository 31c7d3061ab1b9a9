import { alea } from './alea.ts';

/** A reproducible stream of random numbers: the same seed and name give the same numbers in every engine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** A uniform integer from 0 to limit − 1, for limits up to 2^53. */
  below(limit: number): number;
  /** A standard normal deviate: the sum of twelve uniforms. Logarithms and cosines differ between engines. */
  normal(): number;
  /** Shuffles in place (Fisher–Yates). */
  shuffle(items: Int32Array): void;
}

/**
 * What a generator starts from: another text for every pair of seed and name, and the same on every
 * release. It is `seed/name`. A text that prints as a number does, or that contains a slash, could be taken
 * for another pair. It gets a prefix that no other seed has, since no name begins with a slash.
 */
function seedText(seed: number | string, name: string): string {
  const isPlain = typeof seed === 'number' || !(seed.includes('/') || isPrintedNumber(seed));
  return isPlain ? `${seed}/${name}` : `//${seed.length}/${seed}/${name}`;
}

/** Whether a text is what some finite number prints as. */
function isPrintedNumber(text: string): boolean {
  const value = Number(text);
  return Number.isFinite(value) && String(value) === text;
}

/**
 * A stream by seed and name. What is drawn for one purpose must not depend on how much another has drawn, so
 * every purpose (weights, shuffling, each layer's topology) has a stream of its own.
 *
 * The number 1 and the text "1" are two seeds; 0 and −0 are one.
 */
export function randomStream(seed: number | string, name: string): Random {
  const next = alea(seedText(seed, name));
  const below = (limit: number): number => Math.floor(uniform53(next) * limit);
  return {
    next,
    below,
    normal() {
      let sum = -6;
      for (let draw = 0; draw < 12; draw++) sum += next();
      return sum;
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const item = items[i];
        items[i] = items[j];
        items[j] = item;
      }
    },
  };
}

/** Uniform in [0, 1), 53 bits, of two numbers of 32. */
function uniform53(next: () => number): number {
  const high = next();
  return high + ((next() * 2 ** 21) | 0) * 2 ** -53;
}
