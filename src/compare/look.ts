import { isRecord } from '../base/json.ts';
import { isByteMatrix, toNumbers } from '../matrix/byteMatrix.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { LayerView } from '../model/layerView.ts';
import { type Activation, relu } from '../nn/activation.ts';
import type { Degrees, Looks } from './cell.ts';

/** A picture's size in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Rows that are looked at to tell whether features are pixels. */
const PIXEL_ROWS = 200;

/**
 * The size of the pictures that the rows seem to be: square ones, of levels from 0 to 1 or to 255; undefined
 * for anything else.
 */
export function guessPicture(x: SampleMatrix): PictureSize | undefined {
  const side = Math.round(Math.sqrt(x.cols));
  if (side < 8 || side * side !== x.cols) return undefined;
  const rows = Math.min(x.rows, PIXEL_ROWS);
  const values = isByteMatrix(x)
    ? toNumbers(x, 0, rows).data
    : 'data' in x
      ? x.data.subarray(0, rows * x.cols)
      : x.values.subarray(0, x.indptr[rows]);
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  const isLevel = (value: number): boolean => value >= 0 && (most <= 1 || Number.isInteger(value));
  return most > 0 && most <= 255 && values.every(isLevel) ? { width: side, height: side } : undefined;
}

/** Columns whose part in the problem is known. */
export interface KnownColumns {
  readonly informativeColumns: Int32Array;
  readonly redundantColumns: Int32Array;
}

/** Rows that tell whether a neuron fires; fewer where a row costs much. */
const SAMPLE_ROWS = 512;
const SAMPLE_PRODUCTS = 2e7;
const SAMPLE_FEATURES = 4e6;
/** Looks at equal distances; the early epochs, in which most happens, come on top. */
const EVEN_LOOKS = 60;

/** Epochs 0, 1, 2, 5, 10, … and the last: at which a picture is kept. */
export function pictureEpochs(epochs: number): number[] {
  const series = [0];
  for (let decade = 1; decade < epochs; decade *= 10) series.push(decade, 2 * decade, 5 * decade);
  return [...series.filter((epoch) => epoch < epochs), epochs];
}

/**
 * Keeps watch over a network while it trains, from copies of its layers: nothing of the training depends on
 * it.
 */
export class Watch {
  readonly #wanted: ReadonlySet<number>;
  readonly #pictures: ReadonlySet<number>;
  readonly #x: SampleMatrix;
  readonly #known: KnownColumns | undefined;
  readonly #picture: PictureSize | undefined;
  readonly #activation: Activation;
  readonly #seen: { epoch: number; look: Look; connections: Int32Array }[] = [];
  #sample: readonly Float32Array[] = [];

  /** @param x the rows trained on. */
  constructor(
    epochs: number,
    x: SampleMatrix,
    known: KnownColumns | undefined,
    picture: PictureSize | undefined,
    activation: Activation = relu(),
  ) {
    const even = Math.min(EVEN_LOOKS, epochs);
    const steps = Array.from({ length: even }, (_, look) => Math.round(((look + 1) * epochs) / even));
    this.#wanted = new Set([...pictureEpochs(epochs), ...steps]);
    this.#pictures = new Set(pictureEpochs(epochs));
    this.#x = x;
    this.#known = known;
    this.#picture = picture;
    this.#activation = activation;
  }

  /** Looks, if it is time to or `always`. `readLayers` copies, and is called only then. */
  look(epoch: number, readLayers: () => readonly LayerView[], always = false): void {
    const before = this.#seen.at(-1)?.epoch;
    if (before === epoch || !(always || this.#wanted.has(epoch))) return;
    const layers = readLayers().map(({ weights, bias }) => ({ weights, bias }));
    if (before === undefined) this.#sample = sampleRows(this.#x, layers);
    const connections = columnCounts(layers[0].weights);
    this.#seen.push({ epoch, connections, look: lookAt(layers, this.#sample, this.#activation) });
  }

  /** What was seen so far, as JSON holds it. */
  save(): WatchNotes {
    const seen = this.#seen.map(({ epoch, look, connections }) => ({
      epoch,
      look,
      connections: [...connections],
    }));
    return { sampleRows: this.#sample.length, seen };
  }

