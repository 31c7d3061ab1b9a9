import { describe, expect, it } from 'vitest';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { zeroShare } from '../../../src/matrix/zeroShare.ts';

const data = [0, 3, 0, 0, -1, 0, 0, 0, 2, 5, 7, 0];
const matrices = {
  dense: { rows: 3, cols: 4, data: Float32Array.from(data) },
  bytes: { rows: 3, cols: 4, data: Uint8Array.from(data), scale: 9, offset: 4 },
  // A stored 0 is one, too.
  sparse: CsrMatrix.fromParts({
    ...{ rows: 3, cols: 4, indptr: Int32Array.of(0, 2, 3, 6) },
    ...{ indices: Int32Array.of(1, 2, 0, 0, 1, 2), values: Float32Array.of(3, 0, -1, 2, 5, 7) },
  }),
};

describe('the share of zeros', () => {
  it.each(Object.entries(matrices))('of a matrix of kind %s', (_, matrix) => {
    expect(zeroShare(matrix)).toBe(7 / 12);
    expect(zeroShare(matrix, Int32Array.of(2, 0))).toBe(4 / 8);
    expect(zeroShare(matrix, new Int32Array(0))).toBe(0);
  });
});
