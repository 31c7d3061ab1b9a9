import type { Gradient, RowRange } from '../nn/layer.ts';
import type { Mlp, Workspace } from '../nn/mlp.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { Executor } from './executor.ts';
import type { Work } from './work.ts';

/** A layer's share of the work after the tiles' backward pass. */
interface Part {
  readonly layer: number;
  readonly range: RowRange;
}

/** Every layer cut into ranges of output neurons, about twice as many as threads, to balance them. */
export function gradientParts(network: Mlp, { threads }: Executor): Part[] {
  const parts = threads === 1 ? 1 : 2 * threads;
  return network.layers.flatMap((layer) =>
    layer.ranges(parts).map((range) => ({ layer: layer.index, range })),
  );
}

/**
 * Adds the gradients of the tiles in the workspaces, with so many `lanes` each, to the batch's in the order of the tiles, or starts it; with an optimiser, then makes its step. Each job does both
 * for some output neurons, so no tile needs a gradient of its own and the bits do not depend on the threads.
 */
export function* addGradients(
  executor: Executor,
  network: Mlp,
  workspaces: readonly Workspace[],
  gradients: readonly Gradient[],
  accumulate: boolean,
  lanes: readonly number[],
  parts = gradientParts(network, executor),
  step?: { readonly optimizer: Optimizer; readonly time: number },
): Work<void> {
  yield* executor.run(parts.length, (kernels, index) => {
    const { layer: l, range } = parts[index];
    const layer = network.layers[l];
    workspaces.forEach(({ deltas, activations }, t) => {
      const [dy, x] = [deltas[l], activations[l]];
      layer.addGradient(kernels, range, dy, x, gradients[l], accumulate || t > 0, lanes[t]);
    });
    if (step !== undefined) layer.update(kernels, range, step.optimizer, gradients[l], step.time);
  });
}
