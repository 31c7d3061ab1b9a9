// Methods in plain words. Their names in papers and in code stand beside them, in the settings and tooltips.
import type { MethodName } from 'ctre';

export const PLAIN: Readonly<Record<MethodName, string>> = {
  'cte-gse': 'connects what fires together, then what would help most',
  'cte-rigl': 'the same, with a look at all pairs of neurons',
  'ctre-sim': 'connects what fires together',
  'ctre-seq': 'connects what fires together, later at random',
  cte: 'connects only what fires together',
  set: 'connects at random',
  rigl: 'connects what would help most',
  gse: 'connects what would help most, of some that are drawn',
  detachment: 'as that, and frees weakly connected neurons first',
  momentum: 'connects what would have helped most lately',
  mest: 'keeps what still learns, connects at random',
  cht: 'closes short paths between neurons',
  chts: 'closes short paths, partly by chance',
  snip: 'chooses its connections once, before it learns',
  prune: 'starts with every connection, and keeps the strongest',
  static: 'keeps its first random connections',
  dense: 'has every connection',
};
