import { CtreError, show } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import { TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import { checkPattern } from '../matrix/canonical.ts';
import { type CsrPattern, fullPattern } from '../matrix/pattern.ts';
import type { Layer } from '../nn/layer.ts';
import { Network, networkBytes } from '../nn/network.ts';
import type { Work } from '../run/turns.ts';
import type { RowSample, StartTools } from '../topology/topology.ts';
import { checkByLayer } from './checkQuestion.ts';
import { Tools } from './growthTools.ts';

type NewLayer = Parameters<StartTools['replace']>[0][number];

/** The tools before the first step. */
export class ToolsAtStart extends Tools implements StartTools {
  /** The layers as they were before the first change. */
  #before: readonly { readonly pattern: CsrPattern; readonly values: Float32Array }[] | undefined;

  initialGradients(rows: RowSample): Work<{ weights: Float32Array; gradient: Float32Array }[]> {
    return this.ask(this.#initialGradients(rows));
  }

  *#initialGradients(rows: RowSample): Work<{ weights: Float32Array; gradient: Float32Array }[]> {
    const { model, executor, workspaces } = this.setting;
    const { engine, dims, layers } = model.network;
    const batch = this.rowsOf(rows);
    const connections = layers.map(({ outDim, inDim }) => outDim * inDim);
    engine.arena.checkRoom(networkBytes(dims, connections), 'the initial gradient of every connection');
    const region = new Region(engine.arena);
    const dense = new Network(
      engine,
      layers.map(({ outDim, inDim }) => fullPattern(outDim, inDim)),
      model.activation,
    );
    try {
      for (const layer of dense.layers) {
        layer.drawWeights(model.initializer, randomStream(model.seed, `dense/${layer.index}`));
      }
      const workspace = dense.allocateWorkspace(region, workspaces[0].loss, true);
      const gradients = dense.allocateGradients(region);
      for (let begin = 0; begin < batch.length; begin += TILE) {
        yield* executor.run(1, (kernels) => {
          const tile = batch.pack(kernels, begin, batch.length, workspace);
          dense.forward(kernels, workspace);
          dense.differentiate(kernels, workspace, tile, 1 / batch.length, gradients, begin > 0);
        });
      }
      const all = connections.reduce((sum, count) => sum + count, 0);
      this.cost.multiplyAdds += batch.length * (3 * all - connections[0]);
      return dense.layers.map(({ values }, l) => ({
        weights: values.view.slice(),
        gradient: gradients[l].weights.view.slice(),
      }));
    } finally {
      dense.free();
      region.free();
    }
  }

  replace(layers: readonly NewLayer[]): void {
    const { network, topology } = this.open;
    checkByLayer('layers', layers, network.layers.length);
    const changed = network.layers.flatMap((layer, l) => {
      const given = layers[l];
      return given === undefined ? [] : [{ layer, ...checkNewLayer(given, layer) }];
    });
    const total = (count: (layer: (typeof changed)[number]) => number): number =>
      changed.reduce((sum, layer) => sum + count(layer), 0);
    const [after, before] = [total(({ pattern }) => pattern.indices.length), total(({ layer }) => layer.nnz)];
    if (after !== before) {
      throw new CtreError(
        'E_ARGUMENT',
        `topology ${topology.name} starts with ${after} connections in place of ${before}; expected as many`,
      );
    }
    for (const { layer, pattern } of changed) network.reserve(layer, pattern.indices.length);
    this.#before ??= network.layers.map((layer) => ({
      pattern: layer.pattern(),
      values: layer.values.view.slice(),
    }));
    for (const { layer, pattern, weights } of changed) {
      layer.setPattern(pattern);
      layer.values.view.set(weights);
    }
  }

  /**
   * Undoes every change. A training that is stopped before its first step begins anew, from the network it
   * had: half a start would be other bits.
   */
  undo(): void {
    const { layers } = this.setting.model.network;
    this.#before?.forEach(({ pattern, values }, l) => {
      layers[l].setPattern(pattern);
      layers[l].values.view.set(values);
    });
  }
}

/** @throws CtreError for a layer that does not fit. */
function checkNewLayer(
  given: NonNullable<NewLayer>,
  { index, inDim, outDim, structure }: Layer,
): NonNullable<NewLayer> {
  const what = `the pattern of layer ${index}`;
  const pattern = checkPattern(what, given.pattern);
  const nnz = pattern.indices.length;
  const isFull = nnz === inDim * outDim;
  if (
    pattern.rows !== outDim ||
    pattern.cols !== inDim ||
    nnz === 0 ||
    isFull !== (structure === undefined)
  ) {
    throw new CtreError(
      'E_SHAPE',
      `${what} has ${nnz} connections in ${pattern.rows} × ${pattern.cols}; expected some in ` +
        `${outDim} × ${inDim}, and all only where the layer had all`,
    );
  }
  const { weights } = given;
  if (!(weights instanceof Float32Array) || weights.length !== nnz || !weights.every(Number.isFinite)) {
    throw new CtreError(
      'E_ARGUMENT',
      `the weights of layer ${index} are ${show(weights)}; expected a Float32Array of ${nnz} finite numbers`,
    );
  }
  return { pattern, weights };
}
