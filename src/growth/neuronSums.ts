import type { Random } from '../base/random.ts';
import { TILE } from '../engine/abi.ts';
import type { Work } from '../run/turns.ts';
import type { NeuronSums } from '../topology/topology.ts';
import { type PairStream, streamTiles } from './pairStream.ts';
import type { SearchContext } from './searchContext.ts';

/**
 * By layer, the sums over a gradient's stream: Σ |x| of every input and Σ |δ| of every output; with random
 * signs |Σ ±x| and |Σ ±δ|, one sign a row.
 */
export function* sumNeurons(
  context: SearchContext,
  stream: PairStream,
  signs: Random | undefined,
): Work<NeuronSums[]> {
  const { engine, dims } = context;
  const sums = dims.slice(1).map((outDim, l) => ({
    inputs: new Float64Array(dims[l]),
    outputs: new Float64Array(outDim),
  }));
  yield* streamTiles(context, stream, function* (begin, count) {
    const { buffer } = engine.arena.memory;
    for (let slot = 0; slot < count; slot++) {
      const lanes = Math.min(TILE, stream.rows - (begin + slot) * TILE);
      const signOf = Array.from({ length: lanes }, () => (signs && signs.next() < 0.5 ? -1 : 1));
      const { inputs, outputs } = stream.slots[slot];
      sums.forEach((layer, l) => {
        addTile(layer.inputs, new Float32Array(buffer, inputs[l], TILE * dims[l]), signOf, signs);
        addTile(layer.outputs, new Float32Array(buffer, outputs[l], TILE * dims[l + 1]), signOf, signs);
      });
      yield;
    }
  });
  if (signs === undefined) return sums;
  return sums.map(({ inputs, outputs }) => ({
    inputs: inputs.map(Math.abs),
    outputs: outputs.map(Math.abs),
  }));
}

function addTile(
  sums: Float64Array,
  tile: Float32Array,
  signOf: readonly number[],
  signs: Random | undefined,
): void {
  for (let i = 0; i < sums.length; i++) {
    let sum = 0;
    for (let b = 0; b < signOf.length; b++) {
      const value = tile[i * TILE + b];
      sum += signs === undefined ? Math.abs(value) : signOf[b] * value;
    }
    sums[i] += sum;
  }
}
