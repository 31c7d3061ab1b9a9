// One working call of every public function, method and accessor, by the name its types give it.

import {
  applyScaler,
  type Dataset,
  encodeLabels,
  fitScaler,
  kFold,
  type LabelledTable,
  learnColumns,
  loadDataset,
  loadTable,
  parseRowRange,
  parseSplit,
  readDataset,
  readMatrixMarket,
  readTable,
  relabel,
  remainingRows,
  scalerFromJson,
  scalerToJson,
  splitRows,
  syntheticDataset,
  takeRows,
  writeMatrixMarket,
} from '../../src/data/index.ts';
import {
  activation,
  autoSettings,
  CsrMatrix,
  init,
  initializer,
  initSync,
  loss,
  optimizer,
  SparseMLP,
  schedule,
  topology,
  WorkerModel,
} from '../../src/index.ts';
import {
  add,
  columnNorms,
  columnSums,
  cosineSimilarity,
  cosineTopK,
  cosineTopKAsync,
  diagonal,
  fromCsc,
  type PreparedMatrix,
  prepare,
  rowNorms,
  rowSums,
  scale,
  sddmm,
  sliceRows,
  spmm,
  spmmTransposed,
  tfidf,
  toCsc,
} from '../../src/kernels/index.ts';
import { quadrants } from '../support/problems.ts';

/**
 * A working call. Its arguments are made anew for every use, so that whoever spoils them spoils nothing else.
 */
export interface PublicCall {
  /** The arguments, those of no type known to the compiler once they are spoiled. */
  readonly args: () => unknown[];
  call(model: SparseMLP, args: unknown[]): unknown;
  /** It is asked of a model, which can be training or disposed of. */
  readonly ofModel?: true;
}

const x = () => quadrants(40, 6).x;
const y = () => quadrants(40, 6).y;
const namedLabels = () => Array.from(y(), (label) => 'abcd'[label]);
const dense = (rows: number, cols: number) => ({
  rows,
  cols,
  data: Float32Array.from({ length: rows * cols }, (_, p) => ((p * 7) % 5) - 2),
});
const csr = (rows = 3, cols = 5) => CsrMatrix.fromDense(dense(rows, cols));
const parts = () => ({
  rows: 2,
  cols: 3,
  indptr: [0, 2, 3],
  indices: Int32Array.of(0, 2, 1),
  values: [1, 2, 3],
});
const pattern = () => [
  { rows: 5, cols: 6, indptr: Int32Array.of(0, 2, 2, 3, 4, 5), indices: Int32Array.of(1, 4, 0, 5, 2) },
  { rows: 4, cols: 5, indptr: Int32Array.of(0, 1, 2, 3, 4), indices: Int32Array.of(0, 1, 2, 3) },
];
const layers = () => [
  { weights: csr(5, 6), bias: Float32Array.of(1, 2, 3, 4, 5) },
  { weights: csr(4, 5), bias: [1, 2, 3, 4] },
];
/** Layers of a network with as many outputs as inputs. */
const autoencoder = () => [
  { weights: csr(5, 6), bias: [1, 2, 3, 4, 5] },
  { weights: csr(6, 5), bias: [1, 2, 3, 4, 5, 6] },
];
/** Samples of bytes, scaled column by column. */
const bytes = () => ({
  rows: 40,
  cols: 6,
  data: Uint8Array.from({ length: 240 }, (_, p) => (37 * p) % 256),
  offset: [0, 1, 2, 3, 4, 5],
  scale: Float64Array.of(1, 255, 3, 4, 5, 6),
});
const common = () => ({
  topology: topology.ctreSim({ search: 'auto', pairs: 2, rows: 32 }),
  initializer: initializer.glorot(),
  growInitializer: initializer.uniform({ bound: 0.1 }),
  seed: 1,
  threads: 1,
  worker: new URL('../../build/test/modelWorker.js', import.meta.url),
  labelNames: ['a', 'b', 'c', 4],
  metadata: { labels: ['a', 'b'], nested: { list: [1, 2] } },
});
const training = () => ({
  epochs: 2,
  batchSize: 16,
  optimizer: optimizer.sgd(),
  schedule: schedule.cosine({ warmup: 0.5 }),
  clipNorm: 1,
  denoise: { kind: 'mask' as const, amount: 0.1 },
  validationRows: [1, 5, 7],
  test: { x: CsrMatrix.fromDense(x()), y: y() },
  patience: 3,
  restoreBest: true,
  // Whatever the number of epochs becomes.
  signal: AbortSignal.timeout(500),
});
const pieces = () => [
  { x: x(), y: y(), sampleWeight: new Float32Array(40).fill(2) },
  { x: CsrMatrix.fromDense(x()), y: [...y()] },
];
const pieceTraining = () => ({
  epochs: 2,
  // The models in workers are trained call after call.
  totalEpochs: 1e6,
  batchSize: 16,
  stepsPerEpoch: 2,
  sample: { x: x(), y: y() },
  classWeight: [1, 2, 1, 1],
  optimizer: optimizer.sgd(),
  schedule: schedule.cosine({ warmup: 0.5 }),
  clipNorm: 1,
  denoise: { kind: 'mask' as const, amount: 0.1 },
  validation: { x: x(), y: y() },
  restoreBest: true,
  signal: AbortSignal.timeout(500),
});
const waiting = () => ({ epochs: 1, wait: true, signal: AbortSignal.timeout(500) });
const partialFitting = () => ({
  batchSize: 16,
  optimizer: optimizer.sgd(),
  schedule: schedule.cosine({ warmup: 0.5 }),
  clipNorm: 1,
  denoise: { kind: 'mask' as const, amount: 0.1 },
  sampleWeight: Float32Array.from({ length: 40 }, (_, r) => r % 3),
  classWeight: [1, 2, 1, 1],
  stepsPerEpoch: 2,
  totalEpochs: 4,
  sample: { x: x(), y: y() },
});
const pruning = () => ({ pruneFraction: 0.3, annealing: 'cosine' as const });
const cosines = () => ({ ...pruning(), search: 'auto' as const, pairs: 2, rows: 32 });
const dataset = (): Dataset => ({
  x: dense(4, 2),
  labels: Int32Array.of(0, 1, 1, 0),
  labelNames: ['a', 'b'],
  test: { x: csr(4, 2), labels: Int32Array.of(1, 1, 0, 0) },
});
const counts = () =>
  CsrMatrix.fromDense({ rows: 3, cols: 4, data: Float32Array.of(1, 0, 2, 0, 3, 1, 0, 0, 0, 0, 1, 4) });
