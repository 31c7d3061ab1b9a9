import { bytesIn } from '../base/arrays.ts';
import { blobBytes, isBlob } from '../base/blob.ts';
import { checkBoolean, checkInteger, checkOptions } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import type { BlobObject } from '../base/hostTypes.ts';
import { decodeCheckpoint, type SavedBest, type SavedTraining } from '../files/checkpointFile.ts';
import { decodeModel, type SavedModel } from '../files/modelFile.ts';
import type { Loss } from '../nn/loss.ts';
import { crossEntropy } from '../nn/losses/crossEntropy.ts';
import { type Optimizer, optimizers } from '../nn/optimizer.ts';
import { epochFromJson, standingOf } from '../train/epoch.ts';
import type { BestNetwork } from '../train/networkCopy.ts';
import { checkLayers } from './architecture.ts';
import { assembleModel } from './build.ts';
import type { ModelCore } from './core.ts';
import type { ModelPipeline } from './modelPipeline.ts';
import type { ModelOptions } from './options.ts';
import { type OwnParts, restoreOptimizer, restoreSettings } from './savedParts.ts';

/** A model's file: its bytes, or a Blob or File, which is read then. */
export type ModelFile = Uint8Array | ArrayBuffer | BlobObject;

/** How to load a model. */
export interface LoadOptions extends Pick<ModelOptions, 'threads' | 'worker' | 'signal'> {
  /** Bytes that loading may take besides those of the file. Default 4 × these + 64 MiB. */
  readonly maxBytes?: number;
  /**
   * Rows come as the network takes them, scaled and encoded. Without it a model whose file says how rows are
   * prepared refuses rows, but to its `pipeline`: it cannot tell prepared rows from others. Default: false.
   */
  readonly prepared?: boolean;
}

/** Options of `SparseMLP.load`. */
export interface LoadModelOptions extends LoadOptions, OwnParts {}

/** Options of `SparseMLP.resume`. */
export interface ResumeOptions extends Omit<LoadModelOptions, 'prepared'> {
  /** The training's optimiser, where it is one of one's own; the next training has it by default. */
  readonly optimizer?: Optimizer;
}

/** The names of LoadOptions. */
export const LOAD_OPTIONS = ['threads', 'worker', 'signal', 'maxBytes', 'prepared'] as const;

const LOAD_MODEL_OPTIONS = [...LOAD_OPTIONS, 'topology', 'initializer', 'growInitializer'] as const;

const RESUME_OPTIONS = [...LOAD_MODEL_OPTIONS, 'optimizer'].filter((name) => name !== 'prepared');

/** A model, and how its rows are prepared. */
export interface LoadedModel {
  readonly core: ModelCore;
  readonly pipeline: ModelPipeline | undefined;
}

/** The model of a file. @throws CtreError as `SparseMLP.load`. */
export async function loadModel(bytes: unknown, options: LoadModelOptions): Promise<LoadedModel> {
  const wanted = checkOptions('SparseMLP.load', options, LOAD_MODEL_OPTIONS);
  const { threads, worker, signal, maxBytes, prepared = false, ...own } = wanted;
  const isPrepared = checkBoolean('prepared', prepared);
  const file = isBlob(bytes) ? await blobBytes('bytes', bytes) : bytes;
  const core = await restoreModel(decodeModel(...checkFile(file, maxBytes)), own, {
    threads,
    worker,
    signal,
  });
  try {
    const pipeline = await openPipeline(core);
    if (pipeline?.changesRows === true && !isPrepared) core.preparedRows = new WeakSet();
    return { core, pipeline };
  } catch (error) {
    core.dispose();
    throw error;
  }
}

/** What a model's file says of its rows. Few files do, so pages need not load what reads it. */
async function openPipeline(core: ModelCore): Promise<ModelPipeline | undefined> {
  const { pipeline, scaler } = core.metadata;
  if (pipeline === undefined && typeof scaler !== 'string') return undefined;
  const { pipelineOf } = await import('./modelPipeline.ts');
  return pipelineOf(core);
}

/** The model of a checkpoint. @throws CtreError as `SparseMLP.resume`. */
export async function resumeModel(bytes: unknown, options: ResumeOptions): Promise<ModelCore> {
  const wanted = checkOptions('SparseMLP.resume', options, RESUME_OPTIONS);
  const { threads, worker, signal, maxBytes, optimizer: ownOptimizer, ...own } = wanted;
  const file = isBlob(bytes) ? await blobBytes('bytes', bytes) : bytes;
  const { model: saved, training } = decodeCheckpoint(...checkFile(file, maxBytes));
  const optimizer = restoreOptimizer(training.optimizer, training.slots[0].weights.length, ownOptimizer);
  const core = await restoreModel(saved, own, { threads, worker, signal });
  try {
    const model = core.alive;
    const best = training.best && bestNetworkOf(training.best, training, model.loss);
    const { restore = (state: unknown) => state } = model.topology;
    model.states = training.states.map((state) => restore(state));
    model.network.restoreOptimizer(optimizer, training.steps, training.slots);
    model.history = training.epochs.map(epochFromJson);
    model.lastReached = training.due?.accuracy;
    model.best = best && { ...best, states: best.states.map((state) => restore(state)) };
    model.isRestored = training.restored;
    const isStandIn = ownOptimizer === undefined && !Object.hasOwn(optimizers, optimizer.name);
    core.lastTraining = { conditions: training.conditions, optimizer, isStandIn };
    core.piecePosition = training.pieces;
    // Pieces go on by themselves.
    if (training.pieces !== undefined) return core;
    core.resumed = {
      epochs: model.history,
      best: model.best,
      isRestored: model.isRestored,
      restoreBest: training.conditions.restoreBest === true,
      optimizer: ownOptimizer && optimizer,
    };
    return core;
  } catch (error) {
    core.dispose();
    throw error;
  }
}

async function restoreModel(
  { layers, settings: saved, metadata }: SavedModel,
  own: OwnParts,
  { threads, worker, signal }: Pick<ModelOptions, 'threads' | 'worker' | 'signal'>,
): Promise<ModelCore> {
  // What checking copies is left behind here.
  const checked = checkLayers(layers);
  const { settings, missing } = restoreSettings(saved, own);
  return assembleModel(checked, settings, {
    epochs: saved.epochs,
    units: saved.units,
    metadata,
    missing,
    threads,
    worker,
    signal,
  });
}

/** @throws CtreError as `checkLayers`. */
function bestNetworkOf(
  { layers, states, steps, slots }: SavedBest,
  { epochs, conditions }: SavedTraining,
  loss: Loss = crossEntropy(),
): BestNetwork {
  const epoch = epochs.findLast(({ best }) => best);
  const monitor = loss.monitors.find((name) => name === conditions.monitor) ?? loss.monitor;
  return {
    layers: checkLayers(layers).map(({ weights: { rows, cols, indptr, indices, values }, bias }, l) => ({
      // A layer with every connection keeps no pattern.
      pattern: indices.length === rows * cols ? undefined : { rows, cols, indptr, indices },
      values,
      bias,
      slots: slots[l],
    })),
    steps,
    states,
    reached: standingOf(epochFromJson(epoch ?? {}), monitor).reached,
  };
}

function checkFile(bytes: unknown, maxBytes: number | undefined): [Uint8Array, number | undefined] {
  const file = bytesIn(bytes);
  if (file === undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      `bytes is ${show(bytes)}; expected a Uint8Array, an ArrayBuffer or a Blob`,
    );
  }
  return [file, maxBytes === undefined ? undefined : checkInteger('maxBytes', maxBytes, { least: 1 })];
}
