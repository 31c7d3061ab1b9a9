// Programs take turns, A B C … C B A …: a machine that slows down slows all of them. Only turns of the same
// round are compared.

const sorted = (values) => values.toSorted((a, b) => a - b);

export function median(values) {
  const s = sorted(values);
  const middle = s.length >> 1;
  return s.length % 2 === 1 ? s[middle] : (s[middle - 1] + s[middle]) / 2;
}

export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** The minimum and the median over all rounds, and each round's value. */
export function summarize(rounds, all = rounds) {
  return { min: Math.min(...all), median: median(all), rounds };
}

/** a ÷ b: the median of the rounds' own ratios. */
export function ratio(a, b) {
  const rounds = Math.min(a.rounds.length, b.rounds.length);
  return median(Array.from({ length: rounds }, (_, r) => a.rounds[r] / b.rounds[r]));
}

/** The sum of two works of the same rounds. */
export function together(a, b) {
  const rounds = Math.min(a.rounds.length, b.rounds.length);
  return summarize(Array.from({ length: rounds }, (_, r) => a.rounds[r] + b.rounds[r]));
}

/**
 * Lets every contestant do its turn `rounds` times (fewer, but three at least, when `seconds` have passed).
 * @param contestants name → function that does one turn and returns its times, or one time.
 * @returns name → summary.
 */
export async function takeTurns(contestants, { rounds, seconds }) {
  const names = Object.keys(contestants);
  const all = Object.fromEntries(names.map((name) => [name, []]));
  const turns = Object.fromEntries(names.map((name) => [name, []]));
  const end = performance.now() + 1000 * seconds;
  for (let round = 0; round < rounds && (round < 3 || performance.now() < end); round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const times = [await contestants[name]()].flat();
      turns[name].push(median(times));
      all[name].push(...times);
    }
  }
  return Object.fromEntries(names.map((name) => [name, summarize(turns[name], all[name])]));
}
