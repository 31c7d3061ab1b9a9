// Shows the largest singular values of a sparse matrix, by subspace iteration: the tastes behind ratings.
// Run it: node examples/truncatedSvd.mjs

import { CsrMatrix, columnNorms, spmm, spmmTransposed } from 'ctre/kernels';

const [viewers, films, genres] = [2000, 300, 4];

let state = 1;
const next = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};

/** Each viewer rated 20 films, most of them of a favourite genre. Of two ratings of a film, the sum counts. */
const [row, col, values] = [[], [], []];
for (let viewer = 0; viewer < viewers; viewer++) {
  const favourite = next(genres);
  for (let rating = 0; rating < 20; rating++) {
    const film = next(4) > 0 ? genres * next(films / genres) + favourite : next(films);
    row.push(viewer);
    col.push(film);
    values.push(film % genres === favourite ? 4 + (film % genres) / 4 + next(2) : 1 + next(2));
  }
}
const ratings = CsrMatrix.fromCoo({ rows: viewers, cols: films, row, col, values, duplicates: 'sum' });

/** Makes the columns orthonormal (Gram–Schmidt, twice for rounding), and returns how long they were. */
function orthonormalise({ rows, cols, data }) {
  const dot = (a, b) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += data[r * cols + a] * data[r * cols + b];
    return sum;
  };
  return Float64Array.from({ length: cols }, (_, c) => {
    for (let before = 0; before < 2 * c; before++) {
      const share = dot(before % c, c);
      for (let r = 0; r < rows; r++) data[r * cols + c] -= share * data[r * cols + (before % c)];
    }
    const length = Math.sqrt(dot(c, c));
    for (let r = 0; r < rows; r++) data[r * cols + c] /= length;
    return length;
  });
}

// A few vectors more than are wanted, since the last ones come slowly.
const k = 12;
let x = { rows: films, cols: k, data: Float32Array.from({ length: films * k }, () => next(1000) / 500 - 1) };
let singular;
for (let step = 0; step < 80; step++) {
  orthonormalise(x);
  x = spmmTransposed(ratings, spmm(ratings, x));
  singular = orthonormalise(x).map(Math.sqrt);
}
const all = columnNorms(ratings).reduce((sum, norm) => sum + norm ** 2, 0);
console.log(`${viewers} viewers, ${films} films, ${ratings.nnz} ratings. The first singular values:`);
for (const value of singular.slice(0, genres)) {
  console.log(`  ${value.toFixed(3)}, ${((100 * value ** 2) / all).toFixed(1)} % of all`);
}
