import { checkChoice, checkInteger, checkOptions } from '../base/checks.ts';

/**
 * How the positions of largest |cosine| are searched for:
 * - `exact`: among all pairs of neurons, over all rows trained on;
 * - `{ sampleRows, oversample }`: `oversample` times as many as wanted are proposed by the cosines over `sampleRows` rows
 *   drawn at random, and chosen from by the exact cosines over all rows;
 * - `auto`: exact where that is cheaper, else a sample of 512 rows and four times as many.
 */
export type CosineSearch = 'auto' | 'exact' | { readonly sampleRows: number; readonly oversample: number };

/** Options of every method that grows by cosine. */
export interface SearchOptions {
  /** How the largest cosines are searched for; `auto`. */
  readonly search?: CosineSearch;
}

/** 512 rows find 99 % of the exact choice among four times as many proposals (MNIST, ε = 1, docs/performance.md). */
export const DEFAULT_SAMPLE = Object.freeze({ sampleRows: 512, oversample: 4 });

/**
 * @throws CtreError `E_ARGUMENT` for anything that is no search.
 */
export function checkSearch(search: unknown): CosineSearch {
  if (typeof search !== 'object' || search === null)
    return checkChoice('search', search, ['auto', 'exact'] as const);
  const given = checkOptions('search', search, ['sampleRows', 'oversample']);
  const { sampleRows, oversample } = { ...DEFAULT_SAMPLE, ...given };
  return Object.freeze({
    sampleRows: checkInteger('sampleRows', sampleRows, { least: 1 }),
    oversample: checkInteger('oversample', oversample, { least: 1 }),
  });
}
