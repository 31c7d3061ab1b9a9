import type { Random } from '../base/random.ts';
import { addPositions, mergePositions, removeConnections } from '../matrix/pattern.ts';
import { sampleFree } from '../matrix/sampling.ts';
import type { Work } from '../run/turns.ts';
import { removeChains } from './chainRemoval.ts';
import { positionsOfKeys } from './drawByProduct.ts';
import { type MissingLinks, scoreMissingLinks } from './missingLinks.ts';
import type { Edit, EvolvingLayer, EvolvingNetwork, GrowthTools } from './topology.ts';

/** How links are chosen by their strength. */
export interface LinkChoice {
  /** CSR positions of the links to prune, ascending. */
  prune(layer: EvolvingLayer, count: number): Int32Array;
  /** Indices of the missing links to grow, at most `count`. */
  grow(links: MissingLinks, count: number, random: Random): Int32Array;
}

/**
 * An update of Cannistraci–Hebb training: prunes links, takes neurons that carry nothing out of the network,
 * and grows as many links in each layer as it has lost, where paths of length three ask for them. Links at
 * random make up the number where too few are asked for.
 */
export function* evolveByPaths(
  { layers }: EvolvingNetwork,
  tools: GrowthTools,
  share: number,
  choice: LinkChoice,
): Work<(Edit | undefined)[]> {
  const isFixed = layers.map(
    ({ inDim, outDim, nnz }) => nnz === inDim * outDim || Math.floor(share * nnz) === 0,
  );
  const pruned = layers.map((layer, l) => {
    const kept = new Uint8Array(layer.nnz).fill(1);
    if (isFixed[l]) return kept;
    for (const p of choice.prune(layer, Math.floor(share * layer.nnz))) kept[p] = 0;
    return kept;
  });
  const alive = pruned.map((kept) => kept.slice());
  const patterns = layers.map(({ pattern }) => pattern);
  // Where nothing would be left of a layer, chains stay: some of what is grown may connect them again.
  const kept = removeChains(patterns, alive, isFixed) ? alive : pruned;
  const edits: (Edit | undefined)[] = [];
  for (const [l, layer] of layers.entries()) {
    if (isFixed[l]) {
      edits.push(undefined);
      continue;
    }
    const prune = Int32Array.from(kept[l].keys()).filter((p) => kept[l][p] === 0);
    const left = removeConnections(layer.pattern, prune);
    const links = yield* scoreMissingLinks(left, tools.random(`links/${l}`));
    const chosen = choice.grow(links, Math.min(prune.length, links.keys.length), tools.random(`grow/${l}`));
    const keys = Float64Array.from(chosen, (i) => links.keys[i]);
    const found = positionsOfKeys(keys, layer.inDim);
    const missing = prune.length - keys.length;
    const random = sampleFree(addPositions(left, found), missing, tools.random(`fill/${l}`));
    edits.push({ prune, grow: mergePositions(found, random), random });
  }
  return edits;
}