  /** Goes on from what `save` told; nothing may have been looked at yet. @throws TypeError for another. */
  restore(notes: unknown): void {
    if (!isWatchNotes(notes)) throw new TypeError('no notes of a watch');
    this.#sample = rowsAtEqualDistances(this.#x, notes.sampleRows);
    for (const { epoch, look, connections } of notes.seen) {
      this.#seen.push({ epoch, look, connections: Int32Array.from(connections) });
    }
  }

  /** What was seen. */
  finish(): Looks {
    const all = this.#seen;
    const list = <K extends keyof Look>(name: K): Look[K][] => all.map(({ look }) => look[name]);
    const [first, last] = [all[0], all[all.length - 1]];
    return {
      epochs: all.map(({ epoch }) => epoch),
      unusedInputs: all.map(({ connections }) => connections.filter((count) => count === 0).length),
      noInput: list('noInput'),
      noOutput: list('noOutput'),
      silent: list('silent'),
      dead: list('dead'),
      sampleRows: this.#sample.length,
      degrees: { first: first.look.degrees, last: last.look.degrees },
      ...(this.#known && { groups: this.#groups(this.#known) }),
      ...(this.#picture && { picture: this.#pictureOf(this.#picture, last.epoch) }),
    };
  }

  #groups({ informativeColumns, redundantColumns }: KnownColumns): Looks['groups'] {
    const meaningful = new Set([...informativeColumns, ...redundantColumns]);
    const mean = (columns: readonly number[]): number[] =>
      this.#seen.map(({ connections }) => {
        const sum = columns.reduce((total, column) => total + connections[column], 0);
        return columns.length === 0 ? 0 : Number((sum / columns.length).toPrecision(5));
      });
    const others = [...this.#seen[0].connections.keys()].filter((column) => !meaningful.has(column));
    return {
      informative: mean([...informativeColumns]),
      redundant: mean([...redundantColumns]),
      noise: mean(others),
    };
  }

  #pictureOf(size: PictureSize, last: number): Looks['picture'] {
    const kept = this.#seen.filter(({ epoch }) => this.#pictures.has(epoch) || epoch === last);
    return {
      ...size,
      epochs: kept.map(({ epoch }) => epoch),
      connections: kept.map(({ connections }) => [...connections]),
    };
  }
}

/** What a watch has seen. */
interface WatchNotes {
  /** Rows that tell whether a neuron fires; their number depends on the network before training. */
  readonly sampleRows: number;
  readonly seen: readonly {
    readonly epoch: number;
    readonly look: Look;
    readonly connections: readonly number[];
  }[];
}

function isWatchNotes(notes: unknown): notes is WatchNotes {
  if (!isRecord(notes) || !Number.isInteger(notes.sampleRows) || !Array.isArray(notes.seen)) return false;
  return notes.seen.every(
    (seen: unknown) =>
      isRecord(seen) &&
      Number.isInteger(seen.epoch) &&
      isRecord(seen.look) &&
      isRecord(seen.look.degrees) &&
      Array.isArray(seen.connections),
  );
}

interface LayerParts {
  readonly weights: CsrMatrix;
  readonly bias: Float32Array;
}

interface Look {
  readonly noInput: number[];
  readonly noOutput: number[];
  readonly silent: number[];
  readonly dead: number[];
  readonly degrees: Degrees;
}

