import { type CosineSearch, checkSearch, NAMED_SEARCHES } from './cosineSearchOption.ts';
import type { MethodOptions } from './method.ts';
import { type PruneOptions, pruneOptions } from './pruneOptions.ts';

/** What a method that grows by cosine can be told about its search. */
export interface SearchOptions {
  /** How the largest cosines are searched for; `auto`. */
  readonly search?: CosineSearch;
}

/** Options of the methods that grow by cosine. */
export type CosineOptions = PruneOptions & SearchOptions;

/** What CosineOptions are on the command line, where a search has a name. */
export const cosineOptions = {
  ...pruneOptions,
  search: {
    flag: 'search',
    value: 'kind',
    help: 'for the largest cosines: exact, or auto:\nfrom a sample where that is cheaper',
    default: 'auto',
    kind: 'choice',
    choices: NAMED_SEARCHES,
    // Its type names no other file: declaration files repeat it where the options are spread.
    check: (name: string, search: unknown): unknown => checkSearch(name, search),
  },
} as const satisfies MethodOptions<CosineOptions>;
