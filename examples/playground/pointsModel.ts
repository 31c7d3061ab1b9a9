// A small network that learns labelled points of the plane while they are set.
import { SparseMLP, topology } from 'ctre';
import type { Point, RunTold } from './protocol.ts';

/** Widths of its hidden layers, and the share of connections. */
const [HIDDEN, DENSITY] = [[24, 24], 0.4];
/** Steps of an epoch: the topology moves once in so many. */
const STEPS_PER_EPOCH = 50;
/** Milliseconds of learning between two pictures, and steps after which nothing much changes any more. */
const [LEARN_FOR, MOST_STEPS] = [25, 6000];
/** A loss below which it has learnt all points. */
const LEARNT = 0.02;
const CLASSES = 3;

let model: SparseMLP | undefined;
let points: readonly Point[] = [];
let steps = 0;
let isLearning = false;

/**
 * Learns these points from now on, in turns with the event loop, and tells of the plane's regions after each
 * turn. No points make it start over.
 * @param side cells of the picture along each side.
 */
export async function learnPoints(
  next: readonly Point[],
  side: number,
  say: (told: RunTold, transfer: Transferable[]) => void,
): Promise<void> {
  [points, steps] = [next, 0];
  if (next.length === 0) {
    model?.dispose();
    model = undefined;
    return;
  }
  if (isLearning) return;
  isLearning = true;
  try {
    const grid = gridOf(side);
    while (points.length > 0 && steps < MOST_STEPS) {
      model ??= await SparseMLP.create({
        layers: [2, ...HIDDEN, CLASSES],
        ...{ density: DENSITY, seed: 1, topology: topology.ctreSim() },
      });
      const loss = learn(model);
      const { classes, sure } = regions(model.predict(grid), grid.rows);
      say({ kind: 'regions', classes, sure, steps, loss, connections: model.nnz }, [
        classes.buffer,
        sure.buffer,
      ]);
      if (loss < LEARNT && steps >= STEPS_PER_EPOCH) break;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  } finally {
    isLearning = false;
  }
}

function learn(own: SparseMLP): number {
  const x = {
    ...{ rows: points.length, cols: 2 },
    data: Float32Array.from(points.flatMap(({ x: across, y: down }) => [2 * across, 2 * down])),
  };
  const labels = Int32Array.from(points, ({ label }) => label);
  const until = performance.now() + LEARN_FOR;
  let loss = Number.POSITIVE_INFINITY;
  do {
    const score = own.partialFit(x, labels, { batchSize: 32, stepsPerEpoch: STEPS_PER_EPOCH });
    steps += Math.ceil(points.length / 32);
    loss = score.loss;
  } while (performance.now() < until);
  return loss;
}

function gridOf(side: number): { rows: number; cols: number; data: Float32Array } {
  const data = new Float32Array(2 * side * side);
  for (let row = 0; row < side; row++) {
    for (let col = 0; col < side; col++) {
      data.set([2 * ((2 * col + 1) / side - 1), 2 * ((2 * row + 1) / side - 1)], 2 * (row * side + col));
    }
  }
  return { rows: side * side, cols: 2, data };
}

function regions(
  probabilities: Float32Array,
  rows: number,
): { classes: Uint8Array<ArrayBuffer>; sure: Uint8Array<ArrayBuffer> } {
  const [classes, sure] = [new Uint8Array(rows), new Uint8Array(rows)];
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let label = 1; label < CLASSES; label++) {
      if (probabilities[row * CLASSES + label] > probabilities[row * CLASSES + best]) best = label;
    }
    [classes[row], sure[row]] = [best, Math.round(255 * probabilities[row * CLASSES + best])];
  }
  return { classes, sure };
}
