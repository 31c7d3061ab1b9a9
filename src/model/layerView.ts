import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { Layer } from '../nn/layer.ts';
import type { ModelCore } from './core.ts';

/** One layer, as copies of what it holds at the time. */
export interface LayerView {
  readonly inDim: number;
  readonly outDim: number;
  readonly nnz: number;
  readonly density: number;
  /** W, `[outDim, inDim]`; a copy. */
  readonly weights: CsrMatrix;
  /** [outDim]; a copy. */
  readonly bias: Float32Array;
}

/** A model's layers, from the inputs on. */
export function viewLayers(core: ModelCore): LayerView[] {
  // A view may outlive its model: each access asks for the layer anew.
  const layerOf = (l: number): Layer => core.network.layers[l];
  return core.network.layers.map(({ inDim, outDim, nnz }, l) => ({
    inDim,
    outDim,
    nnz,
    density: nnz / (inDim * outDim),
    get weights(): CsrMatrix {
      const layer = layerOf(l);
      return CsrMatrix.fromParts({ ...layer.pattern(), values: layer.values.view });
    },
    get bias(): Float32Array {
      return layerOf(l).bias.view.slice();
    },
  }));
}
