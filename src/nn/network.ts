import { type Kernels, ROW_BYTES, TILE } from '../engine/abi.ts';
import type { Region } from '../engine/region.ts';
import type { TrainingEngine } from '../engine/training.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import { type Activation, keepsBits, relu } from './activation.ts';
import { type Gradient, Layer, type LayerSlopes, type OptimizerSlots } from './layer.ts';
import type { Loss } from './loss.ts';
import type { Optimizer } from './optimizer.ts';
import type { TileRows } from './rows.ts';
import type { NeuronTile, Workspace } from './workspace.ts';

/** Of a sparse connection: its weight, gradient and one number of state; its row, column and permutation. */
const SPARSE_CONNECTION_BYTES = 24;
/** Of a connection in a layer that has them all: weight, gradient and one number of state. */
const DENSE_CONNECTION_BYTES = 12;
/** Of a neuron on either side of a sparse layer: its offset in the structure. */
const OFFSET_BYTES = 4;
/** Of a neuron: its bias with gradient and state, and its rows of two tiles, activations and deltas. */
const TRAINED_NEURON_BYTES = 12 + 2 * ROW_BYTES;

/** Bytes that a network needs in training with one array of optimiser state, batches aside. */
export function networkBytes(dims: readonly number[], connections: readonly number[]): number {
  const layers = connections.map((nnz, l) => {
    const isFull = nnz === dims[l] * dims[l + 1];
    return isFull
      ? DENSE_CONNECTION_BYTES * nnz
      : SPARSE_CONNECTION_BYTES * nnz + OFFSET_BYTES * (dims[l] + dims[l + 1]);
  });
  const neurons = dims.reduce((sum, n) => sum + n, 0);
  return layers.reduce((sum, bytes) => sum + bytes, 0) + TRAINED_NEURON_BYTES * neurons;
}

/**
 * A multilayer perceptron: an activation between layers, and a linear output. What it is for, a workspace's
 * loss says.
 */
export class Network {
  readonly engine: TrainingEngine;
  /** Neurons by layer, the inputs first. */
  readonly dims: readonly number[];
  readonly layers: readonly Layer[];
  readonly #activation: Activation;
  readonly #dims: number[];
  readonly #layers: Layer[] = [];
  #optimizerName: string | undefined;
  /** The state of an optimiser that is to come. */
  #prepared: { readonly name: string; readonly slots: OptimizerSlots[] } | undefined;
  #time = 0;

  /** A network of the given patterns, all weights and biases undefined until set. */
  constructor(engine: TrainingEngine, patterns: readonly CsrPattern[], activation: Activation = relu()) {
    this.engine = engine;
    this.#activation = activation;
    this.#dims = [patterns[0].cols, ...patterns.map((pattern) => pattern.rows)];
    this.dims = this.#dims;
    const layers = this.#layers;
    this.layers = layers;
    try {
      patterns.forEach(({ rows, cols, indices }, index) => {
        const slopes = this.#slopesOf(index, patterns.length);
        layers.push(new Layer(engine.arena, index, cols, rows, indices.length, slopes));
      });
    } catch (error) {
      for (const layer of layers) layer.free();
      throw error;
    }
    this.layers.forEach((layer, index) => {
      layer.setPattern(patterns[index]);
    });
  }