const mtx = () =>
  new TextEncoder().encode('%%MatrixMarket matrix coordinate real general\n2 3 2\n2 1 5\n1 3 -1\n');
const csv = () => new TextEncoder().encode('a,b,label\n1,2,x\n3,4,y\n5,6,x\n');
/** A table is only what a reader made. */
const tableOf = (bytes: Uint8Array<ArrayBuffer>): LabelledTable => {
  const { table } = readDataset({ name: 'some.csv', bytes });
  if (table === undefined) throw new Error('a CSV file is a table');
  return table;
};
const split = () => JSON.stringify({ train: [0, 1, 2], test: [3, 4], val: [0] });

/** Whatever the arguments have become. */
function entry<A extends unknown[]>(
  args: () => [...A],
  call: (model: SparseMLP, args: A) => unknown,
): PublicCall {
  return { args, call };
}

function ofModel<A extends unknown[]>(
  args: () => [...A],
  call: (model: SparseMLP, args: A) => unknown,
): PublicCall {
  return { ...entry(args, call), ofModel: true };
}

const classifierInWorker = () => WorkerModel.fromWeights(layers());
const namedInWorker = () => WorkerModel.fromWeights(layers(), { labelNames: ['a', 'b', 'c', 'd'] });
const autoencoderInWorker = () => WorkerModel.fromWeights(autoencoder(), { loss: loss.meanSquared() });
const inWorkerModels = new Map<() => Promise<WorkerModel>, Promise<WorkerModel>>();

/** Of a model in a worker: one for all calls, since starting one takes longer than most of them. */
function inWorker<A extends unknown[]>(
  args: () => [...A],
  call: (model: WorkerModel, args: A) => unknown,
  start = classifierInWorker,
): PublicCall {
  return entry(args, async (_, given) => {
    const started = inWorkerModels.get(start) ?? start();
    inWorkerModels.set(start, started);
    const result: unknown = await call(await started, given);
    if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result;
    const epochs = result as ReturnType<WorkerModel['train']>;
    const { value } = await epochs.next();
    await epochs.return();
    return value;
  });
}

/** Of a matrix that is prepared for the call, and gives its memory back after it. */
function ofPrepared<A extends unknown[]>(
  args: () => [...A],
  call: (prepared: PreparedMatrix, args: A) => unknown,
): PublicCall {
  return entry(args, (_, given) => {
    using prepared = prepare(csr(3, 5));
    return call(prepared, given);
  });
}

const none = (): [] => [];

