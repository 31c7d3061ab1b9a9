import { TILE } from '../engine/abi.ts';
import type { F64Block, Region } from '../engine/region.ts';
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

/** Squared norms over all rows of a stream, by layer. Two layers share those of the neurons between them. */
export function* sumSquares(
  context: SearchContext,
  region: Region,
  stream: PairStream,
): Work<readonly LayerNorms[]> {
  const { executor, dims, cost } = context;
  const sides = new Map<number, Side>();
  const sideOf = (neurons: number, tiles: readonly number[]): F64Block => {
    const known = sides.get(tiles[0]);
    if (known !== undefined) return known.sums;
    const sums = region.f64(neurons);
    sums.view.fill(0);
    sides.set(tiles[0], { neurons, tiles, sums });
    return sums;
  };
  const layers = dims.slice(1).map((outDim, l) => ({
    inputs: sideOf(
      dims[l],
      stream.slots.map(({ inputs }) => inputs[l]),
    ),
    outputs: sideOf(
      outDim,
      stream.slots.map(({ outputs }) => outputs[l]),
    ),
  }));
  const all = Array.from(sides.values());
  const everyNeuron = region.i32(Math.max(...dims));
  everyNeuron.view.forEach((_, i, list) => {
    list[i] = i;
  });
  yield* streamTiles(context, stream, function* (_, count) {
    yield* executor.run(all.length, (kernels, side) => {
      const { neurons, tiles, sums } = all[side];
      for (const tile of tiles.slice(0, count)) {
        kernels.squaredNorms(tile, everyNeuron.pointer, neurons, sums.pointer);
      }
    });
  });
  const neurons = all.reduce((sum, side) => sum + side.neurons, 0);
  cost.multiplyAdds += TILE * stream.tiles * neurons;
  return layers;
}
