import { latin1 } from '../bytes.ts';
import type { AwaitedFormat } from '../format.ts';

/** Parquet, which the package hyparquet reads. Few have such files: pages load its reader when one comes. */
export const parquetFormat: AwaitedFormat = {
  fileNames: '.parquet',
  isBinary: true,
  extensions: ['parquet', 'pq'],
  isContent: (bytes) => latin1(bytes.subarray(0, 4)) === 'PAR1',
  async loadTable([{ bytes }], options, budget) {
    const { readParquet } = await import('../parquet/readParquet.ts');
    return readParquet(bytes, options, budget);
  },
};
