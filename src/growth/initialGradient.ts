import { CtreError } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import { TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import { fullPattern } from '../matrix/pattern.ts';
import type { Initializer } from '../nn/initializer.ts';
import { Network, networkBytes } from '../nn/network.ts';
import type { RowList } from '../nn/rows.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';
import { type Evolving, epochStream } from './evolving.ts';

/**
 * For a method that needs the `initialGradient`: draws a dense initialisation, takes its gradient on the first
 * mini-batch, lets the method choose every layer's pattern by both, and starts the network from the chosen weights.
 * Nothing dense is left afterwards.
 */
export function* startFromInitialGradient(
  model: Evolving,
  executor: Executor,
  initializer: Initializer,
  rows: RowList,
  batchSize: number,
): Work<void> {
  const { network, topology, seed } = model;
  const region = new Region(network.engine.arena);
  const { dims, layers } = network;
  const connections = layers.map(({ outDim, inDim }) => outDim * inDim);
  network.engine.arena.checkRoom(networkBytes(dims, connections), 'the initial gradient of every connection');
  const patterns = layers.map(({ outDim, inDim }) => fullPattern(outDim, inDim));
  const dense = new Network(network.engine, patterns);
  try {
    for (const layer of dense.layers)
      layer.drawWeights(initializer, randomStream(seed, `dense/${layer.index}`));
    const workspace = dense.allocateWorkspace(region, true);
    const gradients = dense.allocateGradients(region);
    const batch = Math.min(batchSize, rows.length);
    for (let begin = 0; begin < batch; begin += TILE) {
      yield* executor.run(1, (kernels) => {
        const tile = rows.pack(kernels, begin, batch, workspace.activations[0]);
        dense.forward(kernels, workspace);
        dense.backward(kernels, workspace, tile, 1 / batch);
        dense.addGradients(kernels, workspace, gradients, begin > 0);
      });
    }
    const starts = network.layers.map(({ index, inDim, outDim, nnz }, l) => {
      const initial = { weights: dense.layers[l].values.view, gradient: gradients[l].weights.view };
      const start = topology.init({ index, inDim, outDim, nnz, initial }, epochStream(model, `init/${l}`));
      if (start.pattern.indices.length !== nnz) {
        throw new CtreError(
          'E_ARGUMENT',
          `topology ${topology.name} chose ${start.pattern.indices.length} connections for layer ${l}; expected ${nnz}`,
        );
      }
      return start;
    });
    network.layers.forEach((layer, l) => {
      const { pattern } = starts[l];
      layer.setPattern(pattern);
      const values = layer.values.view;
      const weights = dense.layers[l].values.view;
      for (let i = 0; i < pattern.rows; i++) {
        for (let p = pattern.indptr[i]; p < pattern.indptr[i + 1]; p++) {
          values[p] = weights[i * pattern.cols + pattern.indices[p]];
        }
      }
    });
    model.states = starts.map(({ state }) => state);
  } finally {
    dense.free();
    region.free();
  }
}
