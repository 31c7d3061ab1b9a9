import type { F64Block } from '../engine/region.ts';

/** The numbers of all neurons of a layer. */
export function everyNeuron(neurons: number): Int32Array {
  return Int32Array.from({ length: neurons }, (_, i) => i);
}

/**
 * The neurons whose squared norm is not 0; all of them without norms. With ReLU the norm of a neuron that
 * never fires is 0; with another slope below 0 only that of a neuron whose sums are all 0.
 */
export function firingNeurons(neurons: number, norms: F64Block | undefined): Int32Array {
  const all = everyNeuron(neurons);
  const sums = norms?.view;
  return sums === undefined ? all : all.filter((i) => sums[i] > 0);
}
