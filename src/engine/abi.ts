/** Samples in a tile: the kernels' `TILE`. */
export const TILE = 32;

/** Bytes of one neuron's row in a tile. */
export const ROW_BYTES = 4 * TILE;

/** Scratch of the topK kernel, in elements of four bytes. */
export const TOP_K_SCRATCH = 2048;

/** A byte address in the kernels' memory. */
type Pointer = number;

/** The kernels; what each does, with every pointer's shape and type, is written at its source in assembly/. */
export type Kernels = {
  packDense(data: Pointer, rows: Pointer, count: number, cols: number, tile: Pointer): void;
  packCsr(
    indptr: Pointer,
    indices: Pointer,
    values: Pointer,
    rows: Pointer,
    count: number,
    cols: number,
    tile: Pointer,
  ): void;
  packColumns(data: Pointer, cols: number, begin: number, n: number, count: number, tile: Pointer): void;
  unpackColumns(tile: Pointer, cols: number, begin: number, n: number, count: number, data: Pointer): void;
  unpackRows(tile: Pointer, n: number, count: number, data: Pointer): void;
  clearLanes(tile: Pointer, n: number, count: number): void;
  gatherRows(from: Pointer, list: Pointer, n: number, to: Pointer): void;
  spmm(
    indptr: Pointer,
    indices: Pointer,
    values: Pointer,
    bias: Pointer,
    x: Pointer,
    y: Pointer,
    outDim: number,
    relu: boolean,
    lanes: number,
  ): void;
  spmmT(
    colPtr: Pointer,
    rowIdx: Pointer,
    perm: Pointer,
    values: Pointer,
    dy: Pointer,
    x: Pointer,
    dx: Pointer,
    inDim: number,
    lanes: number,
  ): void;
  spmmTLinear(
    colPtr: Pointer,
    rowIdx: Pointer,
    perm: Pointer,
    values: Pointer,
    dy: Pointer,
    dx: Pointer,
    inDim: number,
  ): void;
  sddmm(
    indptr: Pointer,
    indices: Pointer,
    dy: Pointer,
    x: Pointer,
    dW: Pointer,
    outDim: number,
    accumulate: boolean,
    lanes: number,
  ): void;
  addTo(to: Pointer, from: Pointer, n: number): void;
  biasGradient(dy: Pointer, db: Pointer, outDim: number, accumulate: boolean, lanes: number): void;
  gemm(w: Pointer, bias: Pointer, x: Pointer, y: Pointer, outDim: number, inDim: number, relu: boolean): void;
  gemmT(w: Pointer, dy: Pointer, x: Pointer, dx: Pointer, outDim: number, inDim: number): void;
  products(
    a: Pointer,
    x: Pointer,
    g: Pointer,
    outDim: number,
    inDim: number,
    accumulate: boolean,
    lanes: number,
  ): void;
  squaredNorms(a: Pointer, list: Pointer, n: number, sums: Pointer): void;
  cosineBlock(dots: Pointer, outSums: Pointer, inSums: Pointer, outDim: number, inDim: number): void;
  cosinePairs(
    indptr: Pointer,
    indices: Pointer,
    dots: Pointer,
    outSums: Pointer,
    inSums: Pointer,
    outDim: number,
  ): void;
  topK(
    scores: Pointer,
    n: number,
    k: number,
    smallest: boolean,
    absolute: boolean,
    scratch: Pointer,
    out: Pointer,
  ): void;
  softmax(z: Pointer, classes: number, probs: Pointer, logSums: Pointer): void;
  score(
    z: Pointer,
    logSums: Pointer,
    labels: Pointer,
    rows: Pointer,
    count: number,
    classes: number,
    out: Pointer,
  ): void;
  crossEntropyGradient(
    probs: Pointer,
    labels: Pointer,
    rows: Pointer,
    count: number,
    classes: number,
    scale: number,
    d: Pointer,
  ): void;
  sgd(
    w: Pointer,
    grad: Pointer,
    v: Pointer,
    n: number,
    rate: number,
    momentum: number,
    nesterov: boolean,
    l2: number,
  ): void;
  adam(
    w: Pointer,
    grad: Pointer,
    m: Pointer,
    v: Pointer,
    n: number,
    rate: number,
    beta1: number,
    beta2: number,
    scale: number,
    epsilon: number,
    l2: number,
  ): void;
};
