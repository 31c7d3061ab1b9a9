// Random numbers from a seed, the same in every browser.

/** Random numbers in [0, 1) from a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The order of 0 … length − 1 after a shuffle. */
export function shuffled(length: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length }, (_, row) => row);
  for (let last = length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** The sine of a number from −10 to 10, with the same bits in every browser (Math.sin has others in each). */
export function sine(x: number): number {
  const turn = 2 * Math.PI;
  let rest = x - turn * Math.round(x / turn);
  // From −π/2 to π/2 the series ends soon.
  if (rest > Math.PI / 2) rest = Math.PI - rest;
  else if (rest < -Math.PI / 2) rest = -Math.PI - rest;
  let [term, sum] = [rest, rest];
  for (let n = 1; n <= 10; n++) {
    term *= -(rest * rest) / (2 * n * (2 * n + 1));
    sum += term;
  }
  return sum;
}

/** The cosine, likewise. */
export const cosine = (x: number): number => sine(x + Math.PI / 2);
