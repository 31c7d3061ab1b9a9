import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/base/random.ts';
import { type Dataset, loadDataset, type ReadOptions, readDataset } from '../../src/data/index.ts';
import { checkCsr } from '../../src/matrix/canonical.ts';
import { CsrMatrix } from '../../src/matrix/csrMatrix.ts';
import type { DenseMatrix } from '../../src/matrix/denseMatrix.ts';
import { effort, isFull, runSeed } from '../support/effort.ts';
import { dataSeeds } from './fuzz/datasets.ts';
import { bitFlips, cuts, wrongFile } from './fuzz/mutate.ts';
import { tryAll } from './fuzz/watch.ts';

type Files = Readonly<Record<string, Uint8Array>>;

/** Mutated inputs for each reader. */
const INPUTS = effort(2000, 100_000);

/** @throws Error unless the dataset keeps what its type promises. */
function checkDataset({ x, labels, targets, labelNames, featureNames, test }: Dataset): void {
  const check = targets === undefined ? checkPart : checkTargetPart;
  check(x, targets ?? labels, labelNames.length);
  if (test) {
    check(test.x, test.targets ?? test.labels, labelNames.length);
    expect(test.x.cols).toBe(x.cols);
  }
  if (featureNames) expect(featureNames).toHaveLength(x.cols);
  if (new Set(labelNames).size !== labelNames.length) throw new Error('a class comes twice');
}

function checkPart(x: DenseMatrix | CsrMatrix, labels: Int32Array | DenseMatrix, classes: number): void {
  checkFeatures(x);
  if (!(labels instanceof Int32Array) || labels.length !== x.rows) throw new Error('a part is empty');
  if (!labels.every((label) => label >= 0 && label < classes)) throw new Error('a label is no class');
}

function checkTargetPart(
  x: DenseMatrix | CsrMatrix,
  targets: Int32Array | DenseMatrix,
  outputs: number,
): void {
  checkFeatures(x);
  if (targets instanceof Int32Array) throw new Error('a part has labels');
  const { rows, cols, data } = targets;
  if (rows !== x.rows || cols !== outputs || data.length !== rows * cols)
    throw new Error('targets do not fit');
  if (!data.every(Number.isFinite)) throw new Error('a target is not finite');
}

function checkFeatures(x: DenseMatrix | CsrMatrix): void {
  if (x instanceof CsrMatrix) checkCsr(x);
  else if (x.data.length !== x.rows * x.cols) throw new Error('the values do not fit the shape');
  const values = x instanceof CsrMatrix ? x.values : x.data;
  if (!values.every(Number.isFinite)) throw new Error('a value is not finite');
  if (x.rows === 0 || x.cols === 0) throw new Error('a part is empty');
}

/** Parquet takes its package when a file comes. */
async function readAs(reader: string, files: Files, options: ReadOptions = {}): Promise<void> {
  checkDataset(reader === 'parquet' ? await loadDataset(files, options) : readDataset(files, options));
}

function changeOne(files: Files, change: (bytes: Uint8Array) => Uint8Array, random: Random): Files {
  const names = Object.keys(files);
  const name = names[random.below(names.length)];
  return { ...files, [name]: change(files[name]) };
}

/** The bytes cut, and with bits of their head flipped: every case, or some of them in a fast run. */
function wrongBits(whole: Uint8Array, head: number) {
  const all = [...cuts(whole), ...bitFlips(whole, effort(head, whole.length))];
  // Seven and the eight bits of a byte have no divisor in common.
  return all.filter((_, position) => position % effort(7, 1) === 0);
}

describe.each(Object.entries(dataSeeds))(`the reader of %s (CTRE_SEED=${runSeed})`, (reader, seeds) => {
  const read = (files: Files): Promise<void> => readAs(reader, files);

  it('reads its seeds', async () => {
    for (const { inside, pack } of seeds) await read(pack(inside));
  });

  it(`gives ${INPUTS} mutated files an error of ours, or a dataset`, async () => {
    function* inputs() {
      for (let index = 0; index < INPUTS; index++) {
        const { title, packed } = wrongFile(reader, index, seeds, changeOne);
        yield { title, input: packed };
      }
    }
    const tally = await tryAll(inputs(), read);
    // If all mutations fail at the first byte, or none fails, nothing is tested.
    expect(tally.valid).toBeGreaterThan(INPUTS / 100);
    expect(tally.errors.E_FORMAT).toBeGreaterThan(INPUTS / 20);
  });

  it(`gives ${INPUTS} mutated files an error of ours, or numbers or flags`, async () => {
    function* inputs() {
      for (let index = 0; index < INPUTS; index++) {
        const { title, packed } = wrongFile(reader, index, seeds, changeOne);
        const targets = (['numbers', 'flags'] as const)[index % 2];
        yield { title: `${title}, read as ${targets}`, input: { packed, targets } };
      }
    }
    const tally = await tryAll(inputs(), ({ packed, targets }) => readAs(reader, packed, { targets }));
    expect(tally.valid).toBeGreaterThan(INPUTS / 100);
  });

  it('cut anywhere, or with any bit flipped, gives the same', async () => {
    function* inputs() {
      for (const { name: seed, inside, pack } of seeds) {
        const files = pack(inside);
        for (const [name, whole] of Object.entries(files)) {
          for (const { title, bytes } of wrongBits(whole, 256)) {
            yield { title: `${seed}, ${name} ${title}`, input: { ...files, [name]: bytes } };
          }
        }
        // Where a check sum covers the bytes, the content is broken instead; in gzip it is the same content.
        if (!isFull && seed.endsWith('in gzip')) continue;
        for (const [name, whole] of Object.entries(inside)) {
          for (const { title, bytes } of wrongBits(whole, 128)) {
            yield { title: `${seed}, inside ${name} ${title}`, input: pack({ ...inside, [name]: bytes }) };
          }
        }
      }
    }
    await tryAll(inputs(), read);
  });
});