  /** The slopes of a layer of so many. Sums of the last one and the network's inputs stay as they are. */
  #slopesOf(index: number, layers: number): LayerSlopes {
    const slope = (hidden: number): number => this.#activation.slope(hidden);
    return {
      inputSlope: index === 0 ? 1 : slope(index),
      slope: index === layers - 1 ? 1 : slope(index + 1),
    };
  }

  /** Neurons of the last layer: classes, labels or numbers. */
  get outputs(): number {
    return this.dims[this.dims.length - 1];
  }

  /**
   * Gives the last layer more outputs. Those before keep their connections, and these their weights and
   * optimiser state, bit for bit; new ones get a drawn weight and a state of zero.
   * @param pattern the layer's own one, with rows after its last.
   * @throws CtreError `E_MEMORY`; nothing has changed then.
   */
  addOutputs(pattern: CsrPattern, drawWeight: () => number): void {
    const at = this.#layers.length - 1;
    const before = this.#layers[at];
    const { arena } = this.engine;
    const layer = new Layer(arena, at, before.inDim, pattern.rows, pattern.indices.length, before);
    try {
      layer.setSlots(layer.allocateSlots(before.weightSlots.length));
      layer.setPattern(pattern);
      layer.values.view.set(before.values.view);
      for (let p = before.nnz; p < layer.nnz; p++) layer.values.view[p] = drawWeight();
    } catch (error) {
      layer.free();
      throw error;
    }
    layer.bias.view.set(before.bias.view);
    before.weightSlots.forEach(({ view }, s) => {
      layer.weightSlots[s].view.set(view);
    });
    before.biasSlots.forEach(({ view }, s) => {
      layer.biasSlots[s].view.set(view);
    });
    this.#layers[at] = layer;
    this.#dims[at + 1] = pattern.rows;
    before.free();
  }

  /** Bytes of parameters, structure and optimiser state. */
  get bytes(): number {
    return this.layers.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Frees the network's memory. */
  free(): void {
    this.discardOptimizer();
    for (const layer of this.layers) layer.free();
  }

  /**
   * Makes room for an optimiser's state, which `adoptOptimizer` puts in place. What an optimiser of the same
   * kind left there stays.
   * @throws CtreError `E_MEMORY`; nothing has changed then.
   */
  prepareOptimizer(optimizer: Optimizer): void {
    this.discardOptimizer();
    const isAlike = this.layers.every(({ weightSlots }) => weightSlots.length === optimizer.slots);
    if (this.#optimizerName === optimizer.name && isAlike) return;
    const slots: OptimizerSlots[] = [];
    this.#prepared = { name: optimizer.name, slots };
    try {
      for (const layer of this.layers) slots.push(layer.allocateSlots(optimizer.slots));
    } catch (error) {
      this.discardOptimizer();
      throw error;
    }
  }

  /**
   * Makes sure that a layer can have so many connections, also with the optimiser's state that is prepared.
   * @throws CtreError `E_MEMORY`; nothing has changed then.
   */
  reserve(layer: Layer, nnz: number): void {
    layer.reserve(nnz);
    const prepared = this.#prepared?.slots;
    const slots = prepared?.[layer.index];
    if (prepared === undefined || slots === undefined) return;
    if (slots.weights.every(({ capacity }) => nnz <= capacity)) return;
    prepared[layer.index] = layer.allocateSlots(slots.weights.length, nnz);
    slots.region.free();
  }

  /** Puts the prepared state in place of the one before; it cannot fail. */
  adoptOptimizer(): void {
    if (this.#prepared === undefined) return;
    const { name, slots } = this.#prepared;
    this.#prepared = undefined;
    this.layers.forEach((layer, l) => {
      layer.setSlots(slots[l]);
    });
    this.#optimizerName = name;
    this.#time = 0;
  }

  /** Frees what was prepared and not adopted. */
  discardOptimizer(): void {
    for (const { region } of this.#prepared?.slots ?? []) region.free();
    this.#prepared = undefined;
  }

  /** Prepares and adopts. @throws CtreError `E_MEMORY`; then the optimiser's state before is still there. */
  useOptimizer(optimizer: Optimizer): void {
    this.prepareOptimizer(optimizer);
    this.adoptOptimizer();
  }

  /** Steps taken by the present optimiser. */
  get steps(): number {
    return this.#time;
  }

  /** Steps taken by the optimiser that makes the next one: one that is prepared has made none. */
  get stepsBefore(): number {
    return this.#prepared === undefined ? this.#time : 0;
  }

  /**
   * As `useOptimizer`, with the state that the optimiser had after so many steps: its arrays, layer by layer.
   */
  restoreOptimizer(
    optimizer: Optimizer,
    steps: number,
    slots: readonly { readonly weights: readonly Float32Array[]; readonly bias: readonly Float32Array[] }[],
  ): void {
    this.useOptimizer(optimizer);
    this.#time = steps;
    this.layers.forEach(({ weightSlots, biasSlots }, l) => {
      weightSlots.forEach(({ view }, s) => {
        view.set(slots[l].weights[s]);
      });
      biasSlots.forEach(({ view }, s) => {
        view.set(slots[l].bias[s]);
      });
    });
  }

  /** Room for one tile of samples on its way up the network, and down again if `backward`. */
  allocateWorkspace(region: Region, loss: Loss, backward: boolean): Workspace {
    const tile = (neurons: number): number => region.f32(neurons * TILE).pointer;
    const activations = this.dims.map(tile);
    const logits = activations[this.layers.length];
    const deltas = backward ? this.dims.slice(1).map(tile) : [];
    const neurons = activations.map((values, l): NeuronTile => {
      const keeps = l > 0 && keepsBits(this.layers[l - 1].slope);
      return { values, fires: keeps ? region.i32(this.dims[l]).pointer : 0 };
    });
    return {
      loss,
      activations,
      neurons,
      logits,
      deltas,
      gradient: deltas.at(-1) ?? 0,
      outputs: loss.activate === undefined ? logits : tile(this.outputs),
      targets: loss.targets === 'labels' ? 0 : tile(this.outputs),
      logSums: region.f64(TILE).pointer,
      sums: region.f64(loss.countSums(this.outputs)),
    };
  }

  /** Bytes of a workspace. */
  workspaceBytes(backward: boolean): number {
    const neurons = this.dims.reduce((sum, n) => sum + n, 0);
    return ROW_BYTES * ((backward ? 2 : 1) * neurons + 2 * this.outputs);
  }

  allocateGradients(region: Region): Gradient[] {
    return this.layers.map((layer) => layer.allocateGradient(region));
  }

  /**
   * From the packed input tile to the outputs; only those of the first `lanes` samples mean anything.
   */
  forward(kernels: Kernels, workspace: Workspace, lanes = TILE): void {
    const { neurons, loss } = workspace;
    this.layers.forEach((layer, l) => {
      layer.forward(kernels, neurons[l], neurons[l + 1], lanes);
    });
    loss.activate?.(kernels, workspace, this.outputs);
  }

  /** The sums that score a tile's samples, after `forward`. */
  score(kernels: Kernels, workspace: Workspace, tile: TileRows): void {
    workspace.loss.score(kernels, workspace, tile, this.outputs);
  }

  /** The deltas of every layer, after `forward`; `scale` is 1 / samples of the batch. */
  backward(kernels: Kernels, workspace: Workspace, tile: TileRows, scale: number, lanes = TILE): void {
    const { neurons, deltas } = workspace;
    this.#outputDeltas(kernels, workspace, tile, scale);
    for (let l = this.layers.length - 1; l > 0; l--) {
      this.layers[l].backward(kernels, deltas[l], neurons[l], deltas[l - 1], lanes);
    }
  }

  /** As `backward`; and the tile's gradient, added to what is there or in its place. */
  differentiate(
    kernels: Kernels,
    workspace: Workspace,
    tile: TileRows,
    scale: number,
    gradients: readonly Gradient[],
    accumulate: boolean,
    lanes = TILE,
  ): void {
    const { neurons, deltas } = workspace;
    this.#outputDeltas(kernels, workspace, tile, scale);
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const dx = l > 0 ? deltas[l - 1] : undefined;
      this.layers[l].differentiate(kernels, deltas[l], neurons[l], dx, gradients[l], accumulate, lanes);
    }
  }

  /** The loss's gradient at the logits. */
  #outputDeltas(kernels: Kernels, workspace: Workspace, tile: TileRows, scale: number): void {
    const { weights, rows, count } = tile;
    workspace.loss.gradient(kernels, workspace, tile, this.outputs, scale);
    if (weights !== 0) kernels.weighSamples(workspace.gradient, weights, rows, count, this.outputs);
  }

  /** Counts a step of the optimiser given to `useOptimizer`, and returns how many there were. */
  nextStep(): number {
    this.#time++;
    return this.#time;
  }
}
