import { randomStream } from '../base/random.ts';
import { type Kernels, NORMALS } from '../engine/abi.ts';
import type { Region } from '../engine/region.ts';

/** Noise on the inputs of training steps. */
export interface InputNoise {
  /**
   * `gaussian` adds `amount` times a normal number to every input, zeros of sparse samples among them; `mask`
   * makes each input 0 with the probability `amount`.
   */
  readonly kind: 'gaussian' | 'mask';
  readonly amount: number;
}

export const NOISE_KINDS = ['gaussian', 'mask'] as const satisfies readonly InputNoise['kind'][];

/** Puts noise on the packed inputs of some rows: pointers to the tile and to their numbers. */
export type AddNoise = (kernels: Kernels, tile: number, rows: number, count: number) => void;

/** Noise for epoch after epoch: what an input gets depends on the seed, the epoch, its row and its column. */
export class NoiseMaker {
  readonly #bound: number;
  readonly #amount: number;
  readonly #normals: number;
  readonly #columns: number;

  /** @throws CtreError `E_MEMORY`. */
  constructor(region: Region, { kind, amount }: InputNoise, columns: number) {
    const isMask = kind === 'mask';
    this.#bound = isMask ? Math.floor(amount * 2 ** 32) : 0;
    this.#amount = isMask ? 0 : amount;
    this.#normals = isMask ? 0 : loadNormals(region);
    this.#columns = columns;
  }

  /**
   * Of an epoch of the model, from 0.
   * @param first the number in the epoch of the row that is numbered 0 here.
   */
  forEpoch(seed: number | string, epoch: number, first: number): AddNoise {
    // Rows are added to the key.
    const key = (randomStream(seed, `noise/${epoch}`).below(2 ** 32) + first) % 2 ** 32;
    return (kernels, tile, rows, count) => {
      kernels.addNoise(tile, rows, count, this.#columns, key, this.#bound, this.#normals, this.#amount);
    };
  }
}

function loadNormals(region: Region): number {
  const table = region.f32(NORMALS);
  table.view.set(normalQuantiles(NORMALS));
  return table.pointer;
}

/**
 * The normal numbers that cut the bell curve into n equal areas, in the middle of each, in order. They are
 * made without logarithm and exponential function: those of the host differ between engines. O(n).
 */
export function normalQuantiles(n: number): Float32Array {
  const table = new Float32Array(n);
  let low = 0;
  for (let i = n / 2; i < n; i++) {
    const area = (i + 0.5) / n - 0.5;
    let high = 6;
    let z = low;
    for (let halving = 0; halving < 32; halving++) {
      z = (low + high) / 2;
      if (areaUpTo(z) < area) low = z;
      else high = z;
    }
    table[i] = z;
    table[n - 1 - i] = -z;
  }
  return table;
}

/** The area under the bell curve from 0 to z, by its power series; for z up to 6. */
function areaUpTo(z: number): number {
  let power = z / Math.sqrt(2 * Math.PI);
  let area = 0;
  for (let k = 0; Math.abs(power) > 1e-12; k++) {
    area += power / (2 * k + 1);
    power *= (-z * z) / (2 * (k + 1));
  }
  return area;
}
