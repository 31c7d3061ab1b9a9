// Data to measure on: MNIST where CTRE_DATA_DIR has it, else random rows of the same shape and sparsity.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDataset } from '../dist/data/index.js';

/** The first `rows` training digits, pixels from 0 to 1. */
export function digits(rows) {
  const folder = process.env.CTRE_DATA_DIR && join(process.env.CTRE_DATA_DIR, 'mnist');
  if (folder === undefined) {
    let state = 1;
    const next = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const data = Float32Array.from({ length: rows * 784 }, () => (next() < 0.19 ? next() : 0));
    return {
      name: 'random digits (CTRE_DATA_DIR is not set)',
      x: { rows, cols: 784, data },
      y: Int32Array.from({ length: rows }, () => Math.floor(10 * next())),
    };
  }
  const files = Object.fromEntries(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
  const { x, labels } = readDataset(files);
  return {
    name: 'MNIST',
    x: { rows, cols: 784, data: x.data.subarray(0, rows * 784).map((pixel) => pixel / 255) },
    y: labels.slice(0, rows),
  };
}
