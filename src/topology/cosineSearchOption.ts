import { checkChoice, checkInteger, checkOptions } from '../base/checks.ts';

/**
 * How the positions of largest |cosine| are searched for:
 * - `exact`: among all pairs of neurons, over all rows trained on;
 * - `{ sampleRows, oversample }`: the cosines over `sampleRows` rows drawn at random propose `oversample`
 *   times as many positions as are wanted, and the exact cosines over all rows choose among these;
 * - `auto`: exact where that is cheaper, else a sample of 512 rows and four times as many.
 */
export type CosineSearch = 'auto' | 'exact' | { readonly sampleRows: number; readonly oversample: number };

/** Searches that have a name. */
export const NAMED_SEARCHES = ['auto', 'exact'] as const;

/**
 * 512 rows find 99 % of the exact choice among four times as many proposals (MNIST, ε = 1,
 * docs/performance.md).
 */
export const DEFAULT_SAMPLE = Object.freeze({ sampleRows: 512, oversample: 4 });

/** @throws CtreError `E_ARGUMENT` for anything that is no search. */
export function checkSearch(name: string, search: unknown): CosineSearch {
  if (typeof search !== 'object' || search === null) return checkChoice(name, search, NAMED_SEARCHES);
  const given = checkOptions(name, search, ['sampleRows', 'oversample']);
  const { sampleRows, oversample } = { ...DEFAULT_SAMPLE, ...given };
  return Object.freeze({
    sampleRows: checkInteger('sampleRows', sampleRows, { least: 1 }),
    oversample: checkInteger('oversample', oversample, { least: 1 }),
  });
}
