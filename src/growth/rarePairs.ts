import { TILE } from '../engine/abi.ts';
import type { Positions } from '../matrix/pattern.ts';

// What a sample of rows cannot propose: pairs of neurons that are silent in all of it and fire together in a few others,
// the edge pixel and the neuron that see the same digit. They are rare, so a list of where they fire is short.

/** Pairs remembered of a layer; those met later are left out. */
const MOST = 1 << 18;

/** A neuron's activation for one sample. */
interface Firing {
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

  /** Adds the samples of one tile: of `outputs` and `inputs`, both [*][32], the rows of the listed neurons. */
  add(
    outputs: Float32Array,
    outList: readonly number[],
    inputs: Float32Array,
    inList: readonly number[],
  ): void {
    if (outList.length === 0 || inList.length === 0) return;
    const firingOutputs = bySample(outputs, outList);
    const firingInputs = bySample(inputs, inList);
    firingOutputs.forEach((outs, b) => {
      for (const { neuron: i, value: y } of outs) {
        for (const { neuron: j, value: x } of firingInputs[b]) this.#addProduct(i * this.#inDim + j, y * x);
      }
    });
  }

  #addProduct(position: number, product: number): void {
    const sum = this.#dots.get(position);
    if (sum !== undefined) this.#dots.set(position, sum + product);
    else if (this.#dots.size < MOST) this.#dots.set(position, product);
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

/** Of every sample of a tile the listed neurons that fire. */
function bySample(tile: Float32Array, list: readonly number[]): Firing[][] {
  const samples: Firing[][] = Array.from({ length: TILE }, () => []);
  for (const neuron of list) {
    for (let b = 0; b < TILE; b++) {
      const value = tile[neuron * TILE + b];
      if (value !== 0) samples[b].push({ neuron, value });
    }
  }
  return samples;
}
