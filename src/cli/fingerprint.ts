import { createHash } from 'node:crypto';
import type { Dataset } from '../data/index.ts';
import { isByteMatrix, toNumbers } from '../matrix/byteMatrix.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { readBytes } from './files.ts';

/** Rows of bytes that are numbers at a time. */
const BLOCK_ROWS = 1024;

/** A text that is equal for the same rows, labels and file of a split. */
export async function fingerprintOf(
  dataset: Dataset<SampleMatrix>,
  split: string | undefined,
): Promise<string> {
  const hash = createHash('sha256');
  const add = ({ x, labels, targets }: Pick<Dataset<SampleMatrix>, 'x' | 'labels' | 'targets'>): void => {
    hash.update(`${x.rows} × ${x.cols}`);
    if (isByteMatrix(x)) {
      // Bytes are hashed as numbers, so that they have the text of the same rows as numbers.
      for (let row = 0; row < x.rows; row += BLOCK_ROWS) {
        hash.update(toNumbers(x, row, Math.min(x.rows, row + BLOCK_ROWS)).data);
      }
    } else for (const array of 'data' in x ? [x.data] : [x.indptr, x.indices, x.values]) hash.update(array);
    hash.update(targets?.data ?? labels);
  };
  add(dataset);
  if (dataset.test !== undefined) add(dataset.test);
  hash.update(JSON.stringify(dataset.labelNames));
  if (split !== undefined) hash.update(await readBytes(split));
  return hash.digest('hex').slice(0, 16);
}