function lookAt(
  layers: readonly LayerParts[],
  sample: readonly Float32Array[],
  activation: Activation,
): Look {
  const inputs = layers.map(({ weights }) => rowCounts(weights));
  const outputs = layers.map(({ weights }) => columnCounts(weights));
  const hidden = layers.slice(1).map((_, l) => l);
  const isZero = (count: number): boolean => count === 0;
  const fired = firingCounts(layers, sample, activation);
  const both = hidden.flatMap((l) => Array.from(inputs[l], (count, i) => count + outputs[l + 1][i]));
  return {
    noInput: hidden.map((l) => inputs[l].filter(isZero).length),
    noOutput: hidden.map((l) => outputs[l + 1].filter(isZero).length),
    silent: hidden.map((l) => fired[l].filter(isZero).length),
    // A neuron may be missing several of them, and is counted once. One that never fires is dead with ReLU
    // alone: every other slope lets signal and gradient through.
    dead: hidden.map((l) => {
      const mayBeSilent = activation.slope(l + 1) !== 0;
      const isDead = (count: number, i: number): boolean =>
        inputs[l][i] * outputs[l + 1][i] === 0 || (count === 0 && !mayBeSilent);
      return fired[l].filter(isDead).length;
    }),
    degrees: { inputs: histogram(outputs[0]), hidden: histogram(both) },
  };
}

/**
 * For how many of the samples each hidden neuron fires, by hidden layer. It fires if its sum is above 0; with
 * a slope of 1 there is nothing to tell, and it always does.
 */
function firingCounts(
  layers: readonly LayerParts[],
  sample: readonly Float32Array[],
  activation: Activation,
): Int32Array[] {
  const hidden = layers.slice(0, -1);
  const counts = hidden.map(({ weights }) => new Int32Array(weights.rows));
  for (const row of sample) {
    let below = row;
    hidden.forEach(({ weights, bias }, l) => {
      const { indptr, indices, values, rows } = weights;
      const above = new Float32Array(rows);
      const slope = activation.slope(l + 1);
      for (let i = 0; i < rows; i++) {
        let sum = bias[i];
        for (let p = indptr[i]; p < indptr[i + 1]; p++) sum += values[p] * below[indices[p]];
        if (sum > 0) above[i] = sum;
        else if (slope !== 0) above[i] = slope * sum;
        if (sum > 0 || slope === 1) counts[l][i]++;
      }
      below = above;
    });
  }
  return counts;
}

/** Some rows at equal distances, dense. */
function sampleRows(x: SampleMatrix, layers: readonly LayerParts[]): Float32Array[] {
  const connections = layers.reduce((sum, { weights }) => sum + weights.nnz, 0);
  const bound = Math.min(SAMPLE_ROWS, SAMPLE_PRODUCTS / connections, SAMPLE_FEATURES / x.cols);
  return rowsAtEqualDistances(x, Math.min(x.rows, Math.max(16, Math.floor(bound))));
}

function rowsAtEqualDistances(x: SampleMatrix, count: number): Float32Array[] {
  return Array.from({ length: count }, (_, s) => denseRow(x, Math.floor((s * x.rows) / count)));
}

function denseRow(x: SampleMatrix, row: number): Float32Array {
  if (isByteMatrix(x)) return toNumbers(x, row, row + 1).data;
  if ('data' in x) return x.data.slice(row * x.cols, (row + 1) * x.cols);
  const dense = new Float32Array(x.cols);
  for (let p = x.indptr[row]; p < x.indptr[row + 1]; p++) dense[x.indices[p]] = x.values[p];
  return dense;
}

function rowCounts({ rows, indptr }: CsrMatrix): Int32Array {
  return Int32Array.from({ length: rows }, (_, i) => indptr[i + 1] - indptr[i]);
}

function columnCounts({ cols, indices }: CsrMatrix): Int32Array {
  const counts = new Int32Array(cols);
  for (const j of indices) counts[j]++;
  return counts;
}

function histogram(counts: Iterable<number>): [connections: number, neurons: number][] {
  const neurons = new Map<number, number>();
  for (const count of counts) neurons.set(count, (neurons.get(count) ?? 0) + 1);
  return [...neurons].sort(([a], [b]) => a - b);
}
