import { describe, expect, it } from 'vitest';
import { readMatrixMarket, writeMatrixMarket } from '../../src/data/index.ts';
import { checkCsr } from '../../src/matrix/canonical.ts';
import { effort, runSeed } from '../support/effort.ts';
import { text } from './fuzz/datasets.ts';
import { bitFlips, cuts, type Seed, wrongFile } from './fuzz/mutate.ts';
import { tryAll } from './fuzz/watch.ts';

const INPUTS = effort(5000, 100_000);

const files: Readonly<Record<string, string>> = {
  real: '%%MatrixMarket matrix coordinate real general\n% by hand\n3 4 4\n1 1 0.5\n3 4 -2e3\n2 2 .25\n1 4 1\n',
  symmetric: '%%MatrixMarket matrix coordinate integer symmetric\n5 5 3\n1 1 7\n4 2 -3\n5 5 0\n',
  skew: '%%MatrixMarket matrix coordinate real skew-symmetric\r\n3 3 1\r\n3 1 1.5\r\n',
  pattern: '%%MatrixMarket matrix coordinate pattern general\n2 20 3\n1 1\n2 20\n\n1 7',
};

const seeds: readonly Seed<Uint8Array>[] = Object.entries(files).map(([name, content]) => ({
  name,
  inside: { content: text(content) },
  pack: (inside) => inside.content,
}));

/** @throws Error unless the matrix keeps what its type promises, and goes out and in again unchanged. */
function read(bytes: Uint8Array): void {
  const matrix = readMatrixMarket(bytes);
  checkCsr(matrix);
  if (!matrix.values.every(Number.isFinite)) throw new Error('a value is not finite');
  // One that is all rows takes the test's time, not the reader's.
  if (matrix.rows < 1e4) expect(readMatrixMarket(writeMatrixMarket(matrix))).toEqual(matrix);
}

describe(`the reader of Matrix Market files (CTRE_SEED=${runSeed})`, () => {
  it('reads its seeds', () => {
    for (const { inside, pack } of seeds) read(pack(inside));
  });

  it(`gives ${INPUTS} mutated files an error of ours, or a matrix`, async () => {
    function* inputs() {
      for (let index = 0; index < INPUTS; index++) {
        const { title, packed } = wrongFile('matrixMarket', index, seeds, (bytes, change) => change(bytes));
        yield { title, input: packed };
      }
    }
    const tally = await tryAll(inputs(), read);
    // If all mutations fail at the first byte, or none fails, nothing is tested.
    expect(tally.valid).toBeGreaterThan(INPUTS / 100);
    expect(tally.errors.E_FORMAT).toBeGreaterThan(INPUTS / 20);
  });

  it('cut anywhere, or with any bit flipped, gives the same', async () => {
    function* inputs() {
      for (const { name, inside } of seeds) {
        for (const { title, bytes } of [...cuts(inside.content), ...bitFlips(inside.content)]) {
          yield { title: `${name} ${title}`, input: bytes };
        }
      }
    }
    await tryAll(inputs(), read);
  });
});
