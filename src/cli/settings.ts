import { CtreError } from '../base/errors.ts';
import type {
  CreateOptions,
  DensityOptions,
  Initializer,
  Optimizer,
  Topology,
  TrainOptions,
} from '../index.ts';
import { PRESET_NAMES, type PresetName, presets } from '../model/presets.ts';
import { initializerByName, initializers } from '../nn/initializer.ts';
import { optimizerByName, optimizers } from '../nn/optimizer.ts';
import { METHOD_NAMES, topologyByName } from '../topology/methods.ts';
import type { Arguments, OptionHelp } from './args.ts';
import {
  describeMethods,
  growInitializersByMethod,
  methodOptions,
  readMethodFlags,
} from './methodOptions.ts';

const OPTIMIZERS = Object.keys(optimizers) as (keyof typeof optimizers)[];
const INITIALIZERS = Object.keys(initializers) as (keyof typeof initializers)[];
/** A network whose weights are all 0 never learns. */
const FIRST_INITIALIZERS = INITIALIZERS.filter((name) => name !== 'zeros');

/** Options that say what is trained. */
export const NETWORK_OPTIONS = {
  preset: {
    value: 'name',
    help: `what is not given otherwise: ${PRESET_NAMES.join(', ')} (default)\npaper: the published settings of CTRE`,
  },
  method: {
    value: 'name',
    help: `how connections move (${presets.default.topology().name}; paper: ${presets.paper.topology().name}):\n${describeMethods()}`,
  },
  hidden: {
    value: 'n,n,…',
    help: 'neurons of the hidden layers, or none\n(1000,1000,1000; without a dataset 200,200,200)',
  },
  epsilon: { value: 'e', help: 'density of a layer: e · (in + out) / (in · out) (1)' },
  density: { value: 'd', help: 'share of connections instead: one for the network, or d,d,… by layer' },
  distribution: { value: 'kind', help: 'how --density is spread over the layers: er, erk or uniform (er)' },
  ...methodOptions,
  initializer: {
    value: 'name',
    help: `first weights: ${FIRST_INITIALIZERS.join(', ')}\n(sparse-he; paper: glorot)`,
  },
  'first-gain': { value: 'g', help: 'sparse-he: factor of the first layer' },
  gain: { value: 'g', help: 'sparse-he: factor of the other layers' },
  'grow-initializer': {
    value: 'name',
    help: `weights of new connections: ${INITIALIZERS.join(', ')}\n(uniform; ${growInitializersByMethod()})`,
  },
  seed: { value: 'n', help: 'decides everything random (0)' },
} as const satisfies Record<string, OptionHelp>;

/** Options that say how it is trained. */
export const TRAINING_OPTIONS = {
  epochs: { value: 'n', help: 'passes over the training rows (100)' },
  'batch-size': { value: 'n', help: 'rows a step (100)' },
  optimizer: { value: 'name', help: 'sgd (Nesterov) or adam (adam; paper: sgd)' },
  lr: { value: 'r', help: 'learning rate (sgd 0.01, adam 0.001)' },
  momentum: { value: 'm', help: 'of sgd (0.9)' },
  'weight-decay': { value: 'd', help: 'L2 penalty of the weights (sgd 1e-4, adam 0)' },
  threads: { value: 'n', help: 'threads to work with, or auto; the result is the same (1)' },
  patience: { value: 'n', help: 'stop after n epochs without better validation accuracy (never)' },
} as const satisfies Record<string, OptionHelp>;

type SettingName = keyof typeof NETWORK_OPTIONS | keyof typeof TRAINING_OPTIONS;

/** What the options ask for, checked as far as that goes without the data. */
export interface Settings {
  readonly preset: PresetName;
  readonly hidden: readonly number[];
  readonly density: DensityOptions;
  readonly topology: Topology;
  readonly initializer: Initializer;
  readonly growInitializer: CreateOptions['growInitializer'];
  readonly seed: number;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly batchSize: number;
  readonly patience: TrainOptions['patience'];
  readonly threads: number | 'auto';
}

/** @throws CtreError `E_ARGUMENT` for an option out of its range, or options that contradict each other. */
export function readSettings(
  args: Arguments<SettingName>,
  defaults: { readonly hidden: readonly number[] },
): Settings {
  const grow = args.choice('grow-initializer', INITIALIZERS);
  const preset = args.choice('preset', PRESET_NAMES) ?? 'default';
  return {
    preset,
    hidden: args.text('hidden') === 'none' ? [] : (args.integers('hidden', { least: 1 }) ?? defaults.hidden),
    density: readDensity(args),
    topology: readTopology(args, preset),
    initializer: readInitializer(args, preset),
    growInitializer: grow && initializerByName(grow),
    seed: args.integer('seed', { least: 0 }) ?? 0,
    optimizer: readOptimizer(args, preset),
    epochs: args.integer('epochs', { least: 1 }) ?? 100,
    batchSize: args.integer('batch-size', { least: 1 }) ?? 100,
    patience: args.integer('patience', { least: 1 }),
    threads:
      args.text('threads') === 'auto' ? 'auto' : (args.integer('threads', { least: 1, most: 64 }) ?? 1),
  };
}

function readDensity(args: Arguments<SettingName>): DensityOptions {
  args.exclude('epsilon', 'density');
  const densities = args.numbers('density', { least: 0, most: 1 });
  const distribution = args.choice('distribution', ['er', 'erk', 'uniform']);
  if (densities === undefined) {
    if (distribution === undefined) return { epsilon: args.number('epsilon', { least: 0 }) ?? 1 };
    throw new CtreError('E_ARGUMENT', '--distribution spreads an overall density; give --density as well');
  }
  if (densities.length === 1) return { density: densities[0], distribution };
  if (distribution === undefined) return { density: densities };
  throw new CtreError('E_ARGUMENT', '--distribution spreads one density, and --density gives one by layer');
}

function readTopology(args: Arguments<SettingName>, preset: PresetName): Topology {
  const usual = presets[preset].topology();
  const method = args.choice('method', METHOD_NAMES) ?? usual.name;
  return topologyByName(method, {
    ...(method === usual.name && usual.options),
    ...readMethodFlags(args, method),
  });
}

function readInitializer(args: Arguments<SettingName>, preset: PresetName): Initializer {
  const usual = presets[preset].initializer();
  const name = args.choice('initializer', FIRST_INITIALIZERS) ?? usual.name;
  const firstGain = args.number('first-gain', { least: 0 });
  const gain = args.number('gain', { least: 0 });
  if (name === 'sparse-he') return initializerByName(name, { firstGain, gain });
  if ((firstGain ?? gain) === undefined) return initializerByName(name);
  throw new CtreError('E_ARGUMENT', `--first-gain and --gain are for sparse-he; --initializer is ${name}`);
}

function readOptimizer(args: Arguments<SettingName>, preset: PresetName): Optimizer {
  const usual = presets[preset].optimizer();
  const name = args.choice('optimizer', OPTIMIZERS) ?? usual.name;
  if (name !== 'sgd' && args.has('momentum')) {
    throw new CtreError('E_ARGUMENT', `--momentum is for sgd; the optimizer is ${name}`);
  }
  const given = Object.entries({
    learningRate: args.number('lr', { least: 0 }),
    weightDecay: args.number('weight-decay', { least: 0 }),
    momentum: args.number('momentum', { least: 0, below: 1 }),
  }).filter(([, value]) => value !== undefined);
  return optimizerByName(name, { ...(name === usual.name && usual.options), ...Object.fromEntries(given) });
}
