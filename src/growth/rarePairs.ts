import { TILE } from '../engine/abi.ts';
import type { Positions } from '../matrix/pattern.ts';

// A sample of rows cannot propose two neurons that are silent in all of it, though they may fire together in
// a few other rows: a pixel at the edge, say, and a neuron that sees the same digit. Such pairs are rare, so
// their list is short.

/** Pairs kept of a layer: 2¹⁸ entries of a map, some ten MB. Those met later are left out. */
const MAX_RARE_PAIRS = 1 << 18;

/** A neuron's activation for one sample. */
interface Activation {
  readonly neuron: number;
  readonly value: number;
}

/** Pairs of a layer's neurons that fire together, with their inner products. */
export class RarePairs {
  readonly #inDim: number;
  /** Row-major position → Σ of the products, in the order of the samples. */
  readonly #dots = new Map<number, number>();

  constructor(inDim: number) {
    this.#inDim = inDim;
  }

  /**
   * Adds the samples of one tile: of `outputs` and `inputs`, both [neurons][32], the rows of the listed
   * neurons.
   */
  add(
    outputs: Float32Array,
    outList: readonly number[],
    inputs: Float32Array,
    inList: readonly number[],
  ): void {
    if (outList.length === 0 || inList.length === 0) return;
    const firingOutputs = activationsBySample(outputs, outList);
    const firingInputs = activationsBySample(inputs, inList);
    firingOutputs.forEach((outs, b) => {
      for (const { neuron: i, value: y } of outs) {
        for (const { neuron: j, value: x } of firingInputs[b]) this.#addProduct(i * this.#inDim + j, y * x);
      }
    });
  }

  #addProduct(position: number, product: number): void {
    const sum = this.#dots.get(position);
    if (sum !== undefined) this.#dots.set(position, sum + product);
    else if (this.#dots.size < MAX_RARE_PAIRS) this.#dots.set(position, product);
  }

  /** All pairs met, in row-major order. */
  positions(): Positions {
    const places = Float64Array.from(this.#dots.keys()).sort();
    return {
      rows: Int32Array.from(places, (place) => Math.floor(place / this.#inDim)),
      cols: Int32Array.from(places, (place) => place % this.#inDim),
    };
  }

  /** |cosine| of a pair met, from its neurons' squared norms. */
  cosine(row: number, col: number, outSum: number, inSum: number): number {
    const dot = this.#dots.get(row * this.#inDim + col) ?? 0;
    return Math.min(1, Math.abs(dot) / (Math.sqrt(outSum) * Math.sqrt(inSum)));
  }
}

/** For every sample of a tile, those of the listed neurons that fire. */
function activationsBySample(tile: Float32Array, list: readonly number[]): Activation[][] {
  const samples: Activation[][] = Array.from({ length: TILE }, () => []);
  for (const neuron of list) {
    for (let b = 0; b < TILE; b++) {
      const value = tile[neuron * TILE + b];
      if (value !== 0) samples[b].push({ neuron, value });
    }
  }
  return samples;
}
