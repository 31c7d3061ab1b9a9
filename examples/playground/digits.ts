// Digits as strokes, and strokes as pixels. The visitor's drawing and the generated digits become pixels in
// the same way.

import { cosine, randomNumbers, shuffled, sine } from '../shared/random.ts';

/** A line drawn in one go: x and y by turns, y downwards, in any unit. */
export type Stroke = readonly number[];

/**
 * Pictures are as those of MNIST: SIDE × SIDE pixels from 0 to 1, the digit in a box of BOX × BOX, its mass
 * centred.
 */
export const SIDE = 28;
const BOX = 20;

/** Half the width of a pen, in pixels of the picture. */
const PEN = 1.5;

/** The strokes as a picture, [SIDE × SIDE] row-major; black where there is no ink. */
export function toPixels(strokes: readonly Stroke[], pen = PEN): Float32Array {
  const xs = strokes.flatMap((stroke) => stroke.filter((_, at) => at % 2 === 0));
  const ys = strokes.flatMap((stroke) => stroke.filter((_, at) => at % 2 === 1));
  if (xs.length === 0) return new Float32Array(SIDE * SIDE);
  const [left, right] = rangeOf(xs);
  const [top, bottom] = rangeOf(ys);
  // A dot has no size to scale by; it stays a dot.
  const scale = (BOX - 2 * pen) / Math.max(right - left, bottom - top, 1e-9);
  const place = (shiftX: number, shiftY: number): Float32Array[] =>
    strokes.map((stroke) =>
      Float32Array.from(stroke, (value, at) =>
        at % 2 === 0
          ? (value - (left + right) / 2) * scale + SIDE / 2 + shiftX
          : (value - (top + bottom) / 2) * scale + SIDE / 2 + shiftY,
      ),
    );
  const [x, y] = middleOfMass(ink(place(0, 0), pen));
  return ink(place(SIDE / 2 - x, SIDE / 2 - y), pen);
}

function rangeOf(values: readonly number[]): [number, number] {
  return values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

/** Lines in pixels as a picture; a pixel's value is how much of it the pen covers, about. */
function ink(lines: readonly Float32Array[], pen: number): Float32Array {
  const pixels = new Float32Array(SIDE * SIDE);
  for (const line of lines) {
    for (let at = 0; at < Math.max(2, line.length - 2); at += 2) {
      const [x0, y0] = [line[at], line[at + 1]];
      const [x1, y1] = line.length > 2 ? [line[at + 2], line[at + 3]] : [x0, y0];
      inkSegment(pixels, x0, y0, x1, y1, pen);
    }
  }
  return pixels;
}

function inkSegment(pixels: Float32Array, x0: number, y0: number, x1: number, y1: number, pen: number): void {
  const reach = pen + 1;
  const bound = (value: number): number => Math.min(SIDE - 1, Math.max(0, Math.floor(value)));
  const [dx, dy] = [x1 - x0, y1 - y0];
  const square = dx * dx + dy * dy;
  for (let row = bound(Math.min(y0, y1) - reach); row <= bound(Math.max(y0, y1) + reach); row++) {
    for (let col = bound(Math.min(x0, x1) - reach); col <= bound(Math.max(x0, x1) + reach); col++) {
      const [px, py] = [col + 0.5 - x0, row + 0.5 - y0];
      const along = square === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / square));
      const [awayX, awayY] = [px - along * dx, py - along * dy];
      const distance = Math.sqrt(awayX * awayX + awayY * awayY);
      const covered = Math.min(1, Math.max(0, pen + 0.5 - distance));
      const at = row * SIDE + col;
      if (covered > pixels[at]) pixels[at] = covered;
    }
  }
}

function middleOfMass(pixels: Float32Array): [x: number, y: number] {
  let [mass, x, y] = [0, 0, 0];
  pixels.forEach((value, at) => {
    mass += value;
    x += value * ((at % SIDE) + 0.5);
    y += value * (Math.floor(at / SIDE) + 0.5);
  });
  return mass === 0 ? [SIDE / 2, SIDE / 2] : [x / mass, y / mass];
}

/**
 * How people write: for each digit several ways, each of some strokes through these points, in a box of 1 ×
 * 1. A stroke of two points is a straight line.
 */
