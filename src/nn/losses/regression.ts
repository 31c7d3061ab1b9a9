import type { Loss } from '../loss.ts';

/**
 * A loss against numbers, whose outputs are the logits themselves, as a mean over the outputs.
 * @param limit where the loss turns from a parabola into a line.
 * @param factor of Huber's loss.
 */
export function regression(
  { name, options }: Pick<Loss, 'name' | 'options'>,
  limit: number,
  factor: number,
): Loss {
  return Object.freeze<Loss>({
    name,
    options,
    targets: 'numbers',
    monitor: 'loss',
    monitors: ['loss', 'rmse', 'mae', 'r2'],
    countSums: (outputs) => 2 + 3 * outputs,
    score(kernels, { logits, sums }, { targets, weights, rows, count }, n) {
      kernels.scoreRegression(logits, targets, weights, rows, count, n, limit, sums.pointer);
    },
    gradient(kernels, { logits, gradient }, { targets, count }, n, scale) {
      kernels.targetGradient(logits, targets, count, n, limit, (factor * scale) / n, gradient);
    },
    inUnits: (scale) => regression({ name, options }, Math.fround(limit / scale), factor),
    summarize(sums, rows, outputs) {
      const all = rows * outputs;
      let squares = 0;
      let r2 = 0;
      for (let i = 2; i < 2 + outputs; i++) {
        const total = sums[i + outputs];
        const spread = sums[i + 2 * outputs] - (total * total) / rows;
        // An output whose targets are all alike: 1 where every answer is right, else 0.
        r2 += spread > 0 ? 1 - sums[i] / spread : Number(sums[i] === 0);
        squares += sums[i];
      }
      return {
        loss: (factor * sums[0]) / all,
        accuracy: Number.NaN,
        rmse: Math.sqrt(squares / all),
        mae: sums[1] / all,
        r2: r2 / outputs,
      };
    },
  });
}
