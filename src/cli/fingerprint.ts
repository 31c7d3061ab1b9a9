import { createHash } from 'node:crypto';
import type { Dataset } from '../data/index.ts';
import { readBytes } from './files.ts';

/** A text that is equal for the same rows, labels and file of a split. */
export async function fingerprintOf(dataset: Dataset, split: string | undefined): Promise<string> {
  const hash = createHash('sha256');
  const add = ({ x, labels, targets }: Pick<Dataset, 'x' | 'labels' | 'targets'>): void => {
    const arrays = 'data' in x ? [x.data] : [x.indptr, x.indices, x.values];
    hash.update(`${x.rows} × ${x.cols}`);
    for (const array of [...arrays, targets?.data ?? labels]) hash.update(array);
  };
  add(dataset);
  if (dataset.test !== undefined) add(dataset.test);
  hash.update(JSON.stringify(dataset.labelNames));
  if (split !== undefined) hash.update(await readBytes(split));
  return hash.digest('hex').slice(0, 16);
}
