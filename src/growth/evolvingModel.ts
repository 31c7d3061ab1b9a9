import type { Activation } from '../nn/activation.ts';
import type { Initializer } from '../nn/initializer.ts';
import type { Network } from '../nn/network.ts';
import type { Topology } from '../topology/topology.ts';

/** A network whose topology evolves, and where its training stands. */
export interface EvolvingModel {
  readonly network: Network;
  /** The network's own one. */
  readonly activation: Activation;
  readonly topology: Topology;
  readonly initializer: Initializer;
  readonly growInitializer: Initializer;
  readonly seed: number | string;
  /** What the method remembers of each layer; replaced by every update. */
  states: readonly unknown[];
}
