import type { Random } from '../base/random.ts';
import type { Kernels } from '../engine/abi.ts';
import type { F32Block, I32Block, Region } from '../engine/region.ts';
import { type CsrPattern, fullPattern, transposePattern } from '../matrix/pattern.ts';
import { drawWeight, type Initializer } from './initializer.ts';
import type { LayerShape } from './layerShape.ts';
import type { Optimizer } from './optimizer.ts';

/** The structure of a sparse layer in the kernels' memory: W's CSR and, for the backward product, its CSC. */
export interface Structure {
  /** Offsets by output neuron [outDim + 1]. */
  readonly indptr: I32Block;
  /** Input neuron of every connection [nnz], ascending within a row. */
  readonly indices: I32Block;
  /** Offsets by input neuron [inDim + 1]. */
  readonly colPtr: I32Block;
  /** Output neuron of every connection in CSC order [nnz]. */
  readonly rowIdx: I32Block;
  /** CSR position of every connection in CSC order [nnz]. */
  readonly perm: I32Block;
}

/** The gradient of one layer's parameters. */
export interface Gradient {
  /** [nnz], in CSR order. */
  readonly weights: F32Block;
  /** [outDim]. */
  readonly bias: F32Block;
}

/** An optimiser's arrays of one layer. */
export interface OptimizerSlots {
  readonly weights: readonly F32Block[];
  readonly bias: readonly F32Block[];
}

/** The output neurons from `begin` to below `end`, and their connections from `first` to below `last`. */
export interface RowRange {
  readonly begin: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

/**
 * One layer, y = W·x + b: W is `[outDim, inDim]`, and its number of connections never grows. A layer that has
 * all of them keeps no structure: its values in CSR order are the dense matrix, and the dense kernels compute
 * with it.
 */
export class Layer implements LayerShape {
  readonly index: number;
  readonly inDim: number;
  readonly outDim: number;
  readonly #region: Region;
  #nnz: number;
  #structure: Structure | undefined;
  /** Room for the structure that a full layer will have when it loses connections. */
  #reserved: Structure | undefined;
  /** Weights in CSR order [nnz]. */
  readonly values: F32Block;
  readonly bias: F32Block;
  /**
   * The optimiser's state: `slots` arrays for the weights and as many for the biases; none before training.
   */
  #slots: OptimizerSlots = { weights: [], bias: [] };

  constructor(region: Region, index: number, inDim: number, outDim: number, nnz: number) {
    this.#region = region;
    this.index = index;
    this.inDim = inDim;
    this.outDim = outDim;
    this.#nnz = nnz;
    this.#structure = nnz === inDim * outDim ? undefined : this.#allocateStructure(nnz);
    this.values = region.f32(nnz);
    this.bias = region.f32(outDim);
    this.bias.view.fill(0);
  }

  get nnz(): number {
    return this.#nnz;
  }

  /** Absent in a layer that has every connection. */
  get structure(): Structure | undefined {
    return this.#structure;
  }

  #allocateStructure(nnz: number): Structure {
    const { inDim, outDim } = this;
    return {
      indptr: this.#region.i32(outDim + 1),
      indices: this.#region.i32(nnz),
      colPtr: this.#region.i32(inDim + 1),
      rowIdx: this.#region.i32(nnz),
      perm: this.#region.i32(nnz),
    };
  }

  /** The optimiser's arrays for the weights: they have to move along with their connection. */
  get weightSlots(): readonly F32Block[] {
    return this.#slots.weights;
  }

  get biasSlots(): readonly F32Block[] {
    return this.#slots.bias;
  }

  /** The layer's pattern, a copy. */
  pattern(): CsrPattern {
    const { inDim, outDim, structure } = this;
    if (structure === undefined) return fullPattern(outDim, inDim);
    return {
      rows: outDim,
      cols: inDim,
      indptr: structure.indptr.view.slice(),
      indices: structure.indices.view.slice(),
    };
  }

