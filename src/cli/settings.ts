import { checkChoice } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import type {
  Activation,
  CreateOptions,
  DensityOptions,
  Initializer,
  Loss,
  Optimizer,
  Schedule,
  Topology,
  TrainOptions,
} from '../index.ts';
import type { AutoSettings } from '../model/autoSettings.ts';
import { PRESET_NAMES, type PresetName, presets } from '../model/presets.ts';
import { activationByName, activations } from '../nn/activation.ts';
import { initializerByName, initializers } from '../nn/initializer.ts';
import { MONITOR_NAMES } from '../nn/loss.ts';
import { lossByName, losses } from '../nn/losses.ts';
import { optimizerByName, optimizers } from '../nn/optimizer.ts';
import { scheduleByName, schedules } from '../nn/schedule.ts';
import { METHOD_PRESETS } from '../topology/method.ts';
import { METHOD_NAMES, type MethodName, methods, topologyByName } from '../topology/methods.ts';
import type { Options, Values } from './args.ts';
import { createLoaded, type LoadedMethod } from './methodModules.ts';
import {
  describeMethods,
  growInitializersByMethod,
  methodOptions,
  readMethodFlags,
} from './methodOptions.ts';
import { AUTO, choice, given, integer, json, list, noise, number, orWord, text } from './options.ts';
import { KERNEL_OPTIONS } from './startKernels.ts';

const OPTIMIZERS = Object.keys(optimizers) as (keyof typeof optimizers)[];
const SCHEDULES = Object.keys(schedules) as (keyof typeof schedules)[];
const ACTIVATION_NAMES = Object.keys(activations) as (keyof typeof activations)[];
const INITIALIZERS = Object.keys(initializers) as (keyof typeof initializers)[];
/** A network whose weights are all 0 never learns. */
const FIRST_INITIALIZERS = INITIALIZERS.filter((name) => name !== 'zeros');

/** Options that say what is trained. */
export const NETWORK_OPTIONS = {
  preset: choice(
    'name',
    PRESET_NAMES,
    `what holds where nothing else is given: ${PRESET_NAMES.join(', ')} (default)\n` +
      'paper: the published settings of CTRE',
  ),
  // Which names there are is known when the modules are loaded.
  method: text(
    'name',
    `how connections move (${presets.default.topology().name}; paper: ` +
      `${presets.paper.topology().name}):\n${describeMethods()}`,
  ),
  hidden: orWord(
    AUTO,
    orWord(
      'none',
      list(integer('n,n,…', { least: 1 }, 'neurons of the hidden layers, none, or auto (auto)')),
    ),
  ),
  activation: choice(
    'name',
    ACTIVATION_NAMES,
    `what hidden layers make of their sums:\n${ACTIVATION_NAMES.join(', ')} (relu)`,
  ),
  slope: number(
    's',
    { least: 0, most: 1 },
    'leaky-relu, all-relu: factor of sums below 0;\nall-relu turns its sign in every second layer (0.01; ' +
      'all-relu 0.6)',
  ),
  epsilon: orWord(
    AUTO,
    number('e', { least: 0 }, 'density of a layer: e · (in + out) / (in · out), or auto (auto)'),
  ),
  density: list(
    number(
      'd',
      { least: 0, most: 1 },
      'share of connections instead: one for the network, or d,d,… by layer',
    ),
  ),
  distribution: choice(
    'kind',
    ['er', 'erk', 'uniform'],
    'how --density is spread over the layers: er, erk or uniform (er)',
  ),
  ...methodOptions,
  'method-preset': choice(
    'name',
    METHOD_PRESETS,
    'for options of methods: default, or published with the method (default)',
  ),
  'method-module': list(
    text('file.mjs', 'a method of your own; its file exports { name, create } by default'),
  ),
  'method-options': json('json', 'options of the method of --method-module: \'{"k": 3}\''),
  initializer: choice(
    'name',
    FIRST_INITIALIZERS,
    `first weights: ${FIRST_INITIALIZERS.join(', ')}\n(sparse-he; paper: glorot)`,
  ),
  'first-gain': number('g', { least: 0 }, 'sparse-he: factor of the first layer'),
  gain: number('g', { least: 0 }, 'sparse-he: factor of the other layers'),
  'grow-initializer': choice(
    'name',
    INITIALIZERS,
    `weights of new connections: ${INITIALIZERS.join(', ')}\n(uniform)\n${growInitializersByMethod()}`,
  ),
  seed: integer('n', { least: 0 }, 'decides everything random (0)'),
} as const satisfies Options;

const LOSSES = Object.keys(losses) as (keyof typeof losses)[];

/** What a network learns. */
export const LOSS_OPTIONS = {
  loss: choice(
    'name',
    LOSSES,
    'what is learnt: classes (cross-entropy), several labels a row\n(binary-cross-entropy), numbers ' +
      '(mean-squared, huber)\n(cross-entropy; mean-squared where labels have fractions)',
  ),
} as const satisfies Options;

