// What is trained: plain data, the same in the form, in the address and in the worker.
import type { MethodName, ModelOptions } from 'ctre';

/** A set of defaults. */
export type Preset = NonNullable<ModelOptions['preset']>;

/** Data that the page makes itself, or those that were read from files. */
export type DataName = 'needles' | 'digits' | 'own';

/** How one of the two networks is made. */
export interface NetworkSettings {
  readonly method: MethodName;
  /** The share of all possible connections that it has, in percent. */
  readonly density: number;
  readonly preset: Preset;
}

export type NetworkName = 'a' | 'b';
export const NETWORKS: readonly NetworkName[] = ['a', 'b'];

export interface Experiment {
  readonly data: DataName;
  /** Rows to take at most. */
  readonly most: number;
  /** Widths of the hidden layers, the same for both networks. */
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly a: NetworkSettings;
  /** Absent where A trains alone. */
  readonly b?: NetworkSettings | undefined;
}

/** What the page shows first: few connections against all of them. */
export const FIRST: Experiment = {
  data: 'needles',
  most: 10_000,
  hidden: [200, 100, 50],
  epochs: 30,
  batchSize: 50,
  seed: 1,
  a: { method: 'ctre-sim', density: 2, preset: 'default' },
  b: { method: 'dense', density: 100, preset: 'default' },
};

/** The least and the most of every number. */
export const LIMITS = {
  most: [10, 10_000_000],
  epochs: [1, 100_000],
  batchSize: [1, 100_000],
  seed: [0, 4_294_967_295],
  width: [1, 99_999],
  density: [0.01, 100],
} as const;

/** Hidden layers at most. */
export const MOST_LAYERS = 8;
