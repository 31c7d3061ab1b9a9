import type { Random } from '../base/random.ts';
import type { Kernels } from '../engine/abi.ts';
import type { Arena } from '../engine/arena.ts';
import { type F32Block, type I32Block, Region } from '../engine/region.ts';
import { type CsrPattern, fullPattern, transposeInto } from '../matrix/pattern.ts';
import { drawWeight, type Initializer } from './initializer.ts';
import type { LayerShape } from './layerShape.ts';
import type { Optimizer } from './optimizer.ts';
import type { NeuronTile } from './workspace.ts';

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

/** An optimiser's arrays of one layer, in a region of their own. */
export interface OptimizerSlots {
  readonly region: Region;
  readonly weights: readonly F32Block[];
  readonly bias: readonly F32Block[];
}

/** A layer's arrays of connections, in a region of their own. */
interface Connections {
  readonly region: Region;
  /** Absent in a layer that has every connection. */
  readonly structure: Structure | undefined;
  /** Weights in CSR order [nnz]. */
  readonly values: F32Block;
}

/**
 * Connections of an input neuron up to which one pass for both gradients is the faster way. With more, the
 * two passes are, because they fill wider vectors (docs/performance.md). The bits are the same.
 */
const MOST_FOR_ONE_PASS = 24;

/** A layer that gets more connections than it has room for gets room for so much more. */
const HEADROOM = 1 / 8;

/** The slopes below 0 of the activations on either side of a layer; 1 where there is none. */
export interface LayerSlopes {
  /** Of the one that its inputs come out of. */
  readonly inputSlope: number;
  /** Of its own. */
  readonly slope: number;
}

/** Those of a network's only layer. */
const NO_ACTIVATION: LayerSlopes = { inputSlope: 1, slope: 1 };

/** The output neurons from `begin` to below `end`, and their connections from `first` to below `last`. */
export interface RowRange {
  readonly begin: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

/**
 * One layer, y = f(W·x + b): W is `[outDim, inDim]`. A layer that has all connections from the start keeps no
 * structure: its values in CSR order are the dense matrix, and the dense kernels compute with it. A sparse
 * layer never gets all of them, because a file could not tell it from such a layer.
 */
export class Layer implements LayerShape {
  readonly index: number;
  readonly inDim: number;
  readonly outDim: number;
  readonly inputSlope: number;
  readonly slope: number;
  readonly bias: F32Block;
  readonly #arena: Arena;
  readonly #biasRegion: Region;
  #nnz: number;
  #connections: Connections;
  /** What the layer changes to when it gets more connections, or a full one loses some. */
  #reservedConnections: Connections | undefined;
  #reservedSlots: OptimizerSlots | undefined;
  #slots: OptimizerSlots;

  /** @throws CtreError `E_MEMORY`; nothing is left then. */
  constructor(
    arena: Arena,
    index: number,
    inDim: number,
    outDim: number,
    nnz: number,
    { inputSlope, slope } = NO_ACTIVATION,
  ) {
    this.#arena = arena;
    this.index = index;
    this.inDim = inDim;
    this.outDim = outDim;
    this.inputSlope = inputSlope;
    this.slope = slope;
    this.#nnz = nnz;
    this.#slots = { region: new Region(arena), weights: [], bias: [] };
    this.#connections = this.#allocateConnections(nnz, nnz === inDim * outDim);
    this.#biasRegion = new Region(arena);
    try {
      this.bias = this.#biasRegion.f32(outDim);
    } catch (error) {
      this.#connections.region.free();
      throw error;
    }
    this.bias.view.fill(0);
  }

  get nnz(): number {
    return this.#nnz;
  }

  /** Absent in a layer that has every connection. */
  get structure(): Structure | undefined {
    return this.#connections.structure;
  }

  /** Weights in CSR order [nnz]. */
  get values(): F32Block {
    return this.#connections.values;
  }

  /** The optimiser's arrays for the weights: they have to move along with their connection. */
  get weightSlots(): readonly F32Block[] {
    return this.#slots.weights;
  }

  get biasSlots(): readonly F32Block[] {
    return this.#slots.bias;
  }

  /** Bytes of parameters, structure and optimiser state. */
  get bytes(): number {
    return this.#connections.region.bytes + this.#biasRegion.bytes + this.#slots.region.bytes;
  }

  /** Frees the layer's memory. */
  free(): void {
    this.#reservedSlots?.region.free();
    this.#reservedConnections?.region.free();
    this.#slots.region.free();
    this.#biasRegion.free();
    this.#connections.region.free();
  }

