// The figures that the project is judged by, each with its target, computed from the suites' results. A
// figure is left out if its suite has not run, or its peer is absent.
import { geometricMean } from './turns.mjs';

export const SPARSE = ['spmm', 'spmmT', 'sddmm'];
/** Its dW is made in chunks. Results of a peer called SciPy alone are older: its dW was made in one go. */
export const SCIPY = 'SciPy, dW in chunks';

/**
 * The geometric mean of ctre ÷ peer (or its inverse) over layers and kernels; undefined without any.
 */
export function mean(layers, node, kernels, peer, invert = false) {
  const all = layers.flatMap((layer) => kernels.map((kernel) => layer.kernels[kernel].ratios[node]?.[peer]));
  const known = all.filter((ratio) => ratio !== undefined);
  if (known.length === 0) return undefined;
  const value = geometricMean(known);
  return invert ? value : 1 / value;
}

export const matrix = ({ peers }) => peers.layers;
const beyond = (size) => (results) => matrix(results).filter((layer) => layer[size] > results.peers.l2Bytes);
export const single = (results, n, epsilon) =>
  matrix(results).filter((layer) => layer.inDim === n && layer.outDim === n && layer.epsilon === epsilon);
export const atEpsilon = ({ epoch }, node, epsilon) =>
  epoch.epsilons.find((entry) => entry.epsilon === epsilon)?.nodes[node];
const growth = ({ evolution }, node) => evolution.nodes[node];
const threads = (results, node, n, epsilon) =>
  results.threads.cases.find((entry) => entry.n === n && entry.epsilon === epsilon)?.nodes[node].speedup;
const inBrowser = ({ browser }, node, threads) =>
  browser.threads.find((entry) => entry.threads === threads)?.ratios[node]?.worker;
/** The peer ÷ ctre of a public product: on all of these sizes at once, the least of them. */
export function ofPublic({ public: { cases } }, node, sizes, columns, [product, way], peer) {
  const all = cases
    .filter((entry) => sizes.includes(entry.n) && entry.columns === columns)
    .map(({ products }) => products[product].ratios[node][way][peer]);
  return all.length < sizes.length || all.includes(undefined) ? undefined : Math.min(...all);
}
const SIZES = [1000, 10_000, 100_000];
export const PREPARED = ['multiply', 'prepared'];
export const largestMatrix = ({ matrix: { cases } }, node, work) =>
  cases.find(({ nnz }) => nnz === 1_000_000)?.works[work][node].scipyToCtre;
/** Big networks are measured on one Node only. */
const scaleOn = ({ scale }, node) => (scale.measuredOn === node ? scale : undefined);
const network = (results, node, n, method, kind) =>
  scaleOn(results, node)?.networks.find(
    (entry) => entry.n === n && entry.method === method && entry.kind === kind,
  );
/** The default, by the kind of its updates. */
const usual = (results, node, n, kind) => network(results, node, n, 'cte-gse', kind);
const gibibytes = (bytes) => (bytes === undefined ? undefined : bytes / 2 ** 30);

