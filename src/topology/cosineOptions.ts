import type { MethodOptions } from './method.ts';
import { type PruneOptions, pruneOptions } from './pruneOptions.ts';
import { type SearchOptions, searchOptions } from './searchOptions.ts';
import type { GrowthTools, RowSample } from './topology.ts';

/** Options of the methods that grow by cosine. */
export interface CosineOptions extends PruneOptions, SearchOptions {
  /** Rows that the cosines are over, drawn at every update; 0, all rows trained on; 512. */
  readonly rows?: number;
}

/** What CosineOptions are on the command line. */
export const cosineOptions = {
  ...pruneOptions,
  ...searchOptions,
  rows: {
    flag: 'cosine-rows',
    value: 'n',
    help: 'rows that cosines are over; 0: all',
    default: 512,
    kind: 'integer',
    bounds: { least: 0 },
  },
} as const satisfies MethodOptions<CosineOptions>;

/** The rows of checked options. */
export function cosineRows(tools: GrowthTools, { rows }: Required<CosineOptions>): RowSample {
  return tools.sampleRows(rows === 0 ? Number.POSITIVE_INFINITY : rows, 'cosine-rows');
}
