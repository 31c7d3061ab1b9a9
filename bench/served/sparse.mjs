// The sparse kernels as a contestant: ctre's own (`wasm`), or the same loops in plain JavaScript (`plain`).
// The commands are those of native/serve.h. A batch is four tiles, one call each.
import { writeFileSync } from 'node:fs';
import { TILE } from '../../dist/engine/abi.js';
import { Region } from '../../dist/engine/region.js';
import { getTrainingEngine } from '../../dist/engine/training.js';
import * as plain from '../plain.mjs';
import { BATCH, readLayer } from '../problems.mjs';
import { serve, time } from './serve.mjs';

const TILES = BATCH / TILE;
const tiles = (run) => {
  for (let t = 0; t < TILES; t++) run(t);
};

/** Copies [neurons][BATCH] into tiles, or back. */
function arrange(wide, tiled, toTiles) {
  const neurons = wide.length / BATCH;
  for (let i = 0; i < neurons; i++) {
    tiles((t) => {
      const w = wide.subarray(i * BATCH + t * TILE, i * BATCH + (t + 1) * TILE);
      const row = tiled.subarray((t * neurons + i) * TILE, (t * neurons + i + 1) * TILE);
      if (toTiles) row.set(w);
      else w.set(row);
    });
  }
}

/** The kernels over a layer in the engine's memory, and views of what they make. */
function wasmLayer(layer) {
  const { kernels, arena } = getTrainingEngine();
  const region = new Region(arena);
  const { inDim, outDim, nnz } = layer;
  const put = (array) => {
    const block = array instanceof Int32Array ? region.i32(array.length) : region.f32(array.length);
    block.view.set(array);
    return block.pointer;
  };
  const [indptr, indices, colPtr, rowIdx, perm, values, bias] = [
    'indptr',
    'indices',
    'colPtr',
    'rowIdx',
    'perm',
    'values',
    'bias',
  ].map((name) => put(layer[name]));
  const blocks = {
    x: region.f32(inDim * BATCH),
    dy: region.f32(outDim * BATCH),
    y: region.f32(outDim * BATCH),
    dx: region.f32(inDim * BATCH),
    dW: region.f32(nnz),
    db: region.f32(outDim),
  };
  arrange(layer.x, blocks.x.view, true);
  arrange(layer.dy, blocks.dy.view, true);
  const { x, dy, y, dx, dW, db } = Object.fromEntries(
    Object.entries(blocks).map(([name, { pointer }]) => [name, pointer]),
  );
  const ofIn = 4 * TILE * inDim;
  const ofOut = 4 * TILE * outDim;
  // A slope of 0 is ReLU, which keeps no bits.
  const [relu, noBits] = [0, 0];
  const spmmT = (t) => {
    const tile = [dy + t * ofOut, x + t * ofIn, noBits, dx + t * ofIn];
    kernels.spmmT(colPtr, rowIdx, perm, values, ...tile, inDim, relu, TILE);
  };
  const sddmm = (t) => kernels.sddmm(indptr, indices, dy + t * ofOut, x + t * ofIn, dW, outDim, t > 0, TILE);
  return {
    spmm(t) {
      const tile = [x + t * ofIn, y + t * ofOut, noBits];
      kernels.spmm(indptr, indices, values, bias, ...tile, outDim, relu, TILE);
    },
    spmmT,
    sddmm,
    // The call of a training step.
    backward(t) {
      const tile = [dy + t * ofOut, x + t * ofIn, noBits, dx + t * ofIn];
      kernels.backward(colPtr, rowIdx, perm, values, ...tile, dW, inDim, relu, t > 0, TILE);
      kernels.biasGradient(dy + t * ofOut, db, outDim, t > 0, TILE);
    },
    results: () => ({ y: blocks.y.view, dx: blocks.dx.view, dW: blocks.dW.view }),
    free: () => region.free(),
  };
}

/** As wasmLayer, in plain JavaScript. */
function plainLayer(layer) {
  const { inDim, outDim, nnz } = layer;
  const [x, dy] = [layer.x, layer.dy].map((wide) => {
    const tiled = new Float32Array(wide.length);
    arrange(wide, tiled, true);
    return tiled;
  });
  const [y, dx] = [new Float32Array(dy.length), new Float32Array(x.length)];
  const [dW, db] = [new Float32Array(nnz), new Float32Array(outDim)];
  const views = Array.from({ length: TILES }, (_, t) => {
    const cut = (array, neurons) => array.subarray(t * neurons * TILE, (t + 1) * neurons * TILE);
    return { x: cut(x, inDim), dx: cut(dx, inDim), y: cut(y, outDim), dy: cut(dy, outDim) };
  });
  const spmmT = (t) => plain.spmmT(layer, views[t].dy, views[t].x, views[t].dx);
  const sddmm = (t) => plain.sddmm(layer, views[t].dy, views[t].x, dW, t > 0);
  return {
    spmm: (t) => plain.spmm(layer, views[t].x, views[t].y),
    spmmT,
    sddmm,
    backward(t) {
      spmmT(t);
      sddmm(t);
      plain.biasGradient(layer, views[t].dy, db, t > 0);
    },
    results: () => ({ y, dx, dW }),
    free() {},
  };
}

const make = process.argv[2] === 'plain' ? plainLayer : wasmLayer;
let kernels;
await serve({
  load(path) {
    kernels?.free();
    kernels = make(readLayer(path));
  },
  run: (name, times) => time(() => tiles(kernels[name]), Number(times)),
  check(name, path) {
    tiles(kernels[name]);
    const { y, dx, dW } = kernels.results();
    const tiled = { spmm: y, spmmT: dx }[name];
    const result = new Float32Array(tiled?.length ?? dW.length);
    if (tiled) arrange(result, tiled, false);
    else result.set(dW);
    writeFileSync(path, result);
  },
});