/** The suite, the figure, its limit (most or least), and how to find it: (results, node) → number. */
const TARGETS = [
  [
    'peers',
    'bare spmm, spmmT, sddmm: WASM ÷ C at 128 bits',
    { most: 1.1 },
    (r, node) => mean(matrix(r), node, SPARSE, 'C, 128 bits'),
  ],
  [
    'peers',
    'bare spmm, spmmT, sddmm: WASM ÷ C at -march=native (256 bits, FMA)',
    { most: 2 },
    (r, node) => mean(matrix(r), node, SPARSE, 'C, native'),
  ],
  [
    'peers',
    'the bare three where four tiles exceed the L2 cache: WASM ÷ C at -march=native',
    { most: 1.25 },
    (r, node) => mean(beyond('fourTiles')(r), node, SPARSE, 'C, native'),
  ],
  [
    'peers',
    'the bare three where one tile does: WASM ÷ C at -march=native',
    { most: 1.25 },
    (r, node) => mean(beyond('oneTile')(r), node, SPARSE, 'C, native'),
  ],
  [
    'peers',
    'published one-pass scheme in C, native ÷ bare kernels: forward',
    { least: 1.1 },
    (r, node) => mean(matrix(r), node, ['spmm'], 'C, one pass', true),
  ],
  [
    'peers',
    'published one-pass scheme in C, native ÷ bare kernels: forward and backward',
    { least: 0.95 },
    (r, node) => mean(matrix(r), node, ['training'], 'C, one pass', true),
  ],
  [
    'peers',
    'published one-pass scheme ÷ the kernels under --experimental-wasm-revectorize: both',
    { least: 1.3 },
    (r, node) =>
      r.peers.revectorisedOn === node
        ? mean(matrix(r), 'revectorised', ['training'], 'C, one pass', true)
        : undefined,
  ],
  [
    'peers',
    'SciPy ÷ bare kernels, n = 1 000, ε = 5: forward',
    { least: 1.8 },
    (r, node) => mean(single(r, 1000, 5), node, ['spmm'], SCIPY, true),
  ],
  [
    'peers',
    // The target was set against a peer that made dW in one go, which takes three to four times as long.
    'SciPy ÷ bare kernels, n = 1 000, ε = 5: backward (dx, and dW in chunks)',
    { least: 10 },
    (r, node) => mean(single(r, 1000, 5), node, ['backward'], SCIPY, true),
  ],
  [
    'peers',
    'tfjs-wasm, dense ÷ bare kernels, n = 1 000, ε = 1: forward',
    { least: 150 },
    (r, node) => mean(single(r, 1000, 1), node, ['spmm'], 'tfjs-wasm', true),
  ],
  [
    'peers',
    'plain JS ÷ bare kernels: spmm, spmmT, sddmm',
    {},
    (r, node) => mean(matrix(r), node, SPARSE, 'plain JS', true),
  ],
  ...[1, 0.9, 0.7].map((least, at) => [
    'public',
    `SciPy ÷ prepare(A).multiply, one column, n = ${SIZES[at]}`,
    { least },
    (r, node) => ofPublic(r, node, [SIZES[at]], 1, PREPARED, 'SciPy'),
  ]),
  [
    'public',
    'SciPy ÷ prepare(A).multiply, 8 columns, at every n',
    { least: 1.8 },
    (r, node) => ofPublic(r, node, SIZES, 8, PREPARED, 'SciPy'),
  ],
  [
    'public',
    'SciPy ÷ prepare(A).multiply, 32 columns, at every n',
    { least: 1.2 },
    (r, node) => ofPublic(r, node, SIZES, 32, PREPARED, 'SciPy'),
  ],
  [
    'public',
    'plain JS ÷ spmm in one call, one column, at every n',
    { least: 0.8 },
    (r, node) => ofPublic(r, node, SIZES, 1, ['multiply', 'oneCall'], 'plain JS'),
  ],
  [
    'public',
    'SciPy ÷ prepare(A).multiplyTransposed, one column, n = 100000',
    { least: 0.9 },
    (r, node) => ofPublic(r, node, [100_000], 1, ['multiplyTransposed', 'prepared'], 'SciPy'),
  ],
  [
    'matrix',
    'SciPy ÷ ctre, transpose() of a million entries',
    { least: 0.5 },
    (r, node) => largestMatrix(r, node, 'transpose'),
  ],
  [
    'matrix',
    'SciPy ÷ ctre, fromCoo of a million entries, shuffled',
    { least: 0.5 },
    (r, node) => largestMatrix(r, node, 'fromCoo'),
  ],
  [
    'matrix',
    'SciPy ÷ ctre, the sparse product of a matrix of a million entries with itself',
    {},
    (r, node) => largestMatrix(r, node, 'product'),
  ],
  [
    'epoch',
    'epoch, PyTorch under masks ÷ ctre: ε = 1',
    { least: 45 },
    (r, node) => atEpsilon(r, node, 1)?.pytorchToCtre,
  ],
  [
    'epoch',
    'epoch, PyTorch under masks ÷ ctre: ε = 13',
    { least: 12 },
    (r, node) => atEpsilon(r, node, 13)?.pytorchToCtre,
  ],
  [
    'epoch',
    'JS outside the kernels, share of a step, ε = 1',
    { most: 0.07 },
    (r, node) => atEpsilon(r, node, 1)?.outsideKernels,
  ],
  [
    'evolution',
    "the default's search by cosine ÷ one training epoch",
    { most: 1 },
    (r, node) => growth(r, node)?.cosine?.listedToEpoch,
  ],
  [
    'evolution',
    "the default's search by gradient ÷ one training epoch",
    { most: 1 },
    (r, node) => growth(r, node)?.gradient?.listedToEpoch,
  ],
  [
    'evolution',
    'share of the choice among all pairs that it finds: by cosine',
    {},
    (r, node) => growth(r, node)?.cosine?.recall,
  ],
  [
    'evolution',
    'share of the choice among all pairs that it finds: by gradient',
    {},
    (r, node) => growth(r, node)?.gradient?.recall,
  ],
  [
    'evolution',
    'SET evolution ÷ one training epoch',
    { most: 0.1 },
    (r, node) => growth(r, node)?.set?.toEpoch,
  ],
  [
    'threads',
    'two threads, speedup: n = 1 000, ε = 5',
    { least: 1.75 },
    (r, node) => threads(r, node, 1000, 5),
  ],
  [
    'threads',
    'two threads, speedup: n = 1 000, ε = 20',
    { least: 1.75 },
    (r, node) => threads(r, node, 1000, 20),
  ],
  [
    'threads',
    'two threads, speedup: n = 100 000, ε = 5',
    { least: 1.75 },
    (r, node) => threads(r, node, 100_000, 5),
  ],
  [
    'scale',
    'time a connection and sample, n = 100 000 ÷ n = 1 000',
    { most: 5 },
    (r, node) => scaleOn(r, node)?.width.wideToNarrow,
  ],
  [
    'scale',
    "the default's wiring at n = 10 000 ÷ an epoch of 2 000 rows",
    { most: 20 },
    (r, node) => usual(r, node, 10_000, 'wiring')?.toEpoch?.start,
  ],
  [
    'scale',
    'an update of the default by cosine ÷ an epoch of 2 000 rows, n = 100 000',
    { most: 1 },
    (r, node) => usual(r, node, 100_000, 'cosine')?.toEpoch?.evolution,
  ],
  [
    'scale',
    'an update of the default by gradient ÷ an epoch of 2 000 rows, n = 100 000',
    { most: 1 },
    (r, node) => usual(r, node, 100_000, 'gradient')?.toEpoch?.evolution,
  ],
  [
    'scale',
    'three layers of 1 000 000, 203 rows: an update of the default by cosine ÷ an epoch',
    { most: 1 },
    (r, node) => usual(r, node, 1_000_000, 'cosine')?.toEpoch?.evolution,
  ],
  [
    'scale',
    'three layers of 1 000 000, 203 rows: an update of the default by gradient ÷ an epoch',
    { most: 1 },
    (r, node) => usual(r, node, 1_000_000, 'gradient')?.toEpoch?.evolution,
  ],
  [
    'scale',
    'three layers of 1 000 000, 203 rows: memory of the kernels, GiB',
    { most: 4 },
    (r, node) => gibibytes(usual(r, node, 1_000_000, 'cosine')?.memory),
  ],
  [
    'scale',
    'three layers of 1 000 000, 203 rows, SET: seconds an epoch',
    {},
    (r, node) => network(r, node, 1_000_000, 'set')?.epoch?.median,
  ],
  [
    'browser',
    'epoch, Node ÷ Chromium (a worker), n = 1 000, ε = 5: one thread',
    { least: 0.8 },
    (r, node) => inBrowser(r, node, 1),
  ],
  [
    'browser',
    'epoch, Node ÷ Chromium (a worker), n = 1 000, ε = 5: two threads',
    { least: 0.8 },
    (r, node) => inBrowser(r, node, 2),
  ],
  [
    'browser',
    'epoch, dense in tfjs-wasm ÷ ctre, on that page, one thread',
    { least: 8 },
    ({ browser }) => browser.tfjs.toCtre.worker,
  ],
  [
    'public',
    '1 000 × prepare, multiply, dispose: bytes that stay',
    { most: 0 },
    (r, node) => bytesLeft(r.public.memory, node),
  ],
  ['public', 'ctre/kernels, gzip: bytes', { most: 18_432 }, (r) => r.public.size?.gzip],
  [
    'neighbours',
    'cosineTopK, 20 000 names: C, native ÷ ctre',
    { least: 0.9 },
    (r, node) => names(r, 20_000)?.ratios[node].C,
  ],
  [
    'neighbours',
    'cosineTopK, 100 000 names: seconds',
    { most: 25 },
    (r, node) => seconds(names(r, 100_000)?.times, node),
  ],
  [
    'neighbours',
    'cosineTopK, 100 000 names: ms until an abort',
    { most: 100 },
    (r, node) => names(r, 100_000)?.abort[node],
  ],
  [
    'neighbours',
    // 1.4 × what the algorithm before it reached: docs/performance.md.
    'cosineTopK, 10 000 dense rows of 384: plain JS ÷ ctre',
    { least: 6.5 },
    (r, node) => ofDense(r)?.ratios[node]['plain JS'],
  ],
  [
    'neighbours',
    'cosineTopK, 10 000 dense rows of 384: NumPy ÷ ctre',
    {},
    (r, node) => ofDense(r)?.ratios[node].NumPy,
  ],
  [
    'neighbours',
    'cosineTopK, 10 000 dense rows of 384: seconds',
    {},
    (r, node) => seconds(ofDense(r)?.times, node),
  ],
  [
    'kernels',
    'this Node ÷ the newest LTS: bare spmm, spmmT, sddmm',
    { most: 1.35 },
    ({ kernels }, node) => (node === 'this' ? meanToLts(kernels.sparse) : undefined),
  ],
];