/** Options that say how it is trained. */
export const TRAINING_OPTIONS = {
  epochs: orWord(AUTO, integer('n', { least: 1 }, 'passes over the training rows, or auto (auto)')),
  'batch-size': orWord(AUTO, integer('n', { least: 1 }, 'rows a step, or auto (auto)')),
  optimizer: choice('name', OPTIMIZERS, 'sgd (Nesterov), adam or adamw (adam; paper: sgd)'),
  lr: number('r', { least: 0 }, 'learning rate (sgd 0.01, adam and adamw 0.001)'),
  momentum: number('m', { least: 0, below: 1 }, 'of sgd (0.9)'),
  'weight-decay': number(
    'd',
    { least: 0 },
    'L2 penalty of the weights; adamw: decoupled decay\n(sgd 1e-4, adam 0, adamw 0.01)',
  ),
  schedule: choice(
    'name',
    [AUTO, ...SCHEDULES],
    `how the learning rate goes: ${SCHEDULES.join(', ')} or auto\n(auto)`,
  ),
  warmup: number('n', { least: 0 }, 'steps of growing learning rate at the start; below 1: share of all (0)'),
  'step-size': number('n', { least: 0 }, 'step: steps between two falls; below 1: share of all (0.25)'),
  gamma: number('g', { least: 0, most: 1 }, 'step: factor of a fall (0.1)'),
  'end-factor': number('f', { least: 0, most: 1 }, 'cosine, linear: factor at the end (0)'),
  'clip-norm': number(
    'c',
    { least: 0, above: 0 },
    'scale down gradients whose norm over the network is larger (never)',
  ),
  threads: orWord(
    'auto',
    integer('n', { least: 1, most: 64 }, 'threads to work with, or auto; the result is the same (1)'),
  ),
  ...KERNEL_OPTIONS,
  'class-weight': orWord(
    'balanced',
    list(
      number(
        'w,w,…',
        { least: 0 },
        'what rows of each class count in the loss, or balanced:\n' +
          'every class as much as any other (1 for each)',
      ),
    ),
  ),
  monitor: choice(
    'name',
    MONITOR_NAMES,
    'what the best epoch on validation is chosen by:\naccuracy or loss (accuracy); numbers: rmse, mae, r2 ' +
      'or ' +
      'loss (loss);\nseveral labels: macroF1, accuracy or loss (macroF1)',
  ),
  denoise: noise('noise on the inputs of every step: gaussian:0.2 or mask:0.2 (none)'),
  patience: integer('n', { least: 1 }, 'stop after n epochs none of which was the best so far (never)'),
} as const satisfies Options;

/** Options of these that exclude each other. */
export const NETWORK_EXCLUSIVE = [['epsilon', 'density']] as const;

type SettingValues = Values<typeof NETWORK_OPTIONS & typeof LOSS_OPTIONS & typeof TRAINING_OPTIONS>;

/** What the options ask for, checked as far as that goes without the data. */
export interface TrainingSettings {
  readonly preset: PresetName;
  /** Undefined where the command does not say: classes are told apart then. */
  readonly loss: Loss | undefined;
  readonly hidden: readonly number[];
  readonly activation: Activation;
  readonly density: DensityOptions;
  readonly topology: Topology;
  /** The topology's module, where it is a method of one's own. */
  readonly module: LoadedMethod | undefined;
  readonly initializer: Initializer;
  readonly growInitializer: CreateOptions['growInitializer'];
  readonly seed: number;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly clipNorm: TrainOptions['clipNorm'];
  readonly denoise: TrainOptions['denoise'];
  readonly epochs: number;
  readonly batchSize: number;
  readonly classWeight: 'balanced' | readonly number[] | undefined;
  readonly monitor: TrainOptions['monitor'];
  readonly patience: TrainOptions['patience'];
  readonly threads: number | 'auto';
}

/**
 * @param auto what the shape of the training rows decides, where nothing is given.
 * @param modules the methods of one's own.
 * @throws CtreError `E_ARGUMENT` for options that contradict each other.
 */
export function readSettings(
  values: SettingValues,
  auto: AutoSettings,
  modules: readonly LoadedMethod[],
): TrainingSettings {
  const { preset = 'default', growInitializer } = values;
  const hidden = given(values.hidden) ?? auto.hidden;
  return {
    preset,
    loss: chooseLoss(values),
    hidden: hidden === 'none' ? [] : hidden,
    activation: readActivation(values),
    density: readDensity(values, auto),
    ...readTopology(values, preset, modules),
    initializer: readInitializer(values, preset),
    growInitializer: growInitializer && initializerByName(growInitializer),
    seed: values.seed ?? 0,
    optimizer: readOptimizer(values, preset),
    schedule: readSchedule(values, auto),
    clipNorm: values.clipNorm,
    denoise: values.denoise,
    epochs: given(values.epochs) ?? auto.epochs,
    batchSize: given(values.batchSize) ?? auto.batchSize,
    classWeight: values.classWeight,
    monitor: values.monitor,
    patience: values.patience,
    threads: values.threads ?? 1,
  };
}

