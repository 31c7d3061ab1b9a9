// What the page and the worker that trains say to each other.
import type { Epoch, MethodName } from 'ctre';
import type { Experiment, NetworkName } from './experiment.ts';

/** A method as the page shows it. */
export interface MethodFacts {
  readonly name: MethodName;
  /** What it does, in a sentence. */
  readonly about: string;
  /** Who described it, and where. */
  readonly source: string;
  /** Whether it keeps every connection, whatever the density. */
  readonly keepsAll: boolean;
}

/** What the page shows of a dataset. */
export interface DataFacts {
  readonly name: string;
  /** Rows to train on. */
  readonly rows: number;
  readonly validationRows: number;
  readonly cols: number;
  readonly labelNames: readonly string[];
  readonly featureNames?: readonly string[] | undefined;
  readonly sparse: boolean;
  /** How the features were scaled, in words. */
  readonly scaling: string;
  /** For features that are pixels of a square: its side, and the mean of all pictures, 0 to 1. */
  readonly picture?: {
    readonly side: number;
    readonly mean: Float32Array;
    /** Whether a picture's columns come first, as in MATLAB's files: it is drawn across then. */
    readonly columnsFirst: boolean;
  };
  /** Columns whose part in a generated problem is known. */
  readonly known?: { readonly informative: readonly number[]; readonly redundant: readonly number[] };
}

/** A matrix as it is posted: dense, or with the parts of a CsrMatrix. */
export type PostedMatrix =
  | { readonly rows: number; readonly cols: number; readonly data: Float32Array }
  | {
      readonly rows: number;
      readonly cols: number;
      readonly indptr: Int32Array;
      readonly indices: Int32Array;
      readonly values: Float32Array;
    };

/** Samples with their classes. */
export interface PostedRows {
  readonly x: PostedMatrix;
  readonly labels: Int32Array;
}

/** Data that are split and scaled: ready for a network. */
export interface PreparedData {
  readonly facts: DataFacts;
  /** What a model of these data keeps in its file; the names are those that the command line reads. */
  readonly notes: Readonly<Record<string, unknown>>;
  readonly train: PostedRows;
  readonly validation: PostedRows;
}

/** What does not change about a network. */
export interface NetworkFacts {
  /** Method and density, for people. */
  readonly title: string;
  readonly connections: number;
  /** The share of all possible connections, 0 to 1. */
  readonly density: number;
  readonly layers: readonly number[];
  readonly threads: number;
}

/** A neuron that is drawn. */
export interface DrawnNeuron {
  /** Its number in its layer; −1 for all the others together. */
  readonly neuron: number;
  /** How much goes through it, 0 to 1 of the strongest of the layer. */
  readonly strength: number;
}

/** Connections between two drawn neurons: one, or all those between groups. */
export interface DrawnLink {
  /** Positions in the lists of drawn neurons of the two layers. */
  readonly from: number;
  readonly to: number;
  /** The weight; of groups the sum of all sizes. */
  readonly weight: number;
  readonly state: 'kept' | 'scored' | 'random' | 'pruned';
}

/** The part of a network that is drawn: its strongest neurons from the inputs on, and the rest in a group. */
export interface NetworkLook {
  readonly layers: readonly { readonly size: number; readonly neurons: readonly DrawnNeuron[] }[];
  /** Of every layer of connections. */
  readonly links: readonly (readonly DrawnLink[])[];
  readonly changes: { readonly pruned: number; readonly grown: number; readonly random: number };
}

/** A network as it was after an epoch; 0 is before the first one. */
export interface Frame {
  readonly epoch: number;
  /** Absent before the first epoch. */
  readonly scores?: Pick<Epoch, 'loss' | 'accuracy' | 'valLoss' | 'valAccuracy' | 'trainSeconds' | 'seconds'>;
  /** Σ|w| of every input; absent where the network is too large to look at. */
  readonly strengths?: Float32Array;
  /** Inputs that have a connection. */
  readonly connected?: number;
  readonly look?: NetworkLook;
}

/** How a training has ended for a network. */
export interface Outcome {
  readonly state: 'ended' | 'stopped' | 'failed';
  /** Why it failed. */
  readonly message?: string;
}

/** What makes a neuron fire, as far as the held-out rows tell. */
export interface NeuronFacts {
  readonly incoming: number;
  readonly outgoing: number;
  /** The share of held-out rows that it fires for; absent where hidden neurons are no ReLUs. */
  readonly fires?: number;
  /** The inputs that move it most, by paths of weights: strongest first. */
  readonly inputs: readonly { readonly input: number; readonly weight: number }[];
  /** Of pixels: the weight of every input, by paths. */
  readonly weights?: Float32Array;
  /** The share of each class among the rows that it fires most for. */
  readonly classes?: readonly number[];
}

/** A held-out row, and its class. */
export interface SampleRow {
  readonly values: Float32Array;
  readonly label: number;
}

export type RunQuestion =
  | { readonly kind: 'methods' }
  | { readonly kind: 'train'; readonly experiment: Experiment; readonly threads: number }
  | { readonly kind: 'own'; readonly data: PreparedData }
  | { readonly kind: 'stop' }
  | { readonly kind: 'row'; readonly row: number }
  | { readonly kind: 'predict'; readonly values: Float32Array }
  | {
      readonly kind: 'neuron';
      readonly network: NetworkName;
      readonly layer: number;
      readonly neuron: number;
    }
  | { readonly kind: 'save'; readonly network: NetworkName }
  | {
      readonly kind: 'load';
      readonly bytes: Uint8Array;
      readonly name: string;
      readonly experiment: Experiment;
    }
  | { readonly kind: 'points'; readonly points: readonly Point[]; readonly side: number };

/** A labelled point of the plane, from −1 to 1. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: number;
}

export type RunTold =
  | { readonly kind: 'data'; readonly facts: DataFacts }
  | { readonly kind: 'network'; readonly network: NetworkName; readonly facts: NetworkFacts }
  | { readonly kind: 'frame'; readonly network: NetworkName; readonly frame: Frame }
  | { readonly kind: 'outcome'; readonly network: NetworkName; readonly outcome: Outcome }
  | {
      readonly kind: 'regions';
      /** The class of every cell of a grid of side × side, by rows from the top, and how sure, 0 to 255. */
      readonly classes: Uint8Array;
      readonly sure: Uint8Array;
      readonly steps: number;
      readonly loss: number;
      readonly connections: number;
    };
