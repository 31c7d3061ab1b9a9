/**
 * Truly sparse networks: models, topology methods, optimisers, schedules, activations, initialisers, and
 * sparse matrices.
 * @module ctre
 */

export { initTraining as init, initTrainingSync as initSync } from './engine/training.ts';

// The kernels come before all other code; engine/engine.ts says why.
import { activations } from './nn/activation.ts';
import { glorot, sparseHe, uniform, zeros } from './nn/initializer.ts';
import { losses } from './nn/losses.ts';
import { adam, adamW, sgd } from './nn/optimizer.ts';
import { constant, cosine, linear, step } from './nn/schedule.ts';

export type { Bounds } from './base/checks.ts';
export { CtreError, type ErrorCode } from './base/errors.ts';
export type { BlobObject, FetchResponse, StopSignal, UrlObject, WasmModule } from './base/hostTypes.ts';
export type { Random } from './base/random.ts';
export type { Kernels, MatrixKernels, TrainingKernels } from './engine/abi.ts';
export type { EngineInfo, WasmBytes, WasmSource } from './engine/source.ts';
export type { ByteMatrix } from './matrix/byteMatrix.ts';
export type { CsrParts } from './matrix/canonical.ts';
export { CsrMatrix } from './matrix/csrMatrix.ts';
export type { DenseMatrix } from './matrix/denseMatrix.ts';
export type { IndexList } from './matrix/indexList.ts';
export type { CsrPattern, Positions } from './matrix/pattern.ts';
export type { ListMatrix, RowArrays, SampleMatrix } from './matrix/samples.ts';
export type { ClassificationMetrics } from './metrics/classification.ts';
export type { ClassScore, Label, PrecisionRecall } from './metrics/classScore.ts';
export type { ModelMetrics } from './metrics/modelMetrics.ts';
export type { LabelScore, MultilabelMetrics } from './metrics/multilabel.ts';
export type { NumberScore, RegressionMetrics } from './metrics/regression.ts';
export { type AutoSettings, autoSettings } from './model/autoSettings.ts';
export type { EpochListener, History } from './model/fit.ts';
export type { ImportanceKind, ImportanceOptions } from './model/inputImportance.ts';
export type { Row, Samples } from './model/inputs.ts';
export type { LikelyLabel } from './model/labelledAnswers.ts';
export type { LayerView } from './model/layerView.ts';
export type { LoadModelOptions, LoadOptions, ModelFile, ResumeOptions } from './model/load.ts';
export type { ModelPipeline, RawSamples } from './model/modelPipeline.ts';
export type {
  AddOutputsOptions,
  CreateOptions,
  ModelOptions,
  PartialFitOptions,
  Piece,
  PieceSchedule,
  Pieces,
  PieceTrainOptions,
  TrainOptions,
} from './model/options.ts';
export type { PresetName } from './model/presets.ts';
export { SparseMLP } from './model/sparseMlp.ts';
export type { Labels, Targets } from './model/targets.ts';
export type { Activation, SlopeOptions } from './nn/activation.ts';
export type { Initializer } from './nn/initializer.ts';
export type { LayerShape } from './nn/layerShape.ts';
export type { Loss, LossTiles, MonitorName, Score, TargetKind } from './nn/loss.ts';
export type { InputNoise } from './nn/noise.ts';
export type { AdamOptions, Optimizer, OptimizerOptions } from './nn/optimizer.ts';
export type { TileRows } from './nn/rows.ts';
export type {
  DecayScheduleOptions,
  Schedule,
  ScheduleOptions,
  StepScheduleOptions,
} from './nn/schedule.ts';
export type { TargetUnits } from './nn/targetUnits.ts';
export type { MethodByUrl, WithMethodByUrl } from './remote/methodByUrl.ts';
export {
  type HandOver,
  type Waiting,
  WorkerModel,
  type WorkerPieceTrainOptions,
  type WorkerTrainOptions,
} from './remote/workerModel.ts';
export type { WorkerPipeline } from './remote/workerPipeline.ts';
export type { Work } from './run/turns.ts';
export type { StartedWorker, WorkerSource } from './run/workerSource.ts';
export type { CosineOptions } from './topology/cosineOptions.ts';
export type { CosineThenGradientOptions } from './topology/cosineThenGradient.ts';
export type { DensityOptions } from './topology/density.ts';
export type { EditCounts, LayerEdit } from './topology/edit.ts';
export type { Method, MethodOption, MethodPreset, OwnMethod } from './topology/method.ts';
export type { ChtsOptions } from './topology/methods/chts.ts';
export type { CtreSeqOptions, SeqState } from './topology/methods/ctreSeq.ts';
export type { GseOptions } from './topology/methods/gse.ts';
export type { MestOptions, MestState } from './topology/methods/mest.ts';
export type { MomentumOptions } from './topology/methods/momentum.ts';
export type { GradualPruningOptions, PruneState } from './topology/methods/prune.ts';
export type { RiglOptions } from './topology/methods/rigl.ts';
export type { SetOptions } from './topology/methods/set.ts';
export type { SnipOptions } from './topology/methods/snip.ts';
export { type MethodName, methods, topology } from './topology/methods.ts';
export type { PruneOptions, UpdateOptions } from './topology/pruneOptions.ts';
export type { SearchOptions } from './topology/searchOptions.ts';
export type {
  CarryingLayer,
  Edit,
  Evolved,
  EvolvingLayer,
  EvolvingNetwork,
  GrowthTools,
  Likelihood,
  NeuronSums,
  Neurons,
  Progress,
  RowSample,
  ScoreKind,
  StartTools,
  Topology,
  Wanted,
} from './topology/topology.ts';
export type { Epoch, Evolution, GrowthEffort, Metrics } from './train/epoch.ts';

/** What hidden layers make of their sums. */
export const activation = Object.freeze({
  relu: activations.relu,
  leakyRelu: activations['leaky-relu'],
  allRelu: activations['all-relu'],
  linear: activations.linear,
});

/** How weights are drawn. */
export const initializer = Object.freeze({ glorot, sparseHe, uniform, zeros });

/** What a network learns to make small. */
export const loss = Object.freeze({
  crossEntropy: losses['cross-entropy'],
  binaryCrossEntropy: losses['binary-cross-entropy'],
  meanSquared: losses['mean-squared'],
  huber: losses.huber,
});

/** How a step changes the weights. */
export const optimizer = Object.freeze({ adam, adamW, sgd });

/** How the learning rate changes from step to step. */
export const schedule = Object.freeze({ constant, cosine, linear, step });
