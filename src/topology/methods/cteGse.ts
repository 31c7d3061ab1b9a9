import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneShare, shareDone, updateIsDue } from '../pruneOptions.ts';
import { growFound, pruneWeakest } from '../replaceWeakest.ts';
import { type SearchOptions, searchOptions } from '../searchOptions.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';
import { wireByCosine } from '../wireByCosine.ts';

const E = (name: string, value: number): number => Number(process.env[name] ?? value);

/** Options of cteGse. */
export interface CteGseOptions extends PruneOptions, SearchOptions {
  /** Updates before the first step, by what fires together; 40. */
  readonly wiring?: number;
  /** Share of the training in which growth is by cosine; 0.3. */
  readonly cosineShare?: number;
  /** Mini-batches that the gradient is the mean of; 5. */
  readonly batches?: number;
}

const cteGseOptions = {
  ...pruneOptions,
  ...searchOptions,
  wiring: {
    flag: 'wiring',
    value: 'n',
    help: 'updates before the first step, by what fires together',
    default: 40,
    kind: 'integer',
    bounds: { least: 0 },
  },
  cosineShare: {
    flag: 'cosine-share',
    value: 's',
    help: 'share of the training in which growth is by cosine',
    default: 0.3,
    kind: 'number',
    bounds: { least: 0, most: 1 },
  },
  batches: {
    flag: 'gradient-batches',
    value: 'n',
    help: 'mini-batches of the gradient',
    default: 5,
    kind: 'integer',
    bounds: { least: 1 },
  },
} as const satisfies MethodOptions<CteGseOptions>;

/** The default. Why: docs/results.md. */
export const cteGse = {
  name: 'cte-gse',
  about: 'Wired by what fires together, then grown by gradient; among few pairs.',
  source: 'this package, after CTE, RigL and GSE (docs/results.md)',
  options: cteGseOptions,
  create: createCteGse,
} as const satisfies Method;

export function createCteGse(options: CteGseOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<CteGseOptions>('topology.cteGse', cteGseOptions, options);
  const { wiring, cosineShare, batches } = checked;
  const isDue = updateIsDue(checked);
  return Object.freeze<Topology<null>>({
    name: 'cte-gse',
    options: checked,
    growInitializer: 'zeros',
    init: startAtRandom,
    *start(network, states, tools) {
      const share = pruneShare(checked, network.progress);
      const search = process.env.WS === 'exact' ? 'exact' : 'auto';
      if (wiring > 0) yield* wireByCosine(network, tools, { updates: E('W', wiring), share: E('WF', share), search, pairs: E('WN', 8), guided: E('WG', 0.5) });
      return states;
    },
    isDue: (progress) => isDue(progress) && progress.epoch % E('UE', 1) === 0,
    *evolve(network, states, tools) {
      const { progress } = network;
      const share = pruneShare(checked, progress);
      if (shareDone(progress) <= cosineShare) {
        const replaced = pruneWeakest(network, tools, share);
        const rows = tools.sampleRows(E('CR', 512), 'cosine-rows');
        const found = yield* tools.likeliest(replaced, 'cosine', rows, { search: process.env.CS === 'exact' ? 'exact' : 'auto', pairs: E('CN', 8), guided: E('CG', 0.5) });
        return { edits: growFound(replaced, found), states, by: 'cosine' };
      }
      const carrying = yield* tools.carrying(tools.sampleRows(E('AR', 512), 'carrying-rows'));
      const strengths = network.layers.map(({ weights }, l) => weights.map((w, p) => w * carrying[l][p]));
      const replaced = pruneWeakest(network, tools, share, strengths);
      const rows = tools.sampleRows(batches * progress.batchSize, 'gradient-rows');
      const found = yield* tools.likeliest(replaced, 'gradient', rows, { search: process.env.GS === 'exact' ? 'exact' : 'auto', pairs: E('GN', 4), guided: E('GG', 0) });
      return { edits: growFound(replaced, found), states, by: 'gradient' };
    },
  });
}
