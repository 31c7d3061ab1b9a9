import { type Random, randomStream } from '../base/random.ts';
import type { Initializer } from '../nn/initializer.ts';
import type { Network } from '../nn/network.ts';
import type { Topology } from '../topology/topology.ts';

/** A network whose topology evolves, and where it stands. */
export interface Evolving {
  readonly network: Network;
  readonly topology: Topology;
  readonly growInitializer: Initializer;
  readonly seed: number | string;
  /** What the method remembers of each layer; replaced by every update. */
  states: readonly unknown[];
  /** Epochs trained so far, over all calls: names the random streams, so that what is drawn depends on nothing else. */
  epochs: number;
}

/** A random stream for one purpose in the present epoch. */
export function epochStream({ seed, epochs }: Evolving, purpose: string): Random {
  return randomStream(seed, `${purpose}/${epochs}`);
}
