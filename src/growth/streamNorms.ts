import { TILE } from '../engine/abi.ts';
import type { F64Block, I32Block, Region } from '../engine/region.ts';
import type { Work } from '../run/turns.ts';
import { type PairStream, streamTiles } from './pairStream.ts';
import type { SearchContext } from './searchContext.ts';

/** The squared norms of a layer's neurons on either side, over a stream. */
export interface LayerNorms {
  readonly inputs: F64Block;
  readonly outputs: F64Block;
}

/** What tiles stand for the neurons of one side of a layer, and their sums. */
interface Side {
  readonly neurons: number;
  /** By slot, the pointer to the tile. */
  readonly tiles: readonly number[];
  readonly sums: F64Block;
}

/** Squared norms over a stream, by layer. Two layers share those of the neurons between them. */
export class StreamNorms {
  readonly layers: readonly LayerNorms[];
  readonly #sides: readonly Side[];
  readonly #everyNeuron: I32Block;

  constructor(region: Region, { dims }: SearchContext, { slots }: PairStream) {
    const sides = new Map<number, Side>();
    const sideOf = (neurons: number, tiles: readonly number[]): F64Block => {
      const known = sides.get(tiles[0]);
      if (known !== undefined) return known.sums;
      const sums = region.f64(neurons);
      sums.view.fill(0);
      sides.set(tiles[0], { neurons, tiles, sums });
      return sums;
    };
    this.layers = dims.slice(1).map((outDim, l) => ({
      inputs: sideOf(
        dims[l],
        slots.map(({ inputs }) => inputs[l]),
      ),
      outputs: sideOf(
        outDim,
        slots.map(({ outputs }) => outputs[l]),
      ),
    }));
    this.#sides = Array.from(sides.values());
    this.#everyNeuron = region.i32(Math.max(...dims));
    this.#everyNeuron.view.forEach((_, i, list) => {
      list[i] = i;
    });
  }

  /** Adds the squares of the tiles loaded in the first `count` slots. */
  *add({ executor, cost }: SearchContext, count: number): Work<void> {
    cost.multiplyAdds += TILE * count * this.#sides.reduce((sum, { neurons }) => sum + neurons, 0);
    yield* executor.run(this.#sides.length, (kernels, side) => {
      const { neurons, tiles, sums } = this.#sides[side];
      for (const tile of tiles.slice(0, count)) {
        kernels.squaredNorms(tile, this.#everyNeuron.pointer, neurons, sums.pointer);
      }
    });
  }
}

/** Squared norms over all rows of a stream. */
export function* sumSquares(
  context: SearchContext,
  region: Region,
  stream: PairStream,
): Work<readonly LayerNorms[]> {
  const norms = new StreamNorms(region, context, stream);
  yield* streamTiles(context, stream, (_, count) => norms.add(context, count));
  return norms.layers;
}