/** @throws CtreError `E_ARGUMENT` for a monitor that the loss does not have. */
function chooseLoss({ loss: name, monitor }: SettingValues): Loss | undefined {
  const loss = name && lossByName(name);
  const { monitors } = loss ?? lossByName('cross-entropy');
  if (monitor !== undefined) checkChoice('--monitor', monitor, monitors);
  return loss;
}

function readActivation({ activation: name = 'relu', slope }: SettingValues): Activation {
  const usual = activationByName(name);
  if (slope === undefined) return usual;
  if ('slope' in usual.options) return activationByName(name, { slope });
  throw new CtreError(
    'E_ARGUMENT',
    `--slope is for leaky-relu and all-relu; the activation is ${name}, which has none to choose`,
  );
}

function readDensity({ density, distribution, epsilon }: SettingValues, auto: AutoSettings): DensityOptions {
  if (density === undefined) {
    if (distribution === undefined) return { epsilon: given(epsilon) ?? auto.epsilon };
    throw new CtreError('E_ARGUMENT', '--distribution spreads an overall density; give --density as well');
  }
  if (density.length === 1) return { density: density[0], distribution };
  if (distribution === undefined) return { density };
  throw new CtreError('E_ARGUMENT', '--distribution spreads one density, and --density gives one by layer');
}

function readTopology(
  values: SettingValues,
  preset: PresetName,
  modules: readonly LoadedMethod[],
): Pick<TrainingSettings, 'topology' | 'module'> {
  const usual = presets[preset].topology();
  const { methodPreset } = values;
  const name = values.method ?? onlyName(modules) ?? usual.name;
  const module = modules.find(({ method }) => method.name === name);
  if (module === undefined) {
    const known = checkChoice('--method', name, [
      ...METHOD_NAMES,
      ...modules.map(({ method }) => method.name),
    ]);
    const topology = topologyByName(known, {
      // A preset's options are all filled in.
      ...(known === usual.name && methodPreset === undefined && usual.options),
      ...readMethodFlags(values, methods[known as MethodName]),
      ...(methodPreset && { preset: methodPreset }),
    });
    return { topology, module };
  }
  const topology = createLoaded(module, {
    ...readMethodFlags(values, module.method),
    // What is published nowhere need know nothing of presets.
    ...(methodPreset && module.method.published && { preset: methodPreset }),
    ...values.methodOptions,
  });
  return { topology, module };
}

/** The method that modules are given for. */
function onlyName(modules: readonly LoadedMethod[]): string | undefined {
  if (modules.length < 2) return modules[0]?.method.name;
  const names = modules.map(({ method }) => method.name).join(', ');
  throw new CtreError('E_ARGUMENT', `--method-module gives several methods; choose with --method: ${names}`);
}

function readInitializer(values: SettingValues, preset: PresetName): Initializer {
  const { firstGain, gain } = values;
  const name = values.initializer ?? presets[preset].initializer().name;
  if (name === 'sparse-he') return initializerByName(name, { firstGain, gain });
  if ((firstGain ?? gain) === undefined) return initializerByName(name);
  throw new CtreError('E_ARGUMENT', `--first-gain and --gain are for sparse-he; --initializer is ${name}`);
}

function readOptimizer(values: SettingValues, preset: PresetName): Optimizer {
  const usual = presets[preset].optimizer();
  const name = values.optimizer ?? usual.name;
  const { lr: learningRate, weightDecay, momentum } = values;
  if (name !== 'sgd' && momentum !== undefined) {
    throw new CtreError('E_ARGUMENT', `--momentum is for sgd; the optimizer is ${name}`);
  }
  const rates = Object.entries({ learningRate, weightDecay, momentum });
  return optimizerByName(name, {
    ...(name === usual.name && usual.options),
    ...Object.fromEntries(rates.filter(([, value]) => value !== undefined)),
  });
}

/** The schedules that take the options that not all of them take, by the options' names in code. */
const SCHEDULE_FLAGS = {
  stepSize: ['--step-size', 'step'],
  gamma: ['--gamma', 'step'],
  endFactor: ['--end-factor', 'cosine and linear'],
} as const;

/** The schedule's name as the option takes it. */
export function scheduleName(name: string): keyof typeof schedules {
  return checkChoice('the schedule', name, SCHEDULES);
}

function readSchedule({ schedule, warmup, ...values }: SettingValues, auto: AutoSettings): Schedule {
  const asked = given(schedule);
  const name = asked ?? scheduleName(auto.schedule.name);
  const { options } = scheduleByName(name);
  const chosen: Record<string, unknown> = { warmup };
  for (const [option, [flag, whose]] of Object.entries(SCHEDULE_FLAGS)) {
    const value = values[option as keyof typeof SCHEDULE_FLAGS];
    if (value === undefined) continue;
    if (asked === undefined) {
      throw new CtreError('E_ARGUMENT', `${flag} is for ${whose}; name the schedule with --schedule`);
    }
    if (!Object.hasOwn(options, option)) {
      throw new CtreError('E_ARGUMENT', `${flag} is for ${whose}; the schedule is ${name}`);
    }
    chosen[option] = value;
  }
  return scheduleByName(name, chosen);
}
