import type { Gradient, RowRange } from '../nn/layer.ts';
import type { Mlp } from '../nn/mlp.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { Executor } from './executor.ts';
import { runNow, type Work } from './work.ts';

/** Some output neurons of a layer. */
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
 * Adds the gradients of all tiles to the first one's, in the order of the tiles; then, if asked, makes the optimiser's step from it. Each job
 * does both for some output neurons, so the bits do not depend on the threads. A step is one piece: neither an abort nor whoever looks at
 * the model while it trains comes upon half of one.
 */
export function* mergeGradients(
  executor: Executor,
  network: Mlp,
  [first, ...others]: readonly (readonly Gradient[])[],
  parts: readonly Part[],
  step: { readonly optimizer: Optimizer; readonly time: number } | undefined,
): Work<void> {
  if (others.length === 0 && step === undefined) return;
  const jobs = executor.run(parts.length, (kernels, index) => {
    const { layer: l, range } = parts[index];
    const layer = network.layers[l];
    for (const other of others) layer.mergeGradient(kernels, range, first[l], other[l]);
    if (step !== undefined) layer.update(kernels, range, step.optimizer, first[l], step.time);
  });
  if (step === undefined) yield* jobs;
  else runNow(jobs);
}
