// The figures that the README shows.
import {
  atEpsilon,
  largestMatrix,
  matrix,
  mean,
  names,
  ofDense,
  ofPublic,
  PREPARED,
  SCIPY,
  SPARSE,
  single,
} from './targets.mjs';

const PREPARED_AT_10_000 = [[10_000], 1, PREPARED];
const inverse = (value) => value && 1 / value;

/** Each with what it is of and against what: the other's time ÷ ctre's, so more is better. */
export const FIGURES_OF_README = [
  {
    suite: 'public',
    of: 'a call: `prepare(A).multiply(x)`, n = 10 000, a vector',
    against: 'SciPy, `A @ x`',
    find: (r, node) => ofPublic(r, node, ...PREPARED_AT_10_000, 'SciPy'),
  },
  {
    suite: 'public',
    of: 'a call: `prepare(A).multiply(x)`, n = 10 000, a vector',
    against: 'a loop in plain JS',
    find: (r, node) => ofPublic(r, node, ...PREPARED_AT_10_000, 'plain JS'),
  },
  {
    suite: 'public',
    of: 'a call: `prepare(A).multiply(x)`, n = 10 000, a vector',
    against: '`@thi.ng/sparse`, `mulV`',
    find: (r, node) => ofPublic(r, node, ...PREPARED_AT_10_000, '@thi.ng/sparse'),
  },
  {
    suite: 'public',
    of: 'a call: `spmm(A, x)`, n = 10 000, a vector, nothing prepared',
    against: 'a loop in plain JS',
    find: (r, node) => ofPublic(r, node, [10_000], 1, ['multiply', 'oneCall'], 'plain JS'),
  },
  {
    suite: 'public',
    of: 'a call: `prepare(A).multiply(X)`, n = 10 000, 32 columns',
    against: 'SciPy, `A @ X`',
    find: (r, node) => ofPublic(r, node, [10_000], 32, PREPARED, 'SciPy'),
  },
  {
    suite: 'matrix',
    of: 'a call: `CsrMatrix.fromCoo`, a million entries',
    against: 'SciPy, `tocsr`',
    find: (r, node) => largestMatrix(r, node, 'fromCoo'),
  },
  {
    suite: 'neighbours',
    of: 'a call: `cosineTopK` of 20 000 names as 3-grams',
    against: 'the same algorithm in C, `-O3 -march=native`',
    find: (r, node) => names(r, 20_000)?.ratios[node].C,
  },
  {
    suite: 'neighbours',
    of: 'a call: `cosineTopK` of 10 000 dense rows of 384',
    against: 'NumPy, dense products and `argpartition`',
    find: (r, node) => ofDense(r)?.ratios[node].NumPy,
  },
  {
    suite: 'epoch',
    of: 'an epoch of `fit`, 784-1000-1000-1000-10, ε = 1',
    against: 'PyTorch, dense matrices under masks',
    find: (r, node) => atEpsilon(r, node, 1)?.pytorchToCtre,
  },
  {
    suite: 'epoch',
    of: 'an epoch of `fit`, 784-1000-1000-1000-10, ε = 13',
    against: 'PyTorch, dense matrices under masks',
    find: (r, node) => atEpsilon(r, node, 13)?.pytorchToCtre,
  },
  {
    suite: 'peers',
    of: 'bare kernels: `spmm`, `spmmT`, `sddmm`, 14 layers',
    against: 'the same algorithm in C, 128-bit vectors',
    find: (r, node) => inverse(mean(matrix(r), node, SPARSE, 'C, 128 bits')),
  },
  {
    suite: 'peers',
    of: 'bare kernels: `spmm`, `spmmT`, `sddmm`, 14 layers',
    against: 'the same algorithm in C, 256-bit vectors and FMA',
    find: (r, node) => inverse(mean(matrix(r), node, SPARSE, 'C, native')),
  },
  {
    suite: 'peers',
    of: 'bare kernels: forward and backward, 14 layers',
    against: 'the published one-pass scheme in C, 256 bits and FMA',
    find: (r, node) => mean(matrix(r), node, ['training'], 'C, one pass', true),
  },
  {
    suite: 'peers',
    of: 'bare kernels: backward, n = 1 000, ε = 5',
    against: 'SciPy, and NumPy in chunks',
    find: (r, node) => mean(single(r, 1000, 5), node, ['backward'], SCIPY, true),
  },
];
