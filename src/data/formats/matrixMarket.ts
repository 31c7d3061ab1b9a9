import { CtreError } from '../../base/errors.ts';
import { latin1 } from '../bytes.ts';
import { buildDataset } from '../dataset.ts';
import type { NumberFormat } from '../format.ts';
import { readMatrixMarket } from '../matrixMarket.ts';

/**
 * A sparse matrix of features in the Matrix Market format. Its labels are in a file beside it.
 * @throws CtreError `E_FORMAT` where labels are wanted, and as `readMatrixMarket`.
 */
export const matrixMarketFormat: NumberFormat = {
  fileNames: '.mtx',
  extensions: ['mtx'],
  isContent: (bytes) => /^%%MatrixMarket/i.test(latin1(bytes.subarray(0, 16))),
  read([{ bytes }], { unlabelled }, budget) {
    if (!unlabelled) {
      throw new CtreError(
        'E_FORMAT',
        'a Matrix Market file holds features and no labels; give these beside it, as X.mtx and y.txt ' +
          'with a label a line, or set the option unlabelled',
      );
    }
    const x = readMatrixMarket(bytes, { maxBytes: Math.max(1, budget.left) });
    return buildDataset(budget, { taken: { format: 'Matrix Market' } }, { x });
  },
};
