// What docs/results.md compares: which methods are trained on which data, how long, and with how many seeds.

/**
 * The data sets, and `path` and `split` within the folder of their source: the one that the source's
 * environment variable names, or else the first of `folders` that is there.
 */
export const DATASETS = {
  madelon: { title: 'Madelon', path: 'madelon.mat', split: 'splits/madelon.json', scale: 'standard' },
  PCMAC: { title: 'PCMAC', path: 'PCMAC.mat', split: 'splits/PCMAC.json' },
  mnist: { title: 'MNIST', path: 'mnist' },
  fashion: { title: 'Fashion-MNIST', path: '', source: 'fashion' },
};

/** Where data sets are from. */
export const SOURCES = {
  usual: {
    variable: 'CTRE_DATA_DIR',
    folders: ['../shared/data'],
    lacking: 'CTRE_DATA_DIR has to name a folder with madelon.mat, PCMAC.mat, mnist/ and splits/',
  },
  fashion: {
    variable: 'CTRE_FASHION_DIR',
    folders: ['/usr/share/datasets/fashion-mnist'],
    lacking:
      'the Debian package dataset-fashion-mnist has to be installed, or CTRE_FASHION_DIR to name a folder ' +
      'with the four files of Fashion-MNIST (train-images-idx3-ubyte.gz, …)',
  },
};

/**
 * The grids. Those of one data set, preset and density make one table; its methods differ in nothing but how
 * they choose connections. Without `seeds`, a grid has as many as verdicts about its table need.
 * @param sparse the names of all methods that are sparse from the first step on.
 * @param usual the default method.
 */
export function planGrids(sparse, usual) {
  const among = (...names) => [...new Set([usual, ...names])];
  const others = (...names) => names.filter((name) => name !== usual);
  const images = among('ctre-sim', 'cte', 'set', 'rigl', 'momentum', 'snip', 'static', 'gse', 'chts');
  const tables = { madelon: 200, PCMAC: 100 };
  const pictures = { mnist: 25, fashion: 25 };
  return [
    // Each method with the schedule that this package gives it where nothing is asked for.
    { kind: 'own-1', epochs: tables, methods: among(...sparse) },
    { kind: 'own-1', epochs: pictures, methods: images },
    {
      ...{ kind: 'published-1', epochs: tables, methodPreset: 'published' },
      methods: ['set', 'rigl', 'momentum', 'snip', 'gse', 'chts'],
    },
    {
      ...{ kind: 'published-1', epochs: pictures, methodPreset: 'published' },
      methods: ['set', 'rigl', 'gse', 'chts'],
    },
    { kind: 'own-5', epsilon: 5, epochs: { ...tables, ...pictures }, methods: among('set', 'rigl') },
    // By SGD the networks need more epochs to begin to learn; the figures of the reference are after as many.
    {
      ...{ kind: 'paper-1', preset: 'paper', epochs: { madelon: 500, PCMAC: 300 } },
      methods: [...others('ctre-sim', 'ctre-seq', 'cte', 'set', 'rigl', 'snip', 'static'), usual],
    },
    {
      ...{ kind: 'paper-1', preset: 'paper', epochs: pictures },
      methods: [...others('ctre-sim', 'cte', 'set', 'rigl'), usual],
    },
    // One training costs as much as a hundred sparse ones.
    { kind: 'full-1', epochs: { madelon: 30, PCMAC: 30 }, methods: ['dense', 'prune'], seeds: [0, 1] },
  ].map((grid) => ({ preset: 'default', epsilon: 1, isCompared: grid.seeds === undefined, ...grid }));
}

/** What --quick makes of it: to see that everything works, not for figures. */
export function quickGrids(usual) {
  const few = { madelon: 2, PCMAC: 2, generated: 2 };
  return [
    // MNIST takes long to read, even by itself.
    { kind: 'own-1', epochs: { ...few, mnist: 2 }, methods: [usual] },
    { kind: 'paper-1', preset: 'paper', epochs: few, methods: ['ctre-sim', 'set'] },
  ].map((grid) => ({ preset: 'default', epsilon: 1, isCompared: true, seeds: [0], ...grid }));
}
