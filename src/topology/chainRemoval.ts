import type { CsrPattern } from '../matrix/pattern.ts';

/**
 * Takes away the links of hidden neurons that have no input, or no output, and of neurons that are left
 * without any by that: they carry nothing. Two passes, up and down the network, do so.
 * @param kept by layer and CSR position, 1 for a link that is there; written.
 * @param isFixed layers that keep all their links.
 * @returns whether every layer has a link left.
 */
export function removeChains(
  patterns: readonly CsrPattern[],
  kept: readonly Uint8Array[],
  isFixed: readonly boolean[],
): boolean {
  for (let l = 0; l + 1 < patterns.length; l++) {
    if (isFixed[l + 1]) continue;
    const inputs = linksOfRows(patterns[l], kept[l]);
    patterns[l + 1].indices.forEach((neuron, p) => {
      if (inputs[neuron] === 0) kept[l + 1][p] = 0;
    });
  }
  for (let l = patterns.length - 2; l >= 0; l--) {
    if (isFixed[l]) continue;
    const outputs = linksOfColumns(patterns[l + 1], kept[l + 1]);
    const { rows, indptr } = patterns[l];
    for (let neuron = 0; neuron < rows; neuron++) {
      if (outputs[neuron] === 0) kept[l].fill(0, indptr[neuron], indptr[neuron + 1]);
    }
  }
  return kept.every((links) => links.includes(1));
}

function linksOfRows({ rows, indptr }: CsrPattern, kept: Uint8Array): Int32Array {
  const links = new Int32Array(rows);
  for (let r = 0; r < rows; r++) for (let p = indptr[r]; p < indptr[r + 1]; p++) links[r] += kept[p];
  return links;
}

function linksOfColumns({ cols, indices }: CsrPattern, kept: Uint8Array): Int32Array {
  const links = new Int32Array(cols);
  for (let p = 0; p < indices.length; p++) links[indices[p]] += kept[p];
  return links;
}
