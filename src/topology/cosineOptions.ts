import { PRUNE_OPTIONS, type PruneOptions, pruneSchedule } from './schedule.ts';
import { checkSearch, type SearchOptions } from './search.ts';
import type { Topology } from './topology.ts';

/** Options of the methods that grow by cosine. */
export type CosineOptions = PruneOptions & SearchOptions;

/** The names of CosineOptions. */
export const COSINE_OPTIONS = [...PRUNE_OPTIONS, 'search'] as const;

/** What the options of a method that grows by cosine mean. */
export function cosineSettings({
  search = 'auto',
  ...pruning
}: CosineOptions): Pick<Topology, 'options' | 'schedule' | 'search'> {
  const { options, schedule } = pruneSchedule(pruning);
  const checked = checkSearch(search);
  return { options: { ...options, search: checked }, schedule, search: checked };
}
