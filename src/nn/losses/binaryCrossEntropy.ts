import { checkOptions } from '../../base/checks.ts';
import type { Loss } from '../loss.ts';

/**
 * Binary cross-entropy for several labels a sample, each 0 or 1, as a mean over the outputs. The outputs are
 * probabilities, by the logistic function; a label is predicted where its probability is above ½.
 * @throws CtreError `E_ARGUMENT` for any option.
 */
export function binaryCrossEntropy(options: Readonly<Record<string, never>> = {}): Loss {
  checkOptions('loss.binaryCrossEntropy', options, []);
  return Object.freeze<Loss>({
    name: 'binary-cross-entropy',
    options: {},
    targets: 'flags',
    monitor: 'macroF1',
    monitors: ['macroF1', 'accuracy', 'loss'],
    countSums: (outputs) => 2 + 3 * outputs,
    activate(kernels, { logits, outputs }, n) {
      kernels.sigmoid(logits, n, outputs);
    },
    score(kernels, { logits, sums }, { targets, weights, rows, count }, n) {
      kernels.scoreLabels(logits, targets, weights, rows, count, n, sums.pointer);
    },
    gradient(kernels, { outputs, gradient }, { targets, count }, n, scale) {
      kernels.targetGradient(outputs, targets, count, n, Number.POSITIVE_INFINITY, scale / n, gradient);
    },
    summarize(sums, rows, outputs) {
      let f1 = 0;
      for (let i = 2; i < 2 + outputs; i++) {
        const twice = 2 * sums[i];
        const all = twice + sums[i + outputs] + sums[i + 2 * outputs];
        if (all > 0) f1 += twice / all;
      }
      return { loss: sums[0] / (rows * outputs), accuracy: sums[1] / rows, macroF1: f1 / outputs };
    },
  });
}
