import type { CsrPattern } from '../matrix/pattern.ts';
import type { Layer } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';
import type { EvolvingLayer, EvolvingNetwork, Progress } from '../topology/topology.ts';

/** The network as a method sees it. */
export function viewNetwork({ layers }: Network, progress: Progress): EvolvingNetwork {
  return Object.freeze({ layers: Object.freeze(layers.map((layer) => new LayerCopy(layer))), progress });
}

/** Copies what is asked for when it is asked for: the arrays of a large network take long to copy. */
class LayerCopy implements EvolvingLayer {
  readonly index: number;
  readonly inDim: number;
  readonly outDim: number;
  readonly nnz: number;
  readonly inputSlope: number;
  readonly #layer: Layer;
  #pattern: CsrPattern | undefined;
  #weights: Float32Array | undefined;

  constructor(layer: Layer) {
    const { index, inDim, outDim, nnz, inputSlope } = layer;
    this.index = index;
    this.inDim = inDim;
    this.outDim = outDim;
    this.nnz = nnz;
    this.inputSlope = inputSlope;
    this.#layer = layer;
  }

  get pattern(): CsrPattern {
    this.#pattern ??= this.#layer.pattern();
    return this.#pattern;
  }

  get weights(): Float32Array {
    this.#weights ??= this.#layer.values.view.slice();
    return this.#weights;
  }

  optimizerState(): Float32Array[] {
    return this.#layer.weightSlots.map(({ view }) => view.slice());
  }
}
