import { checkBoolean, checkOptions, checkSignal } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import { Network, networkBytes } from '../nn/network.ts';
import { checkThreads, openHost } from '../run/host.ts';
import { checkWorkerSource } from '../run/workerSource.ts';
import { connectionCounts } from '../topology/density.ts';
import type { Topology } from '../topology/topology.ts';
import type { TrainableModel } from '../train/trainableModel.ts';
import { checkDims, checkLayers, checkPatterns } from './architecture.ts';
import { plainUnits } from './chooseUnits.ts';
import { type CoreParts, ModelCore } from './core.ts';
import { metadataWithNames } from './labelNames.ts';
import {
  CREATE_OPTIONS,
  type CreateOptions,
  checkModelOptions,
  MODEL_OPTIONS,
  type ModelOptions,
  type ModelSettings,
} from './options.ts';

/** A layer's weights, `[outDim, inDim]`, and its bias. */
interface LayerParameters {
  readonly weights: CsrMatrix;
  readonly bias: Float32Array;
}

/** What a model runs on, as it was asked for. */
type HostOptions = Pick<ModelOptions, 'threads' | 'worker' | 'signal'>;

function openModelHost({ threads = 1, worker, signal }: HostOptions): ReturnType<typeof openHost> {
  const checked = signal === undefined ? undefined : checkSignal(signal);
  return openHost(checkThreads(threads), checkWorkerSource(worker), checked);
}

/** A new network. @throws CtreError as `SparseMLP.create`. */
export async function buildModel(options: CreateOptions): Promise<ModelCore> {
  const wanted = checkOptions('SparseMLP.create', options, CREATE_OPTIONS);
  const dims = checkDims(wanted.layers);
  const { preset, ...settings } = checkModelOptions(wanted);
  const { activation, topology, initializer, seed } = settings;
  const given = wanted.pattern === undefined ? undefined : checkPatterns(wanted.pattern, dims);
  if (given !== undefined && (wanted.epsilon ?? wanted.density) !== undefined) {
    throw new CtreError('E_ARGUMENT', 'both pattern and a density are given; expected one of them');
  }
  if (given !== undefined && (topology.startsFull || topology.choosesPattern)) {
    throw new CtreError('E_ARGUMENT', `topology ${topology.name} chooses its own pattern; leave pattern out`);
  }
  const counts = given?.map(({ indices }) => indices.length) ?? connectionCounts(dims, wanted);
  const full = counts.map((_, l) => dims[l] * dims[l + 1]);
  const metadata = metadataWithNames(wanted, dims[dims.length - 1]);
  const scaleTargets = checkBoolean('scaleTargets', wanted.scaleTargets ?? true);
  const units = scaleTargets ? undefined : plainUnits(dims[dims.length - 1]);
  const host = await openModelHost(wanted);
  return buildCore({ preset, host, metadata }, () => {
    host.engine.arena.checkRoom(networkBytes(dims, topology.startsFull ? full : counts), 'this network');
    const starts = initTopology(topology, dims, counts, seed);
    const patterns = starts.map(({ pattern }, l) => given?.[l] ?? pattern);
    const network = new Network(host.engine, patterns, activation);
    try {
      for (const layer of network.layers) {
        layer.drawWeights(initializer, randomStream(seed, `weights/${layer.index}`));
      }
    } catch (error) {
      network.free();
      throw error;
    }
    const states = starts.map(({ state }) => state);
    return { ...settings, units, network, states, epochs: 0, hasStarted: given !== undefined };
  });
}

/** A network of given weights. @throws CtreError as `SparseMLP.fromWeights`. */
export async function modelFromWeights(
  layers: readonly { readonly weights: CsrMatrix; readonly bias: ArrayLike<number> }[],
  options: ModelOptions,
): Promise<ModelCore> {
  const wanted = checkOptions('SparseMLP.fromWeights', options, MODEL_OPTIONS);
  const settings = checkModelOptions(wanted);
  const checked = checkLayers(layers);
  const outputs = checked[checked.length - 1].weights.rows;
  const metadata = metadataWithNames(wanted, outputs);
  // These weights answer in the targets' own units.
  const units = plainUnits(outputs);
  const { threads, worker, signal } = wanted;
  return assembleModel(checked, settings, { epochs: 0, units, metadata, threads, worker, signal });
}

/** A model of checked weights. */
export async function assembleModel(
  layers: readonly LayerParameters[],
  { preset, ...settings }: ModelSettings,
  {
    epochs,
    units,
    threads,
    worker,
    signal,
    ...parts
  }: Pick<TrainableModel, 'epochs' | 'units'> & HostOptions & Pick<CoreParts, 'metadata' | 'missing'>,
): Promise<ModelCore> {
  const host = await openModelHost({ threads, worker, signal });
  return buildCore({ preset, host, ...parts }, () => {
    const dims = [layers[0].weights.cols, ...layers.map(({ weights }) => weights.rows)];
    // The connections are given, so none is left to choose. A method that moves none has no state either.
    const none = layers.map(() => 0);
    const states =
      settings.topology.evolve === undefined
        ? layers.map(() => null)
        : initTopology(settings.topology, dims, none, settings.seed).map(({ state }) => state);
    const network = new Network(
      host.engine,
      layers.map(({ weights }) => weights),
      settings.activation,
    );
    network.layers.forEach((layer, l) => {
      layer.values.view.set(layers[l].weights.values);
      layer.bias.view.set(layers[l].bias);
    });
    return { ...settings, units, network, states, epochs, hasStarted: true };
  });
}

type NewModel = Omit<
  TrainableModel,
  'executor' | 'history' | 'isMidEpoch' | 'lastReached' | 'best' | 'isRestored'
>;

/** A model that has not been trained; its host is closed again when the network cannot be made. */
function buildCore(parts: CoreParts, makeModel: () => NewModel): ModelCore {
  try {
    const model: TrainableModel = {
      ...makeModel(),
      executor: parts.host.executor,
      history: [],
      isMidEpoch: false,
      lastReached: undefined,
      best: undefined,
      isRestored: false,
    };
    return new ModelCore(model, parts);
  } catch (error) {
    parts.host.close();
    throw error;
  }
}

/** Every layer's first pattern and the method's state of it. */
function initTopology(
  topology: Topology,
  dims: readonly number[],
  counts: readonly number[],
  seed: number | string,
): { pattern: CsrPattern; state: unknown }[] {
  return counts.map((nnz, index) => {
    const shape: LayerShape = { index, inDim: dims[index], outDim: dims[index + 1], nnz };
    return topology.init(shape, randomStream(seed, `init/${index}`));
  });
}
