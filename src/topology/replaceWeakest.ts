import { noPositions, type Positions, removeConnections } from '../matrix/pattern.ts';

import type { Edit, EvolvingLayer, EvolvingNetwork, GrowthTools, Wanted } from './topology.ts';

/** What an update takes from a layer, and what it looks for in its place. */
export interface Replacement extends Wanted {
  readonly layer: EvolvingLayer;
  /** CSR positions of the connections to prune, ascending. */
  readonly prune: Int32Array;
}

/**
 * By layer, the connections of smallest strength, ⌊share·nnz⌋ of them, and the wish for as many others.
 * Undefined for a layer that has every connection, or none to replace. What comes out can be given to
 * `tools.likeliest` as it is.
 * @param share ζ, from 0 to 1.
 * @param strengths by layer, in CSR order; absent: the weights.
 */
export function pruneWeakest(
  { layers }: EvolvingNetwork,
  tools: GrowthTools,
  share: number,
  strengths?: readonly (Float32Array | undefined)[],
): (Replacement | undefined)[] {
  return layers.map((layer, l) => {
    const { inDim, outDim, nnz, pattern } = layer;
    const count = nnz === inDim * outDim ? 0 : Math.floor(share * nnz);
    if (count === 0) return undefined;
    const prune = tools.weakest(l, count, strengths?.[l]);
    return { layer, prune, count, kept: removeConnections(pattern, prune) };
  });
}

/**
 * By layer, the edit that prunes what is replaced and grows what was found.
 * @param found in row-major order, as `tools.likeliest` gives it for the same replacements.
 */
export function growFound(
  replacements: readonly (Replacement | undefined)[],
  found: readonly (Positions | undefined)[],
): (Edit | undefined)[] {
  return replacements.map((replacement, l) => {
    const grow = found[l];
    return replacement && grow && { prune: replacement.prune, grow, random: noPositions };
  });
}

/** By layer, the edit that a function makes of what is replaced; undefined where nothing is. */
export function editEach(
  replacements: readonly (Replacement | undefined)[],
  edit: (replacement: Replacement, layer: number) => Edit,
): (Edit | undefined)[] {
  return replacements.map((replacement, l) => replacement && edit(replacement, l));
}
