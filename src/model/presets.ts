import { glorot, type Initializer, sparseHe, uniform } from '../nn/initializer.ts';
import { adam, type Optimizer, sgd } from '../nn/optimizer.ts';
import { topology } from '../topology/methods.ts';
import type { Topology } from '../topology/topology.ts';

/** The name of a preset. */
export type PresetName = 'default' | 'paper';

/** What a model and its training have where the caller gives nothing. */
interface Preset {
  readonly topology: () => Topology;
  /** Draws the weights at the start. */
  readonly initializer: () => Initializer;
  /** Draws the weights of grown connections, where the topology method prescribes no other. */
  readonly growInitializer: () => Initializer;
  readonly optimizer: () => Optimizer;
}

/**
 * - `default`: chosen by validation over several data sets (docs/results.md);
 * - `paper`: the published settings of CTRE (Atashgahi et al., Machine Learning 2022).
 */
export const presets: Readonly<Record<PresetName, Preset>> = Object.freeze({
  default: {
    topology: topology.cteGse,
    initializer: sparseHe,
    growInitializer: uniform,
    optimizer: adam,
  },
  paper: {
    topology: () => topology.ctreSim({ preset: 'published' }),
    initializer: glorot,
    growInitializer: uniform,
    optimizer: sgd,
  },
});

/** The names of all presets. */
export const PRESET_NAMES = Object.keys(presets) as PresetName[];
