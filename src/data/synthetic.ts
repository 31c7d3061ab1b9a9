import { newArray } from '../base/arrays.ts';
import { checkOptions } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { type Random, randomStream } from '../base/random.ts';
import type { Dataset } from './dataset.ts';
import { checkElements } from './ndarray.ts';

/** The size and difficulty of a generated problem; the defaults are Madelon's. */
export interface SyntheticOptions {
  /** Default 2600. */
  readonly rows?: number;
  /** Dimensions of the hypercube, 2 to 16. Default 5. */
  readonly informative?: number;
  /** Columns that are linear combinations of the informative ones. Default 15. */
  readonly redundant?: number;
  /** Columns without any meaning. Default 480. */
  readonly noise?: number;
  /** At most 2 ** (informative − 1). Default 2. */
  readonly classes?: number;
  /** Standard deviation around a vertex, where vertices are 2 apart. Default 0.4. */
  readonly clusterSpread?: number;
  /** The part of the labels replaced by another class, 0 to 1. Default 0. */
  readonly flip?: number;
  /** Decides everything random. Default 0. The number 1 and the text "1" are different seeds. */
  readonly seed?: number | string;
}

/** A generated problem that knows which of its columns matter. */
export interface SyntheticDataset extends Dataset {
  /** Columns with the hypercube's coordinates, ascending. */
  readonly informativeColumns: Int32Array;
  /** Columns with linear combinations of them, ascending. */
  readonly redundantColumns: Int32Array;
}

/**
 * A problem like Madelon: a cluster at every vertex of a hypercube, each vertex of a class at random.
 * Opposite vertices share a class, so all classes have the same mean: no single column and no plane tells
 * them apart. Rows and columns come shuffled. The same options give the same bits on every engine.
 * Source: Guyon, "Design of experiments for the NIPS 2003 variable selection benchmark", 2003 (without the
 * pairing).
 * @throws CtreError `E_ARGUMENT` for an option out of range, `E_MEMORY` for too many elements.
 */
export function syntheticDataset(options: SyntheticOptions = {}): SyntheticDataset {
  const { rows, informative, redundant, noise, classes, clusterSpread, flip, seed } = checkSettings(options);
  const stream = (purpose: string): Random => randomStream(seed, `synthetic/${purpose}`);
  const cols = informative + redundant + noise;
  checkElements(rows, cols);
  const vertices = 1 << informative;
  const classOfPair = shuffledRange(vertices / 2, stream('classes')).map((pair) => pair % classes);
  const classOf = (vertex: number): number => classOfPair[Math.min(vertex, vertices - 1 - vertex)];
  const vertexOfRow = shuffledRange(rows, stream('rows')).map((row) => row % vertices);
  const columnOf = shuffledRange(cols, stream('columns'));
  const weights = uniformWeights(redundant * informative, stream('weights'));
  const spread = stream('spread');
  const noiseStream = stream('noise');
  const data = newArray(rows * cols, Float32Array, `${rows} rows of ${cols} columns`);
  const point = new Float64Array(informative);
  for (let row = 0; row < rows; row++) {
    const write = (feature: number, value: number): void => {
      data[row * cols + columnOf[feature]] = value;
    };
    for (let axis = 0; axis < informative; axis++) {
      point[axis] = ((vertexOfRow[row] >> axis) & 1 ? 1 : -1) + clusterSpread * spread.normal();
      write(axis, point[axis]);
    }
    for (let feature = 0; feature < redundant; feature++) {
      let sum = 0;
      for (let axis = 0; axis < informative; axis++)
        sum += weights[feature * informative + axis] * point[axis];
      write(informative + feature, sum);
    }
    for (let feature = informative + redundant; feature < cols; feature++)
      write(feature, noiseStream.normal());
  }
  return {
    x: { rows, cols, data },
    labels: flipLabels(vertexOfRow.map(classOf), flip, classes, stream('flip')),
    labelNames: Array.from({ length: classes }, (_, label) => label),
    informativeColumns: columnOf.slice(0, informative).sort(),
    redundantColumns: columnOf.slice(informative, informative + redundant).sort(),
  };
}

function shuffledRange(length: number, random: Random): Int32Array {
  const items = Int32Array.from({ length }, (_, item) => item);
  random.shuffle(items);
  return items;
}

function uniformWeights(count: number, random: Random): Float64Array {
  return Float64Array.from({ length: count }, () => 2 * random.next() - 1);
}

function flipLabels(labels: Int32Array, flip: number, classes: number, random: Random): Int32Array {
  if (flip === 0) return labels;
  return labels.map((label) => {
    const other = (label + 1 + random.below(classes - 1)) % classes;
    return random.next() < flip ? other : label;
  });
}

const MAX_COUNT = 2 ** 24;

const SYNTHETIC_OPTIONS = [
  'rows',
  'informative',
  'redundant',
  'noise',
  'classes',
  'clusterSpread',
  'flip',
  'seed',
];

function checkSettings(options: SyntheticOptions): Required<SyntheticOptions> {
  const given = checkOptions('syntheticDataset', options, SYNTHETIC_OPTIONS);
  const { rows = 2600, informative = 5, redundant = 15, noise = 480, classes = 2 } = given;
  const { clusterSpread = 0.4, flip = 0, seed = 0 } = given;
  checkRange('informative', informative, 2, 16, Number.isInteger);
  checkRange('redundant', redundant, 0, MAX_COUNT, Number.isInteger);
  checkRange('noise', noise, 0, MAX_COUNT, Number.isInteger);
  checkRange('classes', classes, 2, 1 << (informative - 1), Number.isInteger);
  checkRange('rows', rows, classes, MAX_COUNT, Number.isInteger);
  checkRange('clusterSpread', clusterSpread, 0, 1000, Number.isFinite);
  checkRange('flip', flip, 0, 1, Number.isFinite);
  if (typeof seed !== 'string' && !Number.isFinite(seed)) {
    throw new CtreError('E_ARGUMENT', `seed is ${show(seed)}; expected a number or a string`);
  }
  return { rows, informative, redundant, noise, classes, clusterSpread, flip, seed };
}

function checkRange(
  name: string,
  value: number,
  low: number,
  high: number,
  isValid: (value: number) => boolean,
): void {
  if (!isValid(value) || value < low || value > high) {
    const kind = isValid === Number.isInteger ? 'an integer' : 'a number';
    throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected ${kind} from ${low} to ${high}`);
  }
}
