import { randomStream } from '../../src/base/random.ts';

/**
 * A small problem with a rule to learn: class = the quadrant of the first two features, the rest is noise.
 */
export function quadrants(rows: number, cols = 12, seed = 1) {
  const random = randomStream(seed, 'quadrants');
  const data = Float32Array.from({ length: rows * cols }, () => 2 * random.next() - 1);
  const y = Int32Array.from(
    { length: rows },
    (_, r) => 2 * Number(data[r * cols] > 0) + Number(data[r * cols + 1] > 0),
  );
  return { x: { rows, cols, data }, y, classes: 4 };
}

/** SHA-256 of the bytes, in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}
