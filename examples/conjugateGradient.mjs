// Shows how to solve A·x = b for a large sparse A by the method of conjugate gradients: a plate's
// temperature.
// Run it: node examples/conjugateGradient.mjs

import { CsrMatrix, spmm } from 'ctre/kernels';

/** The heat equation on a plate of side × side points, cold at its rim: each point and its four neighbours. */
function plate(side) {
  const [row, col, values] = [[], [], []];
  const put = (r, c, value) => {
    row.push(r);
    col.push(c);
    values.push(value);
  };
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const point = i * side + j;
      put(point, point, 4);
      if (i > 0) put(point, point - side, -1);
      if (i < side - 1) put(point, point + side, -1);
      if (j > 0) put(point, point - 1, -1);
      if (j < side - 1) put(point, point + 1, -1);
    }
  }
  return CsrMatrix.fromCoo({ rows: side * side, cols: side * side, row, col, values });
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** Solves A·x = b, A symmetric and positive definite; `multiply` is x ↦ A·x. */
function conjugateGradient(multiply, b, { tolerance = 1e-6, most = 1000 } = {}) {
  const x = new Float32Array(b.length);
  const residual = b.slice();
  const direction = b.slice();
  let squares = dot(residual, residual);
  const enough = tolerance ** 2 * squares;
  let steps = 0;
  for (; squares > enough && steps < most; steps++) {
    const product = multiply(direction);
    const length = squares / dot(direction, product);
    for (let i = 0; i < x.length; i++) {
      x[i] += length * direction[i];
      residual[i] -= length * product[i];
    }
    const before = squares;
    squares = dot(residual, residual);
    for (let i = 0; i < x.length; i++) direction[i] = residual[i] + (squares / before) * direction[i];
  }
  return { x, steps };
}

const side = 50;
const A = plate(side);
const heat = Float32Array.from({ length: A.rows }, (_, point) => (point % side < side / 5 ? 1 : 0));
const { x, steps } = conjugateGradient((v) => spmm(A, { rows: v.length, cols: 1, data: v }).data, heat);
console.log(`${A.rows} unknowns, ${A.nnz} entries: ${steps} steps. Temperatures along the middle:`);
for (let j = 0; j < side; j += 7)
  console.log(`  point ${String(j).padStart(2)}  ${x[(side / 2) * side + j].toFixed(3)}`);
