// Chooses what of a network is drawn: its strongest neurons, the connections between them, and all the rest
// bundled.
import type { CsrMatrix, LayerEdit } from 'ctre';
import type { DrawnLink, DrawnNeuron, NetworkLook } from './protocol.ts';

/** Neurons drawn one by one: of the inputs, of a hidden layer, of the outputs. */
const [MOST_INPUTS, MOST_HIDDEN, MOST_OUTPUTS] = [20, 16, 12];
/** Connections drawn one by one between two layers, and those of them that an update pruned. */
const [MOST_LINKS, MOST_PRUNED] = [72, 24];

/** @param weights of every layer, [outputs, inputs]. @param edits of the last update, by layer. */
export function lookAtNetwork(
  weights: readonly CsrMatrix[],
  edits: readonly LayerEdit[] | undefined,
): NetworkLook {
  const sizes = [weights[0].cols, ...weights.map(({ rows }) => rows)];
  const strengths = neuronStrengths(weights);
  const last = sizes.length - 1;
  const chosen = sizes.map((size, layer) => {
    const most = layer === 0 ? MOST_INPUTS : layer === last ? MOST_OUTPUTS : MOST_HIDDEN;
    const all = Int32Array.from({ length: size }, (_, neuron) => neuron);
    if (size <= most) return all;
    return all.sort((one, other) => strengths[layer][other] - strengths[layer][one]).slice(0, most);
  });
  const ordered = inOrder(weights, chosen);
  const places = ordered.map((list, layer) => {
    const place = new Int32Array(sizes[layer]).fill(list.length);
    list.forEach((neuron, at) => {
      place[neuron] = at;
    });
    return place;
  });
  const count = (part: keyof LayerEdit): number =>
    (edits ?? []).reduce((sum, edit) => sum + edit[part].rows.length, 0);
  return {
    layers: sizes.map((size, layer) => {
      const own = ordered[layer];
      const top = own.reduce((most, neuron) => Math.max(most, strengths[layer][neuron]), 1e-30);
      const neurons: DrawnNeuron[] = Array.from(own, (neuron) => ({
        neuron,
        strength: strengths[layer][neuron] / top,
      }));
      if (own.length < size) neurons.push({ neuron: -1, strength: 0 });
      return { size, neurons };
    }),
    links: weights.map((matrix, l) =>
      linksOf(matrix, edits?.[l], places[l], places[l + 1], ordered[l].length, ordered[l + 1].length),
    ),
    changes: { pruned: count('pruned'), grown: count('grown'), random: count('random') },
  };
}

/** How much goes through each neuron: what comes in, times what of it reaches the outputs. */
function neuronStrengths(weights: readonly CsrMatrix[]): Float64Array[] {
  const strengths: Float64Array[] = [new Float64Array(weights[weights.length - 1].rows).fill(1)];
  for (const { rows, cols, indptr, indices, values } of [...weights].reverse()) {
    const [to, from] = [strengths[0], new Float64Array(cols)];
    for (let i = 0; i < rows; i++) {
      for (let p = indptr[i]; p < indptr[i + 1]; p++) from[indices[p]] += Math.abs(values[p]) * to[i];
    }
    strengths.unshift(scaled(from));
  }
  weights.slice(0, -1).forEach(({ rows, indptr, values }, l) => {
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let p = indptr[i]; p < indptr[i + 1]; p++) sum += Math.abs(values[p]);
      strengths[l + 1][i] *= sum;
    }
  });
  return strengths;
}

function scaled(values: Float64Array): Float64Array {
  const top = values.reduce((most, value) => Math.max(most, value), 1e-30);
  return values.map((value) => value / top);
}

/**
 * The chosen neurons of every layer from top to bottom, so that connections cross little: each at the mean of
 * those that it leads to (Sugiyama's barycentres, once from the outputs back).
 */
function inOrder(weights: readonly CsrMatrix[], chosen: readonly Int32Array[]): Int32Array[] {
  const ordered: Int32Array[] = [chosen[chosen.length - 1]];
  for (let l = weights.length - 1; l >= 0; l--) {
    const { indptr, indices, values, cols } = weights[l];
    const [sums, shares] = [new Float64Array(cols), new Float64Array(cols)];
    ordered[0].forEach((neuron, at) => {
      for (let p = indptr[neuron]; p < indptr[neuron + 1]; p++) {
        sums[indices[p]] += Math.abs(values[p]) * at;
        shares[indices[p]] += Math.abs(values[p]);
      }
    });
    const middle = (neuron: number): number =>
      shares[neuron] > 0 ? sums[neuron] / shares[neuron] : ordered[0].length;
    ordered.unshift(chosen[l].slice().sort((one, other) => middle(one) - middle(other) || one - other));
  }
  return ordered;
}

function linksOf(
  { rows, cols, indptr, indices, values }: CsrMatrix,
  edit: LayerEdit | undefined,
  fromPlace: Int32Array,
  toPlace: Int32Array,
  fromOthers: number,
  toOthers: number,
): DrawnLink[] {
  const key = (i: number, j: number): number => i * cols + j;
  const keysOf = (part: keyof LayerEdit): Set<number> => {
    const keys = new Set<number>();
    edit?.[part].rows.forEach((i, at) => {
      const j = edit[part].cols[at];
      if (toPlace[i] < toOthers && fromPlace[j] < fromOthers) keys.add(key(i, j));
    });
    return keys;
  };
  const [grown, random] = [keysOf('grown'), keysOf('random')];
  const single: DrawnLink[] = [];
  const groups = new Float64Array((fromOthers + 1) * (toOthers + 1));
  for (let i = 0; i < rows; i++) {
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const [from, to] = [fromPlace[indices[p]], toPlace[i]];
      if (from < fromOthers && to < toOthers) {
        const at = key(i, indices[p]);
        const state = random.has(at) ? 'random' : grown.has(at) ? 'scored' : 'kept';
        single.push({ from, to, weight: values[p], state });
      } else groups[to * (fromOthers + 1) + from] += Math.abs(values[p]);
    }
  }
  single.sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight));
  const bundles: DrawnLink[] = [];
  groups.forEach((weight, at) => {
    if (weight === 0) return;
    const [from, to] = [at % (fromOthers + 1), Math.floor(at / (fromOthers + 1))];
    bundles.push({ from, to, weight, state: 'kept' });
  });
  const pruned = [...keysOf('pruned')].slice(0, MOST_PRUNED).map((at): DrawnLink => {
    return { from: fromPlace[at % cols], to: toPlace[Math.floor(at / cols)], weight: 0, state: 'pruned' };
  });
  return [...bundles, ...single.slice(0, MOST_LINKS), ...pruned];
}
