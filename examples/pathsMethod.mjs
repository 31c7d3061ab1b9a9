// Shows a topology method of one's own as a module. It proposes positions that a path of three connections
// joins (an input, an output of it, another input of that, another output), and grows those whose neurons are
// most alike. ownTopology.mjs trains with it, and so does the command line:
// npx ctre train --method-module examples/pathsMethod.mjs --method-options '{"tries": 8}'

import * as helpers from 'ctre/topology';

/** Ends of random paths of three connections that are not connected, in row-major order, each once. */
function propose({ kept, count }, tries, random) {
  const { cols, indptr, indices } = kept;
  if (indices.length === 0) return helpers.noPositions;
  const { rows } = helpers.positionsOf(kept);
  const outputs = helpers.transposePattern(kept); // by input, the outputs that it is connected to
  const any = (begin, end) => begin + random.below(end - begin);
  const keys = Float64Array.from({ length: tries * count }, () => {
    const first = random.below(indices.length);
    const input = indices[first];
    const output = outputs.indices[any(outputs.indptr[input], outputs.indptr[input + 1])];
    return rows[first] * cols + indices[any(indptr[output], indptr[output + 1])];
  });
  return helpers.positionsOutside(kept, helpers.positionsOfKeys(keys, cols));
}

/** The edit that grows at the scores of largest magnitude; where too few are proposed, at random for the rest. */
function grow({ prune, kept, count }, proposed, scores, random) {
  const best = helpers.strongest(scores, Math.min(count, scores.length));
  const found = helpers.pickPositions(proposed, best);
  const rest = helpers.sampleFree(helpers.addPositions(kept, found), count - best.length, random);
  return { prune, grow: helpers.mergePositions(found, rest), random: rest };
}

const help = 'positions proposed for each that is grown';
const tries = { flag: 'tries', value: 'n', help, default: 16, kind: 'integer', bounds: { least: 1 } };

export default {
  name: 'paths',
  options: { ...helpers.pruneOptions, tries },
  create(given = {}) {
    const options = helpers.readMethodOptions('paths', this.options, given);
    return {
      name: 'paths',
      options,
      init: helpers.startAtRandom,
      isDue: helpers.updateIsDue(options),
      *evolve(network, states, tools) {
        const share = helpers.pruneShare(options, network.progress);
        const replaced = helpers.pruneWeakest(network, tools, share);
        const proposed = replaced.map((r, l) => r && propose(r, options.tries, tools.random(`paths/${l}`)));
        const scores = yield* tools.scoreAt(proposed, 'cosine', tools.sampleRows(500));
        const edits = replaced.map((r, l) => r && grow(r, proposed[l], scores[l], tools.random(`rest/${l}`)));
        return { edits, states, by: 'cosine' };
      },
    };
  },
};
