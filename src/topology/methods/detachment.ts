import { type Method, type MethodPreset, readMethodOptions } from '../method.ts';
import { pruneShare, updateIsDue } from '../pruneOptions.ts';
import { growFound, pruneWeakest } from '../replaceWeakest.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { EvolvingLayer, Topology } from '../topology.ts';
import { type RiglOptions, rigl } from './rigl.ts';

/** Preferential detachment with growth by gradient. */
export const detachment = {
  name: 'detachment',
  about: 'As rigl, but prunes neurons of few connections first.',
  source: 'this package, after RigL and preferential detachment (arXiv 2408.02625)',
  options: rigl.options,
  published: rigl.published,
  create: createDetachment,
} as const satisfies Method;

/**
 * As rigl, but pruned are the connections of smallest |weight| · √(connections of its input · connections of
 * its output), both counted in the layer. So neurons with few connections lose them first, as nervous
 * systems do while they develop (preferential detachment, arXiv 2408.02625), and hubs stay.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createDetachment(options: RiglOptions & MethodPreset = {}): Topology<null> {
  const { options: known, published } = detachment;
  const checked = readMethodOptions<RiglOptions>('topology.detachment', known, options, published);
  return Object.freeze<Topology<null>>({
    name: 'detachment',
    options: checked,
    growInitializer: 'zeros',
    init: startAtRandom,
    isDue: updateIsDue(checked),
    *evolve(network, states, tools) {
      const { layers, progress } = network;
      const share = pruneShare(checked, progress);
      const replaced = pruneWeakest(network, tools, share, layers.map(attachment));
      const batch = tools.sampleRows(progress.batchSize);
      const found = yield* tools.likeliest(replaced, 'gradient', batch, checked);
      return { edits: growFound(replaced, found), states, by: 'gradient' };
    },
  });
}

/** How strongly each connection holds. */
function attachment({ pattern, weights }: EvolvingLayer): Float32Array {
  const { rows, cols, indptr, indices } = pattern;
  const ofInput = new Int32Array(cols);
  for (const input of indices) ofInput[input]++;
  const strengths = new Float32Array(weights.length);
  for (let r = 0; r < rows; r++) {
    const ofOutput = indptr[r + 1] - indptr[r];
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      strengths[p] = Math.abs(weights[p]) * Math.sqrt(ofOutput * ofInput[indices[p]]);
    }
  }
  return strengths;
}