const WAYS: readonly (readonly (readonly Stroke[])[])[] = [
  [[[0.5, 0, 0.15, 0.2, 0.08, 0.55, 0.28, 0.93, 0.62, 0.96, 0.9, 0.6, 0.82, 0.18, 0.5, 0]]],
  [
    [[0.5, 0, 0.5, 1]],
    [
      [0.28, 0.22, 0.55, 0],
      [0.55, 0, 0.55, 1],
    ],
    [
      [0.3, 0.2, 0.52, 0],
      [0.52, 0, 0.52, 1],
      [0.25, 1, 0.8, 1],
    ],
  ],
  [
    [
      [0.12, 0.28, 0.28, 0.06, 0.6, 0.02, 0.82, 0.22, 0.7, 0.5, 0.4, 0.76, 0.1, 0.98],
      [0.1, 0.98, 0.9, 0.96],
    ],
    [[0.15, 0.2, 0.45, 0, 0.8, 0.2, 0.66, 0.55, 0.25, 0.9, 0.16, 0.8, 0.4, 0.8, 0.9, 0.98]],
  ],
  [
    [
      [0.15, 0.12, 0.5, 0, 0.8, 0.2, 0.7, 0.4, 0.4, 0.48],
      [0.4, 0.48, 0.76, 0.56, 0.86, 0.78, 0.52, 1, 0.12, 0.88],
    ],
    [
      [0.15, 0.03, 0.82, 0.03],
      [0.82, 0.03, 0.45, 0.4],
      [0.45, 0.4, 0.85, 0.55, 0.8, 0.88, 0.45, 1, 0.12, 0.88],
    ],
  ],
  [
    [
      [0.62, 0, 0.1, 0.66],
      [0.1, 0.66, 0.95, 0.66],
      [0.7, 0.35, 0.68, 1],
    ],
    [
      [0.18, 0.04, 0.16, 0.5],
      [0.16, 0.5, 0.86, 0.5],
      [0.82, 0, 0.78, 1],
    ],
  ],
  [
    [
      [0.82, 0.02, 0.26, 0.03],
      [0.26, 0.03, 0.2, 0.44],
      [0.2, 0.44, 0.52, 0.36, 0.84, 0.54, 0.82, 0.84, 0.46, 1, 0.1, 0.88],
    ],
  ],
  [
    [
      [
        0.74, 0, 0.36, 0.24, 0.14, 0.64, 0.28, 0.94, 0.62, 0.97, 0.82, 0.76, 0.62, 0.53, 0.32, 0.58, 0.16,
        0.76,
      ],
    ],
  ],
  [
    [
      [0.1, 0.04, 0.88, 0.04],
      [0.88, 0.04, 0.58, 0.5, 0.4, 1],
    ],
    [
      [0.1, 0.04, 0.88, 0.04],
      [0.88, 0.04, 0.58, 0.5, 0.4, 1],
      [0.32, 0.5, 0.78, 0.5],
    ],
  ],
  [[[0.78, 0.18, 0.5, 0.01, 0.2, 0.2, 0.5, 0.47, 0.82, 0.76, 0.5, 1, 0.18, 0.76, 0.5, 0.47, 0.78, 0.18]]],
  [
    [
      [0.8, 0.26, 0.52, 0.02, 0.2, 0.24, 0.38, 0.5, 0.7, 0.44, 0.8, 0.26],
      [0.8, 0.26, 0.76, 0.62, 0.62, 1],
    ],
    [
      [0.8, 0.26, 0.52, 0.02, 0.2, 0.24, 0.38, 0.5, 0.7, 0.44, 0.8, 0.26],
      [0.8, 0.26, 0.82, 0.7, 0.56, 0.98, 0.18, 0.9],
    ],
  ],
];

/** Points between those of a smooth stroke. */
const STEPS = 6;

/** A curve through the points of a stroke (Catmull–Rom). */
function smooth(stroke: Stroke): number[] {
  const count = stroke.length / 2;
  if (count < 3) return [...stroke];
  const point = (at: number): [number, number] => {
    const own = Math.min(count - 1, Math.max(0, at));
    return [stroke[2 * own], stroke[2 * own + 1]];
  };
  const curve: number[] = [];
  for (let at = 0; at < count - 1; at++) {
    const [before, from, to, after] = [point(at - 1), point(at), point(at + 1), point(at + 2)];
    for (let step = 0; step < STEPS; step++) {
      const t = step / STEPS;
      for (const axis of [0, 1]) {
        const [a, b, c, d] = [before[axis], from[axis], to[axis], after[axis]];
        curve.push(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))));
      }
    }
  }
  return [...curve, ...point(count - 1)];
}

/**
 * A handwriting: it bends, slants, turns and stretches all strokes of a digit alike, so that they stay
 * joined.
 */
function hand(random: () => number): (stroke: Stroke) => Stroke {
  const spread = (most: number): number => (2 * random() - 1) * most;
  const turn = spread(0.25);
  const [cos, sin] = [cosine(turn), sine(turn)];
  const [slant, width, bend] = [spread(0.35) + 0.12, 0.75 + spread(0.3), 0.06];
  const waves = [0, 1].map(() => ({
    x: spread(2.5),
    y: spread(2.5),
    phase: spread(Math.PI),
    size: spread(bend) + spread(bend),
  }));
  return (stroke) => {
    const points: number[] = [];
    for (let at = 0; at < stroke.length; at += 2) {
      const [u, v] = [stroke[at] - 0.5, stroke[at + 1] - 0.5];
      const [dx, dy] = waves.map(({ x, y, phase, size }) => size * sine(2 * (x * u + y * v) + phase));
      const [x, y] = [(u + dx) * width - slant * (v + dy), v + dy];
      points.push(cos * x - sin * y, sin * x + cos * y);
    }
    return points;
  };
}

/**
 * Rows of digits, as many of each, in random order. `data` is [rows × SIDE²], row-major; labels are the
 * digits.
 */
export function drawDigits(
  rows: number,
  seed: number,
): { data: Float32Array<ArrayBuffer>; labels: Int32Array } {
  const random = randomNumbers(seed);
  const labels = shuffled(rows, random).map((row) => row % WAYS.length);
  const data = new Float32Array(rows * SIDE * SIDE);
  labels.forEach((digit, row) => {
    const ways = WAYS[digit];
    const strokes = ways[Math.floor(random() * ways.length)];
    const write = hand(random);
    const pen = PEN + (2 * random() - 1) * 0.7;
    data.set(
      toPixels(
        strokes.map((stroke) => write(smooth(stroke))),
        pen,
      ),
      row * SIDE * SIDE,
    );
  });
  return { data, labels };
}
