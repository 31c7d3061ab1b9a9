import { CtreError } from '../base/errors.ts';
import { TILE } from '../engine/abi.ts';
import type { Gradient, RowRange } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { RowList } from '../nn/rows.ts';
import { lanesFor, type Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import { runNow, type Work } from '../run/turns.ts';
import { addSums, waves } from './score.ts';

/** Some output neurons of a layer. */
interface Part {
  readonly layer: number;
  readonly range: RowRange;
}

/** Every layer cut into ranges of output neurons, about two for each thread to balance the threads. */
export function gradientParts(network: Network, { threads }: Executor): Part[] {
  const parts = threads === 1 ? 1 : 2 * threads;
  return network.layers.flatMap((layer) =>
    layer.ranges(parts).map((range) => ({ layer: layer.index, range })),
  );
}

/**
 * Adds the gradients of all tiles to the first one's, in the order of the tiles; then, if asked, makes the
 * optimiser's step from it. Each job does both for some output neurons, so the bits do not depend on the
 * threads. A step is atomic: neither an abort nor a look at the model while it trains sees half of it.
 */
export function* mergeGradients(
  executor: Executor,
  network: Network,
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

/**
 * Steps on the rows from position `from` to before `to` of the present order. The work may end after any
 * piece, because weights change only in the last piece of a step.
 * @param totals get what the samples are scored by, each before the step its batch makes.
 * @param beforeBatch is done before every batch, numbered from 0; says whether the topology has changed.
 * @param beforeStep is called before every step of the optimiser, with the rows of its batch.
 */
export function* trainRows(
  network: Network,
  executor: Executor,
  workspaces: readonly Workspace[],
  gradients: readonly (readonly Gradient[])[],
  rows: RowList,
  { from, to }: { readonly from: number; readonly to: number },
  batchSize: number,
  optimizer: Optimizer,
  epoch: number,
  totals: readonly Float64Array[],
  beforeBatch: (batch: number) => Work<boolean>,
  beforeStep: (rows: number) => void,
): Work<void> {
  let parts = gradientParts(network, executor);
  for (let begin = from; begin < to; begin += batchSize) {
    if (yield* beforeBatch((begin - from) / batchSize)) parts = gradientParts(network, executor);
    const end = Math.min(begin + batchSize, to);
    const all = waves(end - begin, workspaces);
    for (const wave of all) {
      const used = workspaces.slice(0, wave.count);
      const lanes = used.map((_, t) => lanesFor(end - begin - TILE * (wave.begin + t)));
      yield* executor.run(wave.count, (kernels, t) => {
        const position = begin + TILE * (wave.begin + t);
        const tile = rows.pack(kernels, position, end, used[t]);
        network.forward(kernels, used[t], lanes[t]);
        network.score(kernels, used[t], tile);
        network.backward(kernels, used[t], tile, 1 / (end - begin), lanes[t]);
        // The first workspace's gradient is the batch's: it keeps what earlier waves have added.
        network.addGradients(kernels, used[t], gradients[t], t === 0 && wave.begin > 0, lanes[t]);
      });
      for (const sums of totals) {
        addSums(sums, used);
        checkFinite(sums[0], epoch);
      }
      const isComplete = wave === all.at(-1);
      if (isComplete) beforeStep(end - begin);
      const step = isComplete ? { optimizer, time: network.nextStep() } : undefined;
      yield* mergeGradients(executor, network, gradients.slice(0, wave.count), parts, step);
    }
  }
}

export function checkFinite(loss: number, epoch: number): void {
  if (Number.isFinite(loss)) return;
  throw new CtreError(
    'E_DIVERGED',
    `the loss is no longer a finite number in epoch ${epoch}; use a smaller learning rate or ` +
      'smaller initial weights, or scale the features',
  );
}