/** Bytes in use, and bytes that the memory grew by. */
const bytesLeft = (memory, node) => memory && memory.left[node].bytes + memory.left[node].memory;
export const names = ({ neighbours }, rows) => neighbours.text.find((figure) => figure.rows === rows);
export const ofDense = ({ neighbours: { dense } }) => (dense.rows === 10_000 ? dense : undefined);
const seconds = (times, node) => times && times[`ctre ${node}`].median / 1e9;

function meanToLts(layers) {
  const all = layers.flatMap((layer) => SPARSE.map((kernel) => layer[kernel].thisToLts));
  return all.every((ratio) => ratio !== undefined) ? geometricMean(all) : undefined;
}

/**
 * @param results suite → its figures.
 * @param nodes names of the Nodes measured on. The last one is judged.
 * @returns { suite, figure, target, values: { node: number }, kept } of every figure that is known.
 */
export function judge(results, nodes) {
  return TARGETS.filter(([suite]) => results[suite] !== undefined).flatMap(([suite, figure, limit, find]) => {
    const values = nodes
      .map((node) => [node, find(results, node)])
      .filter(([, value]) => value !== undefined);
    if (values.length === 0) return [];
    const [, judged] = values.at(-1);
    const { most, least } = limit;
    const target = most !== undefined ? `≤ ${most}` : least !== undefined ? `≥ ${least}` : '';
    const kept = target === '' ? undefined : most !== undefined ? judged <= most : judged >= least;
    return [{ suite, figure, target, values: Object.fromEntries(values), kept }];
  });
}

/** The figures that a suite's results do not have: these are of an earlier form, or a peer was absent. */
export function missing(suite, figures, nodes) {
  return TARGETS.filter(
    ([of, , , find]) => of === suite && nodes.every((node) => find({ [suite]: figures }, node) === undefined),
  ).map(([, figure]) => figure);
}
