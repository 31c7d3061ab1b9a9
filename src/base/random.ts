import alea from 'seedrandom/lib/alea.js';

/** A reproducible stream of random numbers: the same seed and name give the same numbers in every engine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** A uniform integer from 0 to limit − 1, for limits up to 2^53. */
  below(limit: number): number;
  /** A standard normal deviate, by summing twelve uniforms (no host logarithm or cosine: those differ between engines). */
  normal(): number;
  /** Shuffles in place (Fisher–Yates). */
  shuffle(items: Int32Array): void;
}

/**
 * A stream by seed and name. What is drawn for one purpose must not depend on how much another has drawn, so
 * every purpose (weights, shuffling, each layer's topology) has a stream of its own.
 */
export function randomStream(seed: number | string, name: string): Random {
  const generator = alea(`${seed}/${name}`);
  const next = (): number => generator();
  const below = (limit: number): number => Math.floor(generator.double() * limit);
  return {
    next,
    below,
    normal() {
      let sum = -6;
      for (let draw = 0; draw < 12; draw++) sum += generator();
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
