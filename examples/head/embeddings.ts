// Made-up embeddings: what a text or a picture becomes in a large network, before its last layer.
import { randomNumbers } from '../shared/random.ts';

/** Numbers of an embedding. */
export const COLS = 384;
/** What embeddings are about has fewer dimensions than they have numbers. */
const MEANINGS = 48;
/** Subjects of a class: it is no single point. */
const SUBJECTS = 4;
/** How far rows are from their subject, where subjects have the length 1. */
const SPREAD = 0.8;
/** The length of what means nothing. */
const NOISE = 0.25;

/** Rows of one class, as [rows × COLS] in row-major order. */
export interface ClassRows {
  readonly train: Float32Array;
  readonly heldOut: Float32Array;
}

/** So many rows of a class, each of the length 1. The same class always has the same rows. */
export function classRows(label: number, train: number, heldOut: number): ClassRows {
  const common = randomNumbers(0);
  /** What each meaning is in numbers, the same for all classes. */
  const columns = Array.from({ length: MEANINGS }, () => direction(COLS, common));
  const random = randomNumbers(label + 1);
  const subjects = Array.from({ length: SUBJECTS }, () => direction(MEANINGS, random));
  const rows = (count: number): Float32Array => {
    const data = new Float32Array(count * COLS);
    for (let row = 0; row < count; row++) {
      const own = data.subarray(row * COLS, (row + 1) * COLS);
      const subject = subjects[row % SUBJECTS];
      const spread = direction(MEANINGS, random);
      columns.forEach((column, meaning) => {
        const amount = subject[meaning] + SPREAD * spread[meaning];
        for (let col = 0; col < COLS; col++) own[col] += amount * column[col];
      });
      const noise = (NOISE * Math.sqrt(12)) / Math.sqrt(COLS);
      for (let col = 0; col < COLS; col++) own[col] += noise * (random() - 0.5);
      normalize(own);
    }
    return data;
  };
  return { train: rows(train), heldOut: rows(heldOut) };
}

/** A random direction of the length 1. */
function direction(dimensions: number, random: () => number): Float32Array {
  const vector = new Float32Array(dimensions);
  // The sum of four even numbers is close enough to a normal one.
  for (let at = 0; at < dimensions; at++) vector[at] = random() + random() + random() + random() - 2;
  return normalize(vector);
}

function normalize(vector: Float32Array): Float32Array {
  let squares = 0;
  for (let at = 0; at < vector.length; at++) squares += vector[at] * vector[at];
  const length = Math.sqrt(squares);
  for (let at = 0; at < vector.length; at++) vector[at] /= length;
  return vector;
}