  #allocateConnections(nnz: number, isFull: boolean): Connections {
    const region = new Region(this.#arena);
    try {
      const structure = isFull ? undefined : this.#allocateStructure(region, nnz);
      return { region, structure, values: region.f32(nnz) };
    } catch (error) {
      region.free();
      throw error;
    }
  }

  #allocateStructure(region: Region, nnz: number): Structure {
    const { inDim, outDim } = this;
    return {
      indptr: region.i32(outDim + 1),
      indices: region.i32(nnz),
      colPtr: region.i32(inDim + 1),
      rowIdx: region.i32(nnz),
      perm: region.i32(nnz),
    };
  }

  /** The layer's pattern, a copy. */
  pattern(): CsrPattern {
    const { rows, cols, indptr, indices } = this.patternNow();
    return { rows, cols, indptr: indptr.slice(), indices: indices.slice() };
  }

  /** The layer's pattern where it lies: to be read only, and before anything is allocated or changed. */
  patternNow(): CsrPattern {
    const { inDim, outDim, structure } = this;
    if (structure === undefined) return fullPattern(outDim, inDim);
    return { rows: outDim, cols: inDim, indptr: structure.indptr.view, indices: structure.indices.view };
  }

  /**
   * Writes a pattern, CSR and CSC. Where it has more or fewer connections than before, every array of
   * connections gets another length, and has to be written, too.
   */
  setPattern(pattern: CsrPattern): void {
    const nnz = pattern.indices.length;
    if (nnz !== this.#nnz) this.#resize(nnz);
    const { structure } = this;
    if (structure === undefined) return;
    const { indptr, indices, colPtr, rowIdx, perm } = structure;
    indptr.view.set(pattern.indptr);
    indices.view.set(pattern.indices);
    transposeInto(pattern, { indptr: colPtr.view, indices: rowIdx.view, source: perm.view });
  }

  /**
   * Makes sure that `setPattern` has the memory for a pattern of so many connections.
   * @throws CtreError `E_MEMORY`; nothing has changed then.
   */
  reserve(nnz: number): void {
    const room = Math.min(Math.ceil((1 + HEADROOM) * nnz), this.inDim * this.outDim);
    if (this.#lacksConnections(nnz)) {
      const isFull = this.structure === undefined;
      const connections = this.#allocateConnections(isFull ? nnz : room, false);
      this.#reservedConnections?.region.free();
      this.#reservedConnections = connections;
    }
    if (lacksRoom(this.#slots, nnz) && lacksRoom(this.#reservedSlots, nnz)) {
      const slots = this.allocateSlots(this.weightSlots.length, room);
      this.#reservedSlots?.region.free();
      this.#reservedSlots = slots;
    }
  }

  #lacksConnections(nnz: number): boolean {
    const { values, structure } = this.#connections;
    const fits = structure === undefined ? nnz === this.#nnz : nnz <= values.capacity;
    return !fits && nnz > (this.#reservedConnections?.values.capacity ?? -1);
  }

  #resize(nnz: number): void {
    this.reserve(nnz);
    if (this.structure === undefined || nnz > this.values.capacity) this.#adoptConnections();
    if (lacksRoom(this.#slots, nnz)) this.#adoptSlots();
    const { values, structure } = this.#connections;
    if (structure === undefined) return;
    const { indices, rowIdx, perm } = structure;
    for (const block of [indices, rowIdx, perm, values, ...this.weightSlots]) block.resize(nnz);
    this.#nnz = nnz;
  }

  #adoptConnections(): void {
    if (this.#reservedConnections === undefined) return;
    this.#connections.region.free();
    this.#connections = this.#reservedConnections;
    this.#reservedConnections = undefined;
  }

  #adoptSlots(): void {
    const slots = this.#reservedSlots;
    if (slots === undefined) return;
    this.#reservedSlots = undefined;
    slots.bias.forEach((to, s) => {
      to.view.set(this.biasSlots[s].view);
    });
    this.setSlots(slots);
  }

  /** Draws every weight anew. */
  drawWeights(initializer: Initializer, random: Random): void {
    const bound = initializer.bound(this);
    const values = this.values.view;
    for (let p = 0; p < values.length; p++) values[p] = drawWeight(bound, random);
  }

  /**
   * `count` state arrays of an optimiser, all zero.
   * @param room connections that they hold; absent: as many as there are.
   * @throws CtreError `E_MEMORY`; nothing is left then.
   */
  allocateSlots(count: number, room = this.nnz): OptimizerSlots {
    const region = new Region(this.#arena);
    try {
      const weights = Array.from({ length: count }, () => region.f32(room));
      const bias = Array.from({ length: count }, () => region.f32(this.outDim));
      for (const slot of [...weights, ...bias]) slot.view.fill(0);
      return { region, weights, bias };
    } catch (error) {
      region.free();
      throw error;
    }
  }

  /** Gives the layer the state of an optimiser in place of any before, which is freed. */
  setSlots(slots: OptimizerSlots): void {
    this.#slots.region.free();
    this.#slots = slots;
    // One that was reserved is for the optimiser before.
    this.#reservedSlots?.region.free();
    this.#reservedSlots = undefined;
    // The layer may have lost connections since these were allocated.
    for (const block of slots.weights) block.resize(this.nnz);
  }

  /** Room for this layer's gradient. */
  allocateGradient(region: Region): Gradient {
    return { weights: region.f32(this.nnz), bias: region.f32(this.outDim) };
  }

  /** y = f(W·x + b) over a tile's first `lanes` samples. */
  forward(
    kernels: Kernels,
    { values: x }: NeuronTile,
    { values: y, fires }: NeuronTile,
    lanes: number,
  ): void {
    const { structure, values, bias, inDim, outDim, slope } = this;
    const parameters = [values.pointer, bias.pointer] as const;
    if (structure === undefined) {
      kernels.gemm(...parameters, x, y, fires, outDim, inDim, slope);
    } else {
      const { indptr, indices } = structure;
      kernels.spmm(indptr.pointer, indices.pointer, ...parameters, x, y, fires, outDim, slope, lanes);
    }
  }

  /** dx = Wᵀ·dy over one tile, times the derivative of the activation that x comes out of. */
  backward(kernels: Kernels, dy: number, { values: x, fires }: NeuronTile, dx: number, lanes: number): void {
    const { structure, values, inDim, outDim, inputSlope } = this;
    if (structure === undefined) {
      kernels.gemmT(values.pointer, dy, x, fires, dx, outDim, inDim, inputSlope);
    } else {
      const { colPtr, rowIdx, perm } = structure;
      const csc = [colPtr.pointer, rowIdx.pointer, perm.pointer] as const;
      kernels.spmmT(...csc, values.pointer, dy, x, fires, dx, inDim, inputSlope, lanes);
    }
  }

  /**
   * The gradient of a tile's first `lanes` samples, added to what is there or in its place; and, in the same
   * pass, dx as `backward` makes it.
   * @param dx undefined where nobody needs it: in the first layer.
   */
  differentiate(
    kernels: Kernels,
    dy: number,
    inputs: NeuronTile,
    dx: number | undefined,
    gradient: Gradient,
    accumulate: boolean,
    lanes: number,
  ): void {
    const { structure, values, inDim, outDim, inputSlope } = this;
    const { values: x, fires } = inputs;
    const dW = gradient.weights.pointer;
    if (structure === undefined) {
      if (dx !== undefined) this.backward(kernels, dy, inputs, dx, lanes);
      kernels.products(dy, x, dW, outDim, inDim, accumulate, lanes);
    } else if (this.#nnz > MOST_FOR_ONE_PASS * inDim) {
      const { indptr, indices } = structure;
      if (dx !== undefined) this.backward(kernels, dy, inputs, dx, lanes);
      kernels.sddmm(indptr.pointer, indices.pointer, dy, x, dW, outDim, accumulate, lanes);
    } else {
      const csc = [structure.colPtr.pointer, structure.rowIdx.pointer, structure.perm.pointer] as const;
      const how = [accumulate, lanes] as const;
      if (dx === undefined) kernels.weightGradient(...csc, dy, x, dW, inDim, ...how);
      else kernels.backward(...csc, values.pointer, dy, x, fires, dx, dW, inDim, inputSlope, ...how);
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

  /** Scales a gradient, for some output neurons. */
  scaleGradient(
    kernels: Kernels,
    { begin, end, first, last }: RowRange,
    { weights, bias }: Gradient,
    factor: number,
  ): void {
    kernels.scaleBy(weights.at(first), last - first, factor);
    kernels.scaleBy(bias.at(begin), end - begin, factor);
  }

  /**
   * One step of the optimiser for some output neurons, from the gradient of a whole batch.
   * @param rateFactor of the learning rate.
   */
  update(
    kernels: Kernels,
    { begin, end, first, last }: RowRange,
    optimizer: Optimizer,
    gradient: Gradient,
    time: number,
    rateFactor = 1,
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
      optimizer.step(kernels, { ...pointers, rateFactor }, time, decay);
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

/** Whether an optimiser's arrays are too short for so many connections; undefined ones are. */
function lacksRoom(slots: OptimizerSlots | undefined, nnz: number): boolean {
  return slots === undefined || slots.weights.some(({ capacity }) => capacity < nnz);
}