export const publicCalls: Readonly<Record<string, PublicCall>> = {
  init: entry(
    () => [{ wasm: Uint8Array.of(0, 97, 115, 109), revectorize: true }],
    (_, a) => init(...a),
  ),
  initSync: entry(
    () => [{ wasm: Uint8Array.of(0, 97, 115, 109) }],
    (_, a) => initSync(...a),
  ),

  'CsrMatrix.fromParts': entry(
    () => [parts()],
    (_, a) => CsrMatrix.fromParts(...a),
  ),
  'CsrMatrix.fromDense': entry(
    () => [dense(3, 4)],
    (_, a) => CsrMatrix.fromDense(...a),
  ),
  'CsrMatrix.fromCoo': entry(
    () => [{ rows: 3, cols: 4, row: [2, 0], col: Int32Array.of(1, 3), values: Float32Array.of(1, 2) }],
    (_, a) => CsrMatrix.fromCoo(...a),
  ),
  'CsrMatrix.fromCoo of what comes twice': entry(
    () => [
      {
        rows: 3,
        cols: 4,
        row: BigInt64Array.of(2n, 2n),
        col: [1, 1],
        values: [1, 2],
        duplicates: 'sum' as const,
      },
    ],
    (_, a) => CsrMatrix.fromCoo(...a),
  ),
  'CsrMatrix#nnz': entry(none, () => csr().nnz),
  'CsrMatrix#density': entry(none, () => csr().density),
  // The arrays of a matrix are open to everyone: what was changed is an argument as well.
  'CsrMatrix#toDense': entry(
    () => [csr()],
    (_, [matrix]) => CsrMatrix.prototype.toDense.call(matrix),
  ),
  'CsrMatrix#transpose': entry(
    () => [csr()],
    (_, [matrix]) => CsrMatrix.prototype.transpose.call(matrix),
  ),

  add: entry(
    () => [csr(), csr()],
    (_, a) => add(...a),
  ),
  columnNorms: entry(
    () => [csr()],
    (_, a) => columnNorms(...a),
  ),
  columnSums: entry(
    () => [csr()],
    (_, a) => columnSums(...a),
  ),
  diagonal: entry(
    () => [csr()],
    (_, a) => diagonal(...a),
  ),
  fromCsc: entry(
    () => [{ ...parts(), rows: 3, cols: 2 }],
    (_, a) => fromCsc(...a),
  ),
  rowNorms: entry(
    () => [csr()],
    (_, a) => rowNorms(...a),
  ),
  // What a structured clone leaves of a matrix.
  rowSums: entry(
    () => [{ ...csr() } as CsrMatrix],
    (_, a) => rowSums(...a),
  ),
  scale: entry(
    () => [csr(), { all: 2, rows: Float32Array.of(1, 2, 3), columns: [1, 2, 3, 4, 5] }],
    (_, a) => scale(...a),
  ),
  sliceRows: entry(
    () => [csr(), 1, 2],
    (_, a) => sliceRows(...a),
  ),
  tfidf: entry(
    () => [counts(), { corpus: counts(), smoothIdf: false, sublinearTf: true, norm: 'none' as const }],
    (_, a) => tfidf(...a),
  ),
  toCsc: entry(
    () => [csr()],
    (_, a) => toCsc(...a),
  ),
  readMatrixMarket: entry(
    () => [mtx(), { duplicates: 'sum' as const, maxBytes: 1e8 }],
    (_, a) => readMatrixMarket(...a),
  ),
  writeMatrixMarket: entry(
    () => [csr()],
    (_, a) => writeMatrixMarket(...a),
  ),

  'SparseMLP.create': entry(
    () => [{ layers: [6, 5, 4], density: [0.4, 0.5], ...common() }],
    (_, a) => SparseMLP.create(...a),
  ),
  // The same function with what excludes the options above.
  'SparseMLP.create of a pattern': entry(
    () => [{ layers: [6, 5, 4], pattern: pattern(), topology: topology.set() }],
    (_, a) => SparseMLP.create(...a),
  ),
  'SparseMLP.create of an epsilon': entry(
    () => [{ layers: [6, 5, 4], epsilon: 1, topology: topology.ctreSeq() }],
    (_, a) => SparseMLP.create(...a),
  ),
  'SparseMLP.fromWeights': entry(
    () => [layers(), common()],
    (_, a) => SparseMLP.fromWeights(...a),
  ),
  'SparseMLP.load': entry(
    () => [savedModel(), { threads: 1, topology: topology.cteGse(), initializer: initializer.sparseHe() }],
    (_, a) => SparseMLP.load(...a),
  ),
  'SparseMLP.load of a Blob': entry(
    () => [new Blob([savedModel()]), { threads: 1 }],
    (_, a) => SparseMLP.load(...a),
  ),
  'SparseMLP.resume of a buffer': entry(
    () => [savedCheckpoint().buffer, { threads: 1 }],
    (_, a) => SparseMLP.resume(...a),
  ),
  'SparseMLP.resume': entry(
    () => [
      savedCheckpoint(),
      { threads: 1, maxBytes: 1e8, optimizer: optimizer.adam(), growInitializer: initializer.zeros() },
    ],
    (_, a) => SparseMLP.resume(...a),
  ),
  'SparseMLP#history': ofModel(none, (model) => model.history),
  // Of a model that has been trained, which the others need not be.
  'SparseMLP#checkpoint': entry(
    () => [{ labels: ['a', 'b'] }],
    async (_, a) => {
      const model = await SparseMLP.fromWeights(layers());
      try {
        await model.fit(x(), y(), { epochs: 1 });
        return model.checkpoint(...a);
      } finally {
        model.dispose();
      }
    },
  ),
  'SparseMLP#inputImportance': ofModel(none, (model) => model.inputImportance()),
  'SparseMLP#inputImportance by attribution': ofModel(
    () => [{ by: 'attribution' as const, x: x(), y: y(), earlier: new Float64Array(6) }],
    (model, a) => model.inputImportance(...a),
  ),
  'SparseMLP#layers': ofModel(none, (model) => model.layers.map(({ weights, bias }) => [weights, bias])),
  'SparseMLP#nnz': ofModel(none, (model) => model.nnz),
  'SparseMLP#density': ofModel(none, (model) => model.density),
  'SparseMLP#epochs': ofModel(none, (model) => model.epochs),
  'SparseMLP#loss': ofModel(none, (model) => model.loss),
  'SparseMLP#targetUnits': ofModel(none, (model) => model.targetUnits),
  'SparseMLP#pipeline': ofModel(none, (model) => model.pipeline),
  'SparseMLP#activation': ofModel(none, (model) => model.activation),
  'SparseMLP#method': ofModel(none, (model) => model.method),
  'SparseMLP#threads': ofModel(none, (model) => model.threads),
  'SparseMLP#warning': ofModel(none, (model) => model.warning),
  'SparseMLP#metadata': ofModel(none, (model) => model.metadata),
  'SparseMLP#train': ofModel(
    () => [x(), y(), training()],
    (model, a) => model.train(...a),
  ),
  'SparseMLP#fit': ofModel(
    () => [CsrMatrix.fromDense(x()), [...y()], { ...training(), onEpoch: () => {} }],
    (model, a) => model.fit(...a),
  ),
  'SparseMLP#fit with validation': ofModel(
    () => [rowsOf(x()), y(), { epochs: 2, validation: { x: x(), y: y() }, signal: AbortSignal.timeout(500) }],
    (model, a) => model.fit(...a),
  ),
  'SparseMLP#train on pieces': ofModel(
    () => [pieces(), pieceTraining()],
    (model, a) => model.train(...a),
  ),
  'SparseMLP#fit on pieces': ofModel(
    () => [pieces(), { ...pieceTraining(), onEpoch: () => {} }],
    (model, a) => model.fit(...a),
  ),
  'SparseMLP#partialFit': ofModel(
    () => [x(), y(), partialFitting()],
    (model, a) => model.partialFit(...a),
  ),
  // Of a model of its own: the others are given labels of the classes there are.
  'SparseMLP#addOutputs': entry(
    () => [2, { labelNames: ['e', 'f'] }],
    async (_, a) => {
      const model = await SparseMLP.fromWeights(layers());
      try {
        model.addOutputs(...a);
        return model.save();
      } finally {
        model.dispose();
      }
    },
  ),
  'SparseMLP#fit on labels by name': ofModel(
    () => [x(), namedLabels(), { epochs: 1, signal: AbortSignal.timeout(500) }],
    (model, a) => model.fit(...a),
  ),
  'SparseMLP#evaluate': ofModel(
    () => [x(), y()],
    (model, a) => model.evaluate(...a),
  ),
  'SparseMLP#predict': ofModel(
    () => [CsrMatrix.fromDense(x())],
    (model, a) => model.predict(...a),
  ),
  'SparseMLP#predict of arrays': ofModel(
    () => [rowsOf(x())],
    (model, a) => model.predict(...a),
  ),
  'SparseMLP#predict of a matrix of doubles': ofModel(
    () => [{ rows: 2, cols: 6, data: Float64Array.from({ length: 12 }, (_, p) => p / 3) }],
    (model, a) => model.predict(...a),
  ),
  // Of a model of its own: a training that is under way has no end.
  'SparseMLP#fit that waits': entry(
    () => [x(), y(), waiting()],
    async (_, a) => {
      using model = await SparseMLP.fromWeights(layers());
      return await model.fit(...a);
    },
  ),
  'SparseMLP#fit of bytes': ofModel(
    () => [bytes(), y(), { epochs: 2, validation: { x: bytes(), y: y() }, signal: AbortSignal.timeout(500) }],
    (model, a) => model.fit(...a),
  ),
  'SparseMLP#predict of a row': ofModel(
    () => [[1, 0.5, 3, 0, -2, 1e-3]],
    (model, a) => model.predict(...a),
  ),
  'SparseMLP#predict of a row of bytes': ofModel(
    () => [Uint8ClampedArray.of(1, 2, 3, 4, 5, 255)],
    (model, a) => model.predict(...a),
  ),
  'SparseMLP#predict of bytes': ofModel(
    () => [{ ...bytes(), data: Uint8ClampedArray.from(bytes().data), offset: 3, scale: 255 }],
    (model, a) => model.predict(...a),
  ),
  // Of a model of its own: the others have fewer outputs than inputs.
  'SparseMLP#reconstructionError': entry(
    () => [x()],
    async (_, a) => {
      const model = await SparseMLP.fromWeights(autoencoder(), { loss: loss.meanSquared() });
      try {
        return model.reconstructionError(...a);
      } finally {
        model.dispose();
      }
    },
  ),
  'SparseMLP#predictLabels': ofModel(
    () => [x()],
    (model, a) => model.predictLabels(...a),
  ),
  'SparseMLP#predictTop': ofModel(
    () => [rowsOf(x()), 2],
    (model, a) => model.predictTop(...a),
  ),
  'SparseMLP#metrics': ofModel(
    () => [CsrMatrix.fromDense(x()), [...y()]],
    (model, a) => model.metrics(...a),
  ),
  'SparseMLP#save': ofModel(
    () => [{ labels: ['a', 'b'] }],
    (model, a) => model.save(...a),
  ),
  'SparseMLP#summary': ofModel(none, (model) => model.summary()),
  'SparseMLP#memory': ofModel(none, (model) => model.memory()),
  'SparseMLP#dispose': ofModel(none, (model) => model.dispose()),
  'SparseMLP#[Symbol.dispose]': ofModel(none, (model) => model[Symbol.dispose]()),

  'WorkerModel.create': entry(
    () => [{ layers: [6, 5, 4], density: [0.4, 0.5], ...common() }],
    (_, a) => WorkerModel.create(...a),
  ),
  'WorkerModel.fromWeights': entry(
    () => [layers(), common()],
    (_, a) => WorkerModel.fromWeights(...a),
  ),
  'WorkerModel.load': entry(
    () => [savedModel(), { threads: 1 }],
    (_, a) => WorkerModel.load(...a),
  ),
  'WorkerModel.load of a Blob': entry(
    () => [new Blob([savedModel()]), { threads: 1 }],
    (_, a) => WorkerModel.load(...a),
  ),
  'WorkerModel.resume': entry(
    () => [savedCheckpoint(), { threads: 1, maxBytes: 1e8 }],
    (_, a) => WorkerModel.resume(...a),
  ),
  'WorkerModel#layers': inWorker(none, async (model) =>
    (await model.layers).map(({ weights, bias }) => [weights, bias]),
  ),
  'WorkerModel#nnz': inWorker(none, (model) => model.nnz),
  'WorkerModel#density': inWorker(none, (model) => model.density),
  'WorkerModel#epochs': inWorker(none, (model) => model.epochs),
  'WorkerModel#history': inWorker(none, (model) => model.history),
  'WorkerModel#loss': inWorker(none, (model) => model.loss),
  'WorkerModel#targetUnits': inWorker(none, (model) => model.targetUnits),
  'WorkerModel#activation': inWorker(none, (model) => model.activation),
  'WorkerModel#method': inWorker(none, (model) => model.method),
  'WorkerModel#threads': inWorker(none, (model) => model.threads),
  'WorkerModel#warning': inWorker(none, (model) => model.warning),
  'WorkerModel#metadata': inWorker(none, (model) => model.metadata),
  'WorkerModel#train': inWorker(
    () => [x(), y(), { ...training(), transfer: true }],
    (model, a) => model.train(...a),
  ),
  'WorkerModel#fit': inWorker(
    () => [CsrMatrix.fromDense(x()), [...y()], { ...training(), transfer: false, onEpoch: () => {} }],
    (model, a) => model.fit(...a),
  ),
  'WorkerModel#train on pieces': inWorker(
    () => [pieces(), { ...pieceTraining(), transfer: true }],
    (model, a) => model.train(...a),
  ),
  'WorkerModel#fit on pieces': inWorker(
    () => [pieces(), { ...pieceTraining(), transfer: false, onEpoch: () => {} }],
    (model, a) => model.fit(...a),
  ),
  'WorkerModel#partialFit': inWorker(
    () => [x(), y(), { ...partialFitting(), transfer: true }],
    (model, a) => model.partialFit(...a),
  ),
  'WorkerModel#fit that waits': inWorker(
    () => [x(), y(), waiting()],
    (model, a) => model.fit(...a),
  ),
  'WorkerModel#partialFit that waits': inWorker(
    () => [x(), y(), { wait: true, signal: AbortSignal.timeout(500) }],
    (model, a) => model.partialFit(...a),
  ),
  'WorkerModel#addOutputs': entry(
    () => [2, { labelNames: ['e', 'f'] }],
    async (_, a) => {
      using model = await WorkerModel.fromWeights(layers());
      return await model.addOutputs(...a);
    },
  ),
  'WorkerModel#fit on labels by name': inWorker(
    () => [x(), namedLabels(), { epochs: 1, signal: AbortSignal.timeout(500) }],
    (model, a) => model.fit(...a),
    namedInWorker,
  ),
  'WorkerModel#evaluate': inWorker(
    () => [x(), y(), { transfer: true }],
    (model, a) => model.evaluate(...a),
  ),
  'WorkerModel#predict': inWorker(
    () => [CsrMatrix.fromDense(x()), { transfer: true }],
    (model, a) => model.predict(...a),
  ),
  'WorkerModel#predict of arrays': inWorker(
    () => [rowsOf(x())],
    (model, a) => model.predict(...a),
  ),
  'WorkerModel#predict of a row': inWorker(
    () => [[1, 0.5, 3, 0, -2, 1e-3]],
    (model, a) => model.predict(...a),
  ),
  'WorkerModel#predict of a row of doubles': inWorker(
    () => [Float64Array.of(1, 2, 3, 4, 5, 255), { transfer: true }],
    (model, a) => model.predict(...a),
  ),
  'WorkerModel#predict of bytes': inWorker(
    () => [bytes(), { transfer: true }],
    (model, a) => model.predict(...a),
  ),
  'WorkerModel#reconstructionError': inWorker(
    () => [bytes(), { transfer: false }],
    (model, a) => model.reconstructionError(...a),
    autoencoderInWorker,
  ),
  'WorkerModel#predictLabels': inWorker(
    () => [x(), { transfer: true }],
    (model, a) => model.predictLabels(...a),
  ),
  'WorkerModel#predictTop': inWorker(
    () => [rowsOf(x()), 2, { transfer: false }],
    (model, a) => model.predictTop(...a),
  ),
  'WorkerModel#pipeline': inWorker(none, async (model) => model.pipeline),
  'WorkerModel#metrics': inWorker(
    () => [CsrMatrix.fromDense(x()), y(), { transfer: true }],
    (model, a) => model.metrics(...a),
  ),
  'WorkerModel#inputImportance': inWorker(none, (model) => model.inputImportance()),
  'WorkerModel#inputImportance by attribution': inWorker(
    () => [{ by: 'attribution' as const, x: x(), y: y(), earlier: new Float64Array(6), transfer: true }],
    (model, a) => model.inputImportance(...a),
  ),
  'WorkerModel#save': inWorker(
    () => [{ labels: ['a', 'b'] }],
    (model, a) => model.save(...a),
  ),
  // Of a model that has been trained, which the others need not be.
  'WorkerModel#checkpoint': inWorker(
    () => [{ labels: ['a', 'b'] }],
    async (model, a) => {
      await model.fit(x(), y(), { epochs: 1 });
      return model.checkpoint(...a);
    },
  ),
  'WorkerModel#summary': inWorker(none, (model) => model.summary()),
  'WorkerModel#memory': inWorker(none, (model) => model.memory()),
  'WorkerModel#dispose': entry(none, async () => (await WorkerModel.fromWeights(layers())).dispose()),
  'WorkerModel#[Symbol.dispose]': entry(none, async () => {
    using model = await WorkerModel.fromWeights(layers());
    return model.nnz;
  }),

  'activation.relu': entry(
    () => [{}],
    (_, a) => activation.relu(...a),
  ),
  'activation.leakyRelu': entry(
    () => [{ slope: 0.1 }],
    (_, a) => activation.leakyRelu(...a),
  ),
  'activation.allRelu': entry(
    () => [{ slope: 0.5 }],
    (_, a) => activation.allRelu(...a),
  ),
  'activation.linear': entry(
    () => [{}],
    (_, a) => activation.linear(...a),
  ),
  'initializer.glorot': entry(
    () => [{}],
    (_, a) => initializer.glorot(...a),
  ),
  'initializer.sparseHe': entry(
    () => [{ firstGain: 1, gain: 2 }],
    (_, a) => initializer.sparseHe(...a),
  ),
  'initializer.uniform': entry(
    () => [{ bound: 0.1 }],
    (_, a) => initializer.uniform(...a),
  ),
  'initializer.zeros': entry(
    () => [{}],
    (_, a) => initializer.zeros(...a),
  ),
  'loss.crossEntropy': entry(
    () => [{}],
    (_, a) => loss.crossEntropy(...a),
  ),
  'loss.binaryCrossEntropy': entry(
    () => [{}],
    (_, a) => loss.binaryCrossEntropy(...a),
  ),
  'loss.meanSquared': entry(
    () => [{}],
    (_, a) => loss.meanSquared(...a),
  ),
  'loss.huber': entry(
    () => [{ delta: 2 }],
    (_, a) => loss.huber(...a),
  ),
  'optimizer.adam': entry(
    () => [{ learningRate: 0.1, weightDecay: 0.1, beta1: 0.5, beta2: 0.5, epsilon: 1e-6 }],
    (_, a) => optimizer.adam(...a),
  ),
  'optimizer.adamW': entry(
    () => [{ learningRate: 0.1, weightDecay: 0.1, beta1: 0.5, beta2: 0.5, epsilon: 1e-6 }],
    (_, a) => optimizer.adamW(...a),
  ),
  'schedule.constant': entry(
    () => [{ warmup: 0.1 }],
    (_, a) => schedule.constant(...a),
  ),
  'schedule.cosine': entry(
    () => [{ warmup: 3, endFactor: 0.1 }],
    (_, a) => schedule.cosine(...a),
  ),
  'schedule.linear': entry(
    () => [{ warmup: 0.1, endFactor: 0.1 }],
    (_, a) => schedule.linear(...a),
  ),
  'schedule.step': entry(
    () => [{ warmup: 0.1, stepSize: 3, gamma: 0.5 }],
    (_, a) => schedule.step(...a),
  ),
  'optimizer.sgd': entry(
    () => [{ learningRate: 0.1, weightDecay: 0.1, momentum: 0.5, nesterov: false }],
    (_, a) => optimizer.sgd(...a),
  ),
  'topology.ctreSim': entry(
    () => [cosines()],
    (_, a) => topology.ctreSim(...a),
  ),
  'topology.ctreSeq': entry(
    () => [{ ...cosines(), patience: 3 }],
    (_, a) => topology.ctreSeq(...a),
  ),
  'topology.cteRigl': entry(
    () => [{ ...cosines(), wiring: 2, cosineShare: 0.5, batches: 3 }],
    (_, a) => topology.cteRigl(...a),
  ),
  'topology.cteGse': entry(
    () => [{ ...cosines(), wiring: 2, cosineShare: 0.5, batches: 3, growthShare: 0 }],
    (_, a) => topology.cteGse(...a),
  ),
  'topology.gse': entry(
    () => [pruning()],
    (_, a) => topology.gse(...a),
  ),
  'topology.detachment': entry(
    () => [pruning()],
    (_, a) => topology.detachment(...a),
  ),
  'topology.mest': entry(
    () => [pruning()],
    (_, a) => topology.mest(...a),
  ),
  'topology.cht': entry(
    () => [pruning()],
    (_, a) => topology.cht(...a),
  ),
  'topology.chts': entry(
    () => [pruning()],
    (_, a) => topology.chts(...a),
  ),
  'topology.cte': entry(
    () => [cosines()],
    (_, a) => topology.cte(...a),
  ),
  'topology.set': entry(
    () => [pruning()],
    (_, a) => topology.set(...a),
  ),
  'topology.rigl': entry(
    () => [pruning()],
    (_, a) => topology.rigl(...a),
  ),
  'topology.momentum': entry(
    () => [{ ...pruning(), batches: 2 }],
    (_, a) => topology.momentum(...a),
  ),
  'topology.prune': entry(
    () => [{ until: 0.5 }],
    (_, a) => topology.prune(...a),
  ),
  'topology.snip': entry(
    () => [{}],
    (_, a) => topology.snip(...a),
  ),
  'topology.fixed': entry(
    () => [{}],
    (_, a) => topology.fixed(...a),
  ),
  'topology.dense': entry(
    () => [{}],
    (_, a) => topology.dense(...a),
  ),

  cosineSimilarity: entry(
    () => [csr(3, 5), dense(4, 5), csr(3, 4)],
    (_, a) => cosineSimilarity(...a),
  ),
  'cosineSimilarity of all': entry(
    () => [dense(3, 5), csr(4, 5)],
    (_, a) => cosineSimilarity(...a),
  ),
  cosineTopK: entry(
    () => [dense(3, 5), 2, csr(4, 5), { absolute: true }],
    (_, a) => cosineTopK(...a),
  ),
  // So narrow that only products of two entries are made.
  'cosineTopK of sparse matrices': entry(
    () => [csr(6, 2), 2, csr(7, 2), { absolute: true, threshold: 0.1 }],
    (_, a) => cosineTopK(...a),
  ),
  cosineTopKAsync: entry(
    () => [
      csr(6, 2),
      2,
      csr(7, 2),
      { threshold: 0.1, onProgress: () => {}, signal: new AbortController().signal },
    ],
    (_, a) => cosineTopKAsync(...a),
  ),
  'cosineTopKAsync of dense matrices': entry(
    () => [dense(3, 5), 2, dense(4, 5), { absolute: true }],
    (_, a) => cosineTopKAsync(...a),
  ),
  sddmm: entry(
    () => [csr(3, 4), dense(3, 5), dense(4, 5)],
    (_, a) => sddmm(...a),
  ),
  spmm: entry(
    () => [csr(3, 5), dense(5, 2)],
    (_, a) => spmm(...a),
  ),
  'spmm of a vector': entry(
    () => [csr(3, 5), dense(5, 1).data],
    (_, a) => spmm(...a),
  ),
  'spmm of a sparse matrix': entry(
    () => [csr(3, 5), csr(5, 4)],
    (_, a) => spmm(...a),
  ),
  spmmTransposed: entry(
    () => [csr(3, 5), dense(3, 2)],
    (_, a) => spmmTransposed(...a),
  ),
  prepare: entry(
    () => [csr(3, 5)],
    (_, a) => prepare(...a).dispose(),
  ),
  'PreparedMatrix#rows': ofPrepared(none, (prepared) => prepared.rows),
  'PreparedMatrix#cols': ofPrepared(none, (prepared) => prepared.cols),
  'PreparedMatrix#nnz': ofPrepared(none, (prepared) => prepared.nnz),
  'PreparedMatrix#multiply': ofPrepared(
    () => [dense(5, 2)],
    (prepared, a) => prepared.multiply(...a),
  ),
  // What comes back then is the caller's own array, whatever its owner has made of it.
  'PreparedMatrix#multiply to an array': ofPrepared(
    () => [dense(5, 1).data, { out: new Float32Array(3) }],
    (prepared, a) => void prepared.multiply(...a),
  ),
  'PreparedMatrix#multiplyTransposed': ofPrepared(
    () => [dense(3, 2)],
    (prepared, a) => prepared.multiplyTransposed(...a),
  ),
  'PreparedMatrix#multiplyTransposed to an array': ofPrepared(
    () => [dense(3, 2), { out: new Float32Array(10) }],
    (prepared, a) => void prepared.multiplyTransposed(...a),
  ),
  'PreparedMatrix#sddmm': ofPrepared(
    () => [dense(3, 2), dense(5, 2)],
    (prepared, a) => prepared.sddmm(...a),
  ),
  'PreparedMatrix#cosineTopK': ofPrepared(
    () => [{ k: 2, absolute: true, threshold: 0.1 }],
    (prepared, a) => prepared.cosineTopK(...a),
  ),
  'PreparedMatrix#cosineTopKAsync': ofPrepared(
    () => [{ k: 2, absolute: true, threshold: 0.1, signal: AbortSignal.timeout(500), onProgress: () => {} }],
    (prepared, a) => prepared.cosineTopKAsync(...a),
  ),
  'PreparedMatrix#setValues': ofPrepared(
    () => [[...csr(3, 5).values]],
    (prepared, a) => prepared.setValues(...a),
  ),
  'PreparedMatrix#dispose': ofPrepared(none, (prepared) => prepared.dispose()),
  'PreparedMatrix#[Symbol.dispose]': ofPrepared(none, (prepared) => prepared[Symbol.dispose]()),

  encodeLabels: entry(
    () => [
      ['a', 'b', 'a'],
      ['b', 'a'],
    ],
    (_, a) => encodeLabels(...a),
  ),
  relabel: entry(
    () => [dataset(), ['b', 'a', 'c']],
    (_, a) => relabel(...a),
  ),
  readDataset: entry(
    () => [
      { name: 'some.csv', bytes: csv() },
      { label: 'label', header: true, delimiter: ',', maxBytes: 1e6 },
    ],
    (_, a) => readDataset(...a),
  ),
  'readDataset of numbers': entry(
    () => [
      { name: 'some.csv', bytes: new TextEncoder().encode('a,b,c\n1,2.5,3\n4,5,6.25\n') },
      { label: ['b', 'c'], targets: 'numbers' as const },
    ],
    (_, a) => readDataset(...a),
  ),
  'readDataset of text': entry(
    () => [{ 'some.csv': 'a,b,label\n1,2,x\n3,4,y\n' }, { label: 'label' }],
    (_, a) => readDataset(...a),
  ),
  'loadDataset of a File': entry(
    () => [new File([csv()], 'some.csv'), { test: { 'test.csv': new Blob([csv()]) } }],
    (_, a) => loadDataset(...a),
  ),
  loadDataset: entry(
    () => [
      { name: 'some.csv', bytes: csv() },
      { label: 'label', header: true },
    ],
    (_, a) => loadDataset(...a),
  ),
  loadTable: entry(
    () => [
      { name: 'some.csv', bytes: csv() },
      { header: true, delimiter: ',' },
    ],
    async (_, a) => (await loadTable(...a))?.columns.map((column) => column.text(0)),
  ),
  'readDataset with test rows': entry(
    () => [{ name: 'some.csv', bytes: csv() }, { test: { name: 'other.csv', bytes: csv() } }],
    (_, a) => readDataset(...a),
  ),
  'readDataset of files by name': entry(
    () => [{ 'some.libsvm': new TextEncoder().encode('1 1:2 3:4\n2 2:1\n') }, { columns: 4 }],
    (_, a) => readDataset(...a),
  ),
  applyScaler: entry(
    () => [fitScaler('minmax', dense(3, 4)), dense(2, 4)],
    (_, a) => applyScaler(...a),
  ),
  fitScaler: entry(
    () => ['standard' as const, dense(4, 3), Int32Array.of(0, 2, 3)],
    (_, a) => fitScaler(...a),
  ),
  autoSettings: entry(
    () => [dense(4, 3)],
    (_, a) => autoSettings(...a),
  ),
  'fitScaler of a sparse matrix': entry(
    () => ['none' as const, csr(4, 3), Int32Array.of(0, 2, 3)],
    (_, a) => fitScaler(...a),
  ),
  scalerFromJson: entry(
    () => ['{"kind":"minmax","offset":[0,1],"scale":[1,2]}'],
    (_, a) => scalerFromJson(...a),
  ),
  scalerToJson: entry(
    () => [fitScaler('minmax', dense(3, 4))],
    (_, a) => scalerToJson(...a),
  ),
  parseRowRange: entry(
    () => ['2-5', 10],
    (_, a) => parseRowRange(...a),
  ),
  parseSplit: entry(
    () => [split(), 5],
    (_, a) => parseSplit(...a),
  ),
  remainingRows: entry(
    () => [10, Int32Array.of(1, 2)],
    (_, a) => remainingRows(...a),
  ),
  splitRows: entry(
    () => [Int32Array.of(1, 2, 4, 7), 0.5, { seed: 1, labels: [0, 0, 1, 1, 0, 1, 0, 1] }],
    (_, a) => splitRows(...a),
  ),
  kFold: entry(
    () => [8, 2, { seed: 'folds', labels: ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'] }],
    (_, a) => kFold(...a),
  ),
  readTable: entry(
    () => [
      { name: 'some.csv', bytes: csv() },
      { rowNumbers: 'keep' as const, header: true, delimiter: ',' },
    ],
    (_, a) => readTable(...a)?.columns.map((column) => [column.text(0), column.value(1)]),
  ),
  learnColumns: entry(
    () => [tableOf(csv()), { rows: [0, 1], scale: 'minmax' as const, drop: [0] }],
    (_, a) => learnColumns(...a).pipeline.inputNames,
  ),
  takeRows: entry(
    () => [csr(4, 3), Int32Array.of(1, 3, 1)],
    (_, a) => takeRows(...a),
  ),
  'takeRows of arrays': entry(
    () => [rowsOf(dense(4, 3)), [1, 3, 1]],
    (_, a) => takeRows(...a),
  ),
  'applyScaler to bytes': entry(
    () => [fitScaler('minmax', dense(3, 6)), { rows: 40, cols: 6, data: bytes().data }],
    (_, a) => applyScaler(...a),
  ),
  'fitScaler of bytes': entry(
    () => ['standard' as const, bytes()],
    (_, a) => fitScaler(...a),
  ),
  'takeRows of bytes': entry(
    () => [bytes(), [0, 2, 2]],
    (_, a) => takeRows(...a),
  ),
  'applyScaler to arrays': entry(
    () => [fitScaler('minmax', dense(3, 4)), rowsOf(dense(2, 4))],
    (_, a) => applyScaler(...a),
  ),
  'fitScaler of arrays': entry(
    () => ['standard' as const, rowsOf(dense(3, 4)), [0, 2]],
    (_, a) => fitScaler(...a),
  ),
  'takeRows of a dense matrix': entry(
    () => [dense(4, 3), Int32Array.of(1, 3, 1)],
    (_, a) => takeRows(...a),
  ),
  syntheticDataset: entry(
    () => [
      {
        rows: 12,
        informative: 3,
        redundant: 2,
        noise: 2,
        classes: 2,
        clusterSpread: 0.2,
        flip: 0.1,
        seed: 3,
      },
    ],
    (_, a) => syntheticDataset(...a),
  ),
};

let saved: Uint8Array<ArrayBuffer> | undefined;
let kept: Uint8Array<ArrayBuffer> | undefined;

/** Before the first call: a file to load, and a checkpoint. */
export async function prepareCalls(): Promise<void> {
  const model = await SparseMLP.fromWeights(layers());
  saved = model.save();
  await model.fit(x(), y(), { epochs: 1 });
  kept = model.checkpoint();
  model.dispose();
}

function savedCheckpoint(): Uint8Array<ArrayBuffer> {
  if (kept === undefined) throw new Error('prepareCalls() comes first');
  return kept.slice();
}

function savedModel(): Uint8Array<ArrayBuffer> {
  if (saved === undefined) throw new Error('prepareCalls() comes first');
  return saved.slice();
}

function rowsOf({ rows, cols, data }: ReturnType<typeof x>): number[][] {
  return Array.from({ length: rows }, (_, r) => Array.from(data.subarray(r * cols, (r + 1) * cols)));
}
