import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { CsrMatrix, SparseMLP } from '../../../src/index.ts';
import { quadrants } from '../../support/problems.ts';

/** Another realm, as a frame or jsdom has one: its classes are not those of here. */
const realm = createContext({});

/** A typed array of that realm with the numbers of one of here. */
function abroad<T extends Float32Array | Int32Array | Uint8Array>(array: T): T {
  const type = Object.prototype.toString.call(array).slice(8, -1);
  const foreign: T = runInContext(`(numbers) => ${type}.from(numbers)`, realm)(Array.from(array));
  expect(foreign).not.toBeInstanceOf(Object);
  return foreign;
}

describe('arrays of another realm', () => {
  const { x, y } = quadrants(60, 6);

  it('are taken as those of here: samples, labels, weights of rows, files', async () => {
    const train = async (samples: typeof x, labels: Int32Array, sampleWeight: Float32Array) => {
      const model = await SparseMLP.create({ layers: [6, 20, 4], seed: 1 });
      const { epochs } = await model.fit(samples, labels, { epochs: 2, sampleWeight });
      return { model, losses: epochs.map(({ loss }) => loss) };
    };
    const labels = Int32Array.from(y as ArrayLike<number>);
    const weights = Float32Array.from(labels, (label) => 1 + label);
    const here = await train(x, labels, weights);
    const there = await train({ ...x, data: abroad(x.data) }, abroad(labels), abroad(weights));
    expect(there.losses).toEqual(here.losses);
    const loaded = await SparseMLP.load(abroad(here.model.save()));
    expect(loaded.predict({ ...x, data: abroad(x.data) })).toEqual(here.model.predict(x));
  });

  it('are parts of matrices, and bytes', async () => {
    const csr = CsrMatrix.fromDense(x);
    const { rows, cols, indptr, indices, values } = csr;
    const parts = { rows, cols, indptr: abroad(indptr), indices: abroad(indices), values: abroad(values) };
    expect(CsrMatrix.fromParts(parts)).toEqual(csr);
    const model = await SparseMLP.create({ layers: [3, 5, 2], seed: 1 });
    const bytes = { rows: 1, cols: 3, data: Uint8Array.of(0, 128, 255), scale: 255 };
    expect(model.predict({ ...bytes, data: abroad(bytes.data) })).toEqual(model.predict(bytes));
  });
});
