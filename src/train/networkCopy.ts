import { newArray } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import type { Network } from '../nn/network.ts';
import type { Optimizer } from '../nn/optimizer.ts';

/**
 * A copy of all that training changes: a network, its optimiser's state, and what the topology method
 * remembers.
 */
export interface BestNetwork {
  readonly layers: readonly BestLayer[];
  /** Steps of the optimiser. */
  readonly steps: number;
  readonly states: readonly unknown[];
  /** What the copied epoch was compared by, the higher the better. */
  readonly reached: number;
}

export interface BestLayer {
  /** Undefined for a layer that has every connection. */
  readonly pattern: CsrPattern | undefined;
  /** Weights in CSR order. */
  readonly values: Float32Array;
  readonly bias: Float32Array;
  /** The optimiser's arrays. */
  readonly slots: { readonly weights: readonly Float32Array[]; readonly bias: readonly Float32Array[] };
}

/**
 * @throws CtreError `E_MEMORY` where there is no room for a copy, `E_ARGUMENT` for states that cannot be
 * copied.
 */
export function copyNetwork(network: Network, states: readonly unknown[], reached: number): BestNetwork {
  return {
    layers: network.layers.map((layer) => ({
      pattern: layer.structure === undefined ? undefined : layer.pattern(),
      values: copy(layer.values),
      bias: copy(layer.bias),
      slots: { weights: layer.weightSlots.map(copy), bias: layer.biasSlots.map(copy) },
    })),
    steps: network.steps,
    states: copyStates(states),
    reached,
  };
}

/**
 * Writes a copy back. The network has as many connections as it had then; a layer may have others.
 * @throws CtreError `E_MEMORY`; nothing has changed then.
 */
export function restoreNetwork(network: Network, optimizer: Optimizer, best: BestNetwork): void {
  network.layers.forEach((layer, l) => {
    network.reserve(layer, best.layers[l].values.length);
  });
  network.layers.forEach((layer, l) => {
    const { pattern, values, bias } = best.layers[l];
    if (pattern !== undefined) layer.setPattern(pattern);
    layer.values.view.set(values);
    layer.bias.view.set(bias);
  });
  network.restoreOptimizer(
    optimizer,
    best.steps,
    best.layers.map(({ slots }) => slots),
  );
}

function copy({ view }: { readonly view: Float32Array }): Float32Array {
  const array = newArray(view.length, Float32Array, 'the best network so far');
  array.set(view);
  return array;
}

function copyStates(states: readonly unknown[]): readonly unknown[] {
  try {
    return structuredClone(states);
  } catch (cause) {
    throw new CtreError('E_ARGUMENT', 'the topology method remembers what cannot be copied; expected JSON', {
      cause,
    });
  }
}
