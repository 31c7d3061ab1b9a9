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
  const among = (...names) => [usual, ...names.filter((name) => name !== usual)];
  // `detachment` is close to `rigl`, and `cht` to `chts`.
  const few = sparse.filter((name) => name !== 'detachment' && name !== 'cht');
  const tables = { madelon: 200, PCMAC: 100 };
  const pictures = { mnist: 25, fashion: 25 };
  const published = (epochs, ...methods) => ({
    ...{ kind: 'published-1', methodPreset: 'published', epochs, methods },
  });
  const paper = (epochs) => ({
    ...{ kind: 'paper-1', preset: 'paper', epochs },
    methods: among('ctre-sim', 'cte', 'set', 'rigl'),
  });
  const alone = { methods: [usual], seeds: [0, 1, 2, 3, 4] };
  return [
    // The default, as long as its targets are for.
    { ...alone, kind: 'default-1', epochs: { madelon: 500, PCMAC: 150 } },
    { ...alone, kind: 'default-5', epsilon: 5, epochs: { madelon: 500, PCMAC: 150, mnist: 25 } },
    // Each method with the schedule that this package gives it where nothing is asked for.
    { kind: 'own-1', epochs: tables, methods: among(...few) },
    { kind: 'own-1', epochs: pictures, methods: among('ctre-sim', 'set', 'rigl', 'gse', 'chts', 'static') },
    // Where the publication has another one. Those that score all pairs after every epoch are left out: one
    // training of theirs takes minutes.
    published(tables, 'set', 'rigl', 'snip', 'gse'),
    published(pictures, 'rigl', 'gse'),
    { kind: 'own-5', epsilon: 5, epochs: tables, methods: among('set', 'rigl') },
    { kind: 'own-5', epsilon: 5, epochs: pictures, methods: among('rigl') },
    // By SGD networks need more epochs to begin to learn. The figures of the reference are after as many.
    paper({ madelon: 500, PCMAC: 300, mnist: 25 }),
    // One training costs as much as a hundred sparse ones.
    { kind: 'full-1', epochs: { madelon: 20, PCMAC: 20 }, methods: ['dense', 'prune'], seeds: [0, 1] },
    paper({ fashion: 25 }),
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
