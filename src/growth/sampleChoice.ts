import { type CosineSearch, DEFAULT_SAMPLE } from '../topology/cosineSearchOption.ts';

/** A listed pair costs about so many times what a pair of a dense block does. */
const LISTED_PAIR_COST = 4;

/** How much there is to search for in a layer. */
interface SearchSize {
  readonly kept: { readonly indices: { readonly length: number } };
  readonly count: number;
}

/**
 * The sample that the search asks for; undefined for an exact search. `auto` takes the way of fewer
 * multiply-adds.
 * @param dims neurons by layer, the inputs first.
 * @param rows all rows trained on.
 */
export function chooseSample(
  search: CosineSearch,
  dims: readonly number[],
  sizes: readonly (SearchSize | undefined)[],
  rows: number,
): { readonly sampleRows: number; readonly oversample: number } | undefined {
  if (search === 'exact') return undefined;
  if (search !== 'auto') return search;
  const { sampleRows, oversample } = DEFAULT_SAMPLE;
  const total = (count: (size: SearchSize, l: number) => number): number =>
    sizes.reduce((sum, size, l) => sum + (size === undefined ? 0 : count(size, l)), 0);
  const pairs = total((_, l) => dims[l] * dims[l + 1]);
  // After the sample, all rows go through the network once more, for the kept connections and the listed
  // pairs.
  const listed = total(({ kept, count }) => kept.indices.length + oversample * count);
  return sampleRows * pairs + rows * LISTED_PAIR_COST * listed < rows * pairs ? DEFAULT_SAMPLE : undefined;
}
