/** What initialisers and topology methods may know of a layer: W is `[outDim, inDim]`. */
export interface LayerShape {
  /** 0 for the first layer. */
  readonly index: number;
  readonly inDim: number;
  readonly outDim: number;
  /** Connections of the layer. */
  readonly nnz: number;
  /**
   * The slope below 0 of the activation that its inputs come out of: 0 for ReLU, 1 for inputs of the network.
   * Absent: 0.
   */
  readonly inputSlope?: number;
}
