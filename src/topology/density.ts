import { checkChoice, checkList, checkNumber } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';

/** Entries that a list of densities may have at most. */
const MAX_DENSITIES = 2 ** 16;

/** How dense the layers are; exactly one of `epsilon` and `density`. */
export interface DensityOptions {
  /**
   * ε: a layer's density is ε·(inDim + outDim) / (inDim·outDim), at most 1 (Erdős–Rényi; Mocanu et al. 2018).
   */
  readonly epsilon?: number;
  /** One overall density, spread by `distribution`, or one for every layer. */
  readonly density?: number | readonly number[];
  /**
   * How an overall density is spread. `er` (the default) and `erk`: in proportion to (inDim + outDim) /
   * (inDim·outDim). `uniform`: the same in every layer. ERK adds kernel sizes to ER (Evci et al. 2020), so
   * both are the same in fully connected layers.
   */
  readonly distribution?: 'er' | 'erk' | 'uniform';
}

/**
 * The number of connections of every layer of a network with `dims` neurons, the inputs first.
 * @throws CtreError `E_ARGUMENT` for options out of their range, or that leave a layer without a connection.
 */
export function connectionCounts(dims: readonly number[], options: DensityOptions): number[] {
  const densities = layerDensities(dims, options);
  return densities.map((density, l) => {
    const size = dims[l] * dims[l + 1];
    if (!(density * size >= 1)) {
      throw new CtreError(
        'E_ARGUMENT',
        `layer ${l} (${dims[l]} → ${dims[l + 1]}) gets no connection at density ${density}; ` +
          'use a larger epsilon or density',
      );
    }
    // Rounded as the published code rounds.
    return size - Math.floor((1 - density) * size);
  });
}

function layerDensities(dims: readonly number[], options: DensityOptions): number[] {
  const { epsilon, density, distribution = 'er' } = options;
  if (epsilon !== undefined && density !== undefined) {
    throw new CtreError('E_ARGUMENT', 'both epsilon and density are given; expected one of them');
  }
  if (density === undefined) {
    const value = checkNumber('epsilon', epsilon ?? 1, { least: 0 });
    return erdosRenyi(dims).map((weight) => Math.min(1, value * weight));
  }
  if (Array.isArray(density)) {
    const given = checkList('density', density, MAX_DENSITIES);
    if (given.length !== dims.length - 1) {
      throw new CtreError(
        'E_SHAPE',
        `density has ${given.length} entries for ${dims.length - 1} layers; give one for each layer`,
      );
    }
    return given.map((value, l) => checkNumber(`density[${l}]`, value, { least: 0, most: 1 }));
  }
  const overall = checkNumber('density', density, { least: 0, most: 1 });
  if (checkChoice('distribution', distribution, ['er', 'erk', 'uniform']) === 'uniform') {
    return dims.slice(1).map(() => overall);
  }
  return proportionalDensities(dims, overall);
}

/** (inDim + outDim) / (inDim·outDim) of every layer. */
function erdosRenyi(dims: readonly number[]): number[] {
  return dims.slice(1).map((outDim, l) => (dims[l] + outDim) / (dims[l] * outDim));
}

/**
 * Densities in proportion to the Erdős–Rényi weights that make the overall one; layers that would pass 1 are
 * full.
 */
function proportionalDensities(dims: readonly number[], overall: number): number[] {
  const sizes = dims.slice(1).map((outDim, l) => dims[l] * outDim);
  const weights = erdosRenyi(dims);
  const wanted = overall * sizes.reduce((sum, size) => sum + size, 0);
  const full = new Set<number>();
  while (true) {
    let room = wanted;
    let total = 0;
    sizes.forEach((size, l) => {
      if (full.has(l)) room -= size;
      else total += weights[l] * size;
    });
    const factor = total === 0 ? 0 : room / total;
    const over = weights.flatMap((weight, l) => (!full.has(l) && factor * weight > 1 ? [l] : []));
    if (over.length === 0) return weights.map((weight, l) => (full.has(l) ? 1 : factor * weight));
    for (const l of over) full.add(l);
  }
}
