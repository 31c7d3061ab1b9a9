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

/** Seeds of trainings that are compared with no other. */
const FIVE = [0, 1, 2, 3, 4];

/**
 * The grids. Those of one data set, preset and density make one table; its methods differ in nothing but how
 * they choose connections. Without `seeds`, a grid has as many as verdicts about its table need.
 * @param usual the default method.
 */
export function planGrids(usual) {
  const among = (...names) => [usual, ...names.filter((name) => name !== usual)];
  const tables = { madelon: 200, PCMAC: 100 };
  const mnist = { mnist: 25 };
  const fashion = { fashion: 25 };
  const published = { kind: 'published-1', methodPreset: 'published' };
  const denser = { kind: 'default-5', epsilon: 5, methods: [usual], seeds: FIVE };
  return [
    // The default, as long as its targets are for.
    { kind: 'default-1', epochs: { madelon: 500, PCMAC: 150 }, methods: [usual], seeds: FIVE },
    { ...denser, epochs: { madelon: 500, PCMAC: 150, ...mnist } },
    // Each method with the schedule that this package gives it where nothing is asked for; and with the
    // published one, where that differs.
    {
      ...{ kind: 'own-1', epochs: tables },
      methods: among('ctre-sim', 'set', 'rigl', 'gse', 'momentum', 'chts', 'static'),
    },
    { ...published, epochs: tables, methods: ['rigl', 'gse'] },
    { kind: 'own-1', epochs: mnist, methods: among('ctre-sim', 'set', 'rigl', 'chts', 'static') },
    { ...published, epochs: mnist, methods: ['rigl', 'gse'] },
    // By SGD networks need more epochs to begin to learn.
    {
      ...{ kind: 'paper-1', preset: 'paper', epochs: { madelon: 300, PCMAC: 150 } },
      methods: among('ctre-sim', 'set', 'rigl'),
    },
    { kind: 'own-1', epochs: fashion, methods: among('set', 'rigl', 'static') },
    { ...published, epochs: fashion, methods: ['rigl'] },
    // One training costs as much as a hundred sparse ones.
    { kind: 'full-1', epochs: { madelon: 20, PCMAC: 20 }, methods: ['dense', 'prune'], seeds: [0, 1] },
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
