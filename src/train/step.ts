import { CtreError } from '../base/errors.ts';
import { TILE } from '../engine/abi.ts';
import { lanesFor } from '../engine/lanes.ts';
import type { Gradient, RowRange } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';
import type { AddNoise } from '../nn/noise.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import { runNow, type Work } from '../run/turns.ts';
import type { GradientClip } from './gradientClip.ts';
import { addSums, waves } from './score.ts';

/** How a batch's gradient becomes a step. */
export interface StepRule {
  readonly optimizer: Optimizer;
  /** The factor of the learning rate at the step after so many batches of the rows. */
  rateFactor(batch: number): number;
  /** Undefined where gradients are not clipped. */
  readonly clip: GradientClip | undefined;
}

/** A step to make from the gradient of a whole batch. */
interface Step {
  readonly optimizer: Optimizer;
  readonly time: number;
  readonly rateFactor: number;
  /** Of the gradient; 1 where it is not clipped. */
  readonly scale: number;
}

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
 * optimiser's step from it, scaled where it has to be. Each job does both for some output neurons, so
 * the bits do not depend on the threads. A step is atomic: neither an abort nor a look at the model while it
 * trains sees half of it.
 */
export function* mergeGradients(
  executor: Executor,
  network: Network,
  [first, ...others]: readonly (readonly Gradient[])[],
  parts: readonly Part[],
  step: Step | undefined,
): Work<void> {
  if (others.length === 0 && step === undefined) return;
  const jobs = executor.run(parts.length, (kernels, index) => {
    const { layer: l, range } = parts[index];
    const layer = network.layers[l];
    for (const other of others) layer.mergeGradient(kernels, range, first[l], other[l]);
    if (step === undefined) return;
    const { optimizer, time, rateFactor, scale } = step;
    if (scale !== 1) layer.scaleGradient(kernels, range, first[l], scale);
    layer.update(kernels, range, optimizer, first[l], time, rateFactor);
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
 * @param addNoise puts noise on the inputs of the steps.
 */
export function* trainRows(
  network: Network,
  executor: Executor,
  workspaces: readonly Workspace[],
  gradients: readonly (readonly Gradient[])[],
  rows: RowList,
  { from, to }: { readonly from: number; readonly to: number },
  batchSize: number,
  rule: StepRule,
  epoch: number,
  totals: readonly Float64Array[],
  beforeBatch: (batch: number) => Work<boolean>,
  beforeStep: (rows: number) => void,
  addNoise?: AddNoise,
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
        const tile = rows.pack(kernels, position, end, used[t], addNoise);
        network.forward(kernels, used[t], lanes[t]);
        network.score(kernels, used[t], tile);
        // The first workspace's gradient is the batch's: it keeps what earlier waves have added.
        const accumulate = t === 0 && wave.begin > 0;
        const scale = 1 / (end - begin);
        network.differentiate(kernels, used[t], tile, scale, gradients[t], accumulate, lanes[t]);
      });
      for (const sums of totals) {
        addSums(sums, used);
        checkFinite(sums[0], epoch);
      }
      const tiles = gradients.slice(0, wave.count);
      if (wave !== all.at(-1)) {
        yield* mergeGradients(executor, network, tiles, parts, undefined);
        continue;
      }
      const { optimizer, clip } = rule;
      // Nothing changes before the norm is known. Then the gradient is whole in the first workspace's.
      const factor = clip === undefined ? 1 : yield* clip.measure(executor, tiles, epoch);
      const rateFactor = rule.rateFactor((begin - from) / batchSize);
      beforeStep(end - begin);
      const step = { optimizer, time: network.nextStep(), rateFactor, scale: factor };
      yield* mergeGradients(executor, network, clip === undefined ? tiles : tiles.slice(0, 1), parts, step);
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
