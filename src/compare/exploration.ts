import { isRecord } from '../base/json.ts';
import type { CsrPattern, Positions } from '../matrix/pattern.ts';
import { positionsOf } from '../matrix/pattern.ts';
import { checkTopology } from '../model/parts.ts';
import type { Evolved, Topology } from '../topology/topology.ts';

/** A layer, as far as its exploration goes. */
interface PatternedLayer {
  readonly inDim: number;
  readonly outDim: number;
  readonly pattern: CsrPattern;
}

/**
 * Which positions of the layers were ever connected during a training: the initial pattern of the first step
 * and all that any update grew, also what a later update of the same epoch pruned again. Memory: O(what was
 * ever connected).
 */
export class Exploration {
  /** The method, with its updates watched. It does what the method does. */
  readonly topology: Topology;
  #layers: readonly ExploredLayer[] | undefined;
  /** What updates have grown since the last `collect`, by layer. */
  #grown: (readonly (Positions | undefined)[])[] = [];

  /** @throws CtreError `E_ARGUMENT` for what is no topology method. */
  constructor(method: Topology) {
    const checked = checkTopology(method);
    const { evolve } = checked;
    const watch = (layers: readonly PatternedLayer[]): void => {
      this.#layers ??= layers.map((layer) => ExploredLayer.from(layer));
    };
    const note = ({ edits }: Evolved<unknown>): void => {
      // The sorting is left to `collect`, which no clock of the training measures.
      this.#grown.push(edits.map((edit) => edit?.grow));
    };
    this.topology = {
      ...checked,
      ...(evolve && {
        *evolve(network, states, tools) {
          watch(network.layers);
          const work = evolve(network, states, tools);
          const evolved = 'next' in work ? yield* work : work;
          note(evolved);
          return evolved;
        },
      }),
    };
  }

  /** Takes in what was grown since the last call. */
  collect(): void {
    for (const layers of this.#grown) {
      layers.forEach((grown, l) => {
        if (grown !== undefined) this.#layers?.[l].add(grown);
      });
    }
    this.#grown = [];
  }

  /** What was explored so far, as JSON holds it; null before the first update. */
  save(): readonly LayerNotes[] | null {
    this.collect();
    return this.#layers?.map((layer) => layer.save()) ?? null;
  }

  /** Goes on from what `save` told; nothing may have been explored yet. @throws TypeError for another. */
  restore(notes: unknown): void {
    if (notes === null) return;
    if (!Array.isArray(notes) || !notes.every(isLayerNotes))
      throw new TypeError('no notes of an exploration');
    this.#layers = notes.map(ExploredLayer.of);
  }

  /**
   * The share of positions that were ever connected, over all layers that are sparse at the end ("in-time
   * over-parameterization", Liu et al. 2021); null where no layer is.
   * @param last the layers after training.
   */
  rate(last: readonly PatternedLayer[]): number | null {
    this.collect();
    const explored = this.#layers ?? last.map((layer) => ExploredLayer.from(layer));
    let connected = 0;
    let positions = 0;
    last.forEach(({ inDim, outDim, pattern }, l) => {
      if (pattern.indices.length === inDim * outDim) return;
      connected += explored[l].count();
      positions += inDim * outDim;
    });
    return positions === 0 ? null : connected / positions;
  }
}

/** What was explored of a layer. */
interface LayerNotes {
  readonly inDim: number;
  /** Positions of a layer that was once full; then nothing else is told. */
  readonly all?: number;
  /** Ascending row-major numbers, each as its distance from the one before. */
  readonly known?: readonly number[];
}

function isLayerNotes(notes: unknown): notes is LayerNotes {
  if (!isRecord(notes) || !Number.isInteger(notes.inDim)) return false;
  const { all, known } = notes;
  return Number.isInteger(all) || (Array.isArray(known) && known.every(Number.isInteger));
}

/** Positions of one layer that were ever connected, as row-major numbers. */
class ExploredLayer {
  readonly #inDim: number;
  /** All positions of a layer that was once full; then nothing else is kept. */
  readonly #all: number | undefined;
  /** Ascending, none twice. */
  #known: Float64Array;
  #added: Float64Array[] = [];
  #addedLength = 0;

  private constructor(inDim: number, all: number | undefined, known: Float64Array) {
    this.#inDim = inDim;
    this.#all = all;
    this.#known = known;
  }

  /** A layer of which its present positions are all that is known. */
  static from({ inDim, outDim, pattern }: PatternedLayer): ExploredLayer {
    const isFull = pattern.indices.length === inDim * outDim;
    const known = isFull ? new Float64Array() : rowMajorNumbers(positionsOf(pattern), inDim);
    return new ExploredLayer(inDim, isFull ? inDim * outDim : undefined, known);
  }

  /** What `save` told. */
  static of({ inDim, all, known = [] }: LayerNotes): ExploredLayer {
    let last = 0;
    return new ExploredLayer(
      inDim,
      all,
      Float64Array.from(known, (distance) => {
        last += distance;
        return last;
      }),
    );
  }

  save(): LayerNotes {
    if (this.#all !== undefined) return { inDim: this.#inDim, all: this.#all };
    this.#merge();
    const known = Array.from(this.#known, (number, at) => number - (at === 0 ? 0 : this.#known[at - 1]));
    return { inDim: this.#inDim, known };
  }

  add(positions: Positions): void {
    if (this.#all !== undefined) return;
    this.#added.push(rowMajorNumbers(positions, this.#inDim));
    this.#addedLength += positions.cols.length;
    // Each merge at least doubles what came since the one before it: O(n log n) for n positions in all.
    if (this.#addedLength > this.#known.length) this.#merge();
  }

  count(): number {
    if (this.#all !== undefined) return this.#all;
    this.#merge();
    return this.#known.length;
  }

  #merge(): void {
    const all = new Float64Array(this.#known.length + this.#addedLength);
    all.set(this.#known);
    let end = this.#known.length;
    for (const numbers of this.#added) {
      all.set(numbers, end);
      end += numbers.length;
    }
    all.sort();
    this.#known = all.filter((number, at) => number !== all[at - 1]);
    this.#added = [];
    this.#addedLength = 0;
  }
}

function rowMajorNumbers({ rows, cols }: Positions, inDim: number): Float64Array {
  return Float64Array.from(cols, (col, at) => rows[at] * inDim + col);
}