  /**
   * Writes a pattern of nnz connections or fewer, CSR and CSC. With fewer, every array of connections gets
   * shorter.
   */
  setPattern(pattern: CsrPattern): void {
    const nnz = pattern.indices.length;
    if (nnz < this.#nnz) this.#shrink(nnz);
    if (this.#structure === undefined) return;
    const { indptr, indices, colPtr, rowIdx, perm } = this.#structure;
    const transposed = transposePattern(pattern);
    indptr.view.set(pattern.indptr);
    indices.view.set(pattern.indices);
    colPtr.view.set(transposed.indptr);
    rowIdx.view.set(transposed.indices);
    perm.view.set(transposed.source);
  }

  /** Makes sure that `setPattern` has the memory for a pattern of so many connections. */
  reserve(nnz: number): void {
    if (this.#structure === undefined && nnz < this.#nnz) this.#reserved ??= this.#allocateStructure(nnz);
  }

  #shrink(nnz: number): void {
    this.reserve(nnz);
    this.#structure ??= this.#reserved;
    if (this.#structure === undefined) return;
    const { indices, rowIdx, perm } = this.#structure;
    for (const block of [indices, rowIdx, perm, this.values, ...this.weightSlots]) block.shorten(nnz);
    this.#nnz = nnz;
  }

  /** Draws every weight anew. */
  drawWeights(initializer: Initializer, random: Random): void {
    const bound = initializer.bound(this);
    const values = this.values.view;
    for (let p = 0; p < values.length; p++) values[p] = drawWeight(bound, random);
  }

  /** `count` state arrays of an optimiser, all zero. */
  allocateSlots(region: Region, count: number): OptimizerSlots {
    const weights = Array.from({ length: count }, () => region.f32(this.nnz));
    const bias = Array.from({ length: count }, () => region.f32(this.outDim));
    for (const slot of [...weights, ...bias]) slot.view.fill(0);
    return { weights, bias };
  }

  /** Gives the layer the state of an optimiser in place of any before. */
  setSlots(slots: OptimizerSlots): void {
    this.#slots = slots;
  }

  /** Room for this layer's gradient. */
  allocateGradient(region: Region): Gradient {
    return { weights: region.f32(this.nnz), bias: region.f32(this.outDim) };
  }

  /**
   * y = W·x + b over a tile's first `lanes` samples, ReLU if asked. x [inDim][32], y [outDim][32], as
   * pointers.
   */
  forward(kernels: Kernels, x: number, y: number, relu: boolean, lanes: number): void {
    const { structure, values, bias, inDim, outDim } = this;
    if (structure === undefined) {
      kernels.gemm(values.pointer, bias.pointer, x, y, outDim, inDim, relu);
    } else {
      const { indptr, indices } = structure;
      kernels.spmm(indptr.pointer, indices.pointer, values.pointer, bias.pointer, x, y, outDim, relu, lanes);
    }
  }

  /** dx = Wᵀ·dy over one tile, 0 where x ≤ 0 (the ReLU before it undone). */
  backward(kernels: Kernels, dy: number, x: number, dx: number, lanes: number): void {
    const { structure, values, inDim, outDim } = this;
    if (structure === undefined) {
      kernels.gemmT(values.pointer, dy, x, dx, outDim, inDim);
    } else {
      const { colPtr, rowIdx, perm } = structure;
      kernels.spmmT(colPtr.pointer, rowIdx.pointer, perm.pointer, values.pointer, dy, x, dx, inDim, lanes);
    }
  }

  /** The gradient of a tile's first `lanes` samples, added to what is there or in its place. */
  addGradient(
    kernels: Kernels,
    dy: number,
    x: number,
    gradient: Gradient,
    accumulate: boolean,
    lanes: number,
  ): void {
    const { structure, inDim, outDim } = this;
    const dW = gradient.weights.pointer;
    if (structure === undefined) kernels.products(dy, x, dW, outDim, inDim, accumulate, lanes);
    else {
      const { indptr, indices } = structure;
      kernels.sddmm(indptr.pointer, indices.pointer, dy, x, dW, outDim, accumulate, lanes);
    }
    kernels.biasGradient(dy, gradient.bias.pointer, outDim, accumulate, lanes);
  }

  /** Adds another gradient, for some output neurons. */
  mergeGradient(
    kernels: Kernels,
    { begin, end, first, last }: RowRange,
    gradient: Gradient,
    other: Gradient,
  ): void {
    const add = (to: F32Block, from: F32Block, start: number, n: number): void => {
      kernels.addTo(to.at(start), from.at(start), n);
    };
    add(gradient.weights, other.weights, first, last - first);
    add(gradient.bias, other.bias, begin, end - begin);
  }

  /** One step of the optimiser for some output neurons, from the gradient of a whole batch. */
  update(
    kernels: Kernels,
    { begin, end, first, last }: RowRange,
    optimizer: Optimizer,
    gradient: Gradient,
    time: number,
  ): void {
    const step = (
      parameters: F32Block,
      slopes: F32Block,
      slots: readonly F32Block[],
      from: number,
      to: number,
      decay: boolean,
    ): void => {
      const at = (block: F32Block): number => block.at(from);
      const pointers = { weights: at(parameters), gradient: at(slopes), slots: slots.map(at), n: to - from };
      optimizer.step(kernels, pointers, time, decay);
    };
    step(this.values, gradient.weights, this.weightSlots, first, last, true);
    step(this.bias, gradient.bias, this.biasSlots, begin, end, false);
  }

  /** The output neurons cut into at most `parts` ranges of about as many connections each. */
  ranges(parts: number): RowRange[] {
    const { inDim, outDim, nnz, structure } = this;
    const offsets = structure?.indptr.view;
    const offset = (row: number): number => offsets?.[row] ?? row * inDim;
    const ranges: RowRange[] = [];
    let begin = 0;
    for (let part = 1; part <= parts; part++) {
      let end = part === parts ? outDim : begin;
      // A neuron costs about as much as a connection: it has a bias, and its row is read even if it is empty.
      while (end < outDim && parts * (offset(end) + end) < part * (nnz + outDim)) end++;
      if (end > begin) ranges.push({ begin, end, first: offset(begin), last: offset(end) });
      begin = end;
    }
    return ranges;
  }
}
