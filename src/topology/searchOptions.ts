import type { MethodOptions } from './method.ts';
import type { Likelihood } from './topology.ts';

/** How a method searches for the positions of largest score. */
export interface SearchOptions {
  /**
   * `auto` (the default): among listed positions, as many as `pairs` says, or all where these are no more.
   * `exact`: among all pairs of neurons.
   */
  readonly search?: Likelihood['search'];
  /**
   * Positions listed for each neuron of a layer, on either side; for cosines half as many for each
   * connection, if these are more; for gradients half as many for each neuron; 12.
   */
  readonly pairs?: number;
}

/** What SearchOptions are on the command line. */
export const searchOptions = {
  search: {
    flag: 'search',
    value: 'kind',
    help: 'for the largest scores: auto, among listed pairs;\nexact, among all pairs',
    default: 'auto',
    kind: 'choice',
    choices: ['auto', 'exact'],
  },
  pairs: {
    flag: 'pairs',
    value: 'n',
    help: 'listed pairs for each neuron; for cosines\nhalf as many for each connection, if these are more',
    default: 12,
    kind: 'number',
    bounds: { least: 0.01 },
  },
} as const satisfies MethodOptions<SearchOptions>;
