import { checkOptions } from '../../base/checks.ts';
import type { Loss } from '../loss.ts';

/**
 * Softmax cross-entropy over integer labels: −ln p(label). The outputs are the classes' probabilities.
 * @throws CtreError `E_ARGUMENT` for any option.
 */
export function crossEntropy(options: Readonly<Record<string, never>> = {}): Loss {
  checkOptions('loss.crossEntropy', options, []);
  return Object.freeze<Loss>({
    name: 'cross-entropy',
    options: {},
    targets: 'labels',
    monitor: 'accuracy',
    monitors: ['accuracy', 'loss'],
    countSums: () => 2,
    activate(kernels, { logits, outputs, logSums }, classes) {
      kernels.softmax(logits, classes, outputs, logSums);
    },
    score(kernels, { logits, logSums, sums }, { labels, weights, rows, count }, classes) {
      kernels.score(logits, logSums, labels, weights, rows, count, classes, sums.pointer);
    },
    gradient(kernels, { outputs, gradient }, { labels, rows, count }, classes, scale) {
      kernels.crossEntropyGradient(outputs, labels, rows, count, classes, scale, gradient);
    },
    summarize: ([loss, right], rows) => ({ loss: loss / rows, accuracy: right / rows }),
  });
}
