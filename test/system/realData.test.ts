import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyScaler, fitScaler, parseSplit, readDataset, takeRows } from '../../src/data/index.ts';
import { initializer, SparseMLP } from '../../src/index.ts';
import { type MethodName, topologyByName } from '../../src/topology/methods.ts';

const folder = process.env.CTRE_DATA_DIR;
const hidden = [1000, 1000, 1000];

const bytesOf = (...path: string[]) => new Uint8Array(readFileSync(join(folder ?? '', ...path)));

/** A table of shared/data with its split, scaled by its training rows. */
function table(name: string, scale: 'standard' | 'minmax') {
  const { x, labels } = readDataset({ name: `${name}.mat`, bytes: bytesOf(`${name}.mat`) });
  const text = readFileSync(join(folder ?? '', 'splits', `${name}.json`), 'utf8');
  const { train, val } = parseSplit(text, x.rows);
  const rows = takeRows(x, train);
  const position = new Map(Array.from(train, (row, r) => [row, r]));
  return {
    x: applyScaler(fitScaler(scale, rows), rows),
    y: train.map((row) => labels[row]),
    validationRows: Array.from(val ?? [], (row) => position.get(row) ?? -1),
  };
}

describe.skipIf(folder === undefined)('on real data (needs CTRE_DATA_DIR)', () => {
  it.each<[MethodName, number]>([
    ['ctre-sim', 6502],
    ['cte', 6502],
    ['set', 6502],
    ['static', 6502],
    ['snip', 6502],
    ['rigl', 6502],
  ])('Madelon, ε = 1: %s has %i connections and takes some epochs', async (name, nnz) => {
    const { x, y, validationRows } = table('madelon', 'standard');
    const model = await SparseMLP.create({
      layers: [500, ...hidden, 2],
      topology: topologyByName(name),
      initializer: initializer.glorot(),
    });
    expect(model.nnz).toBe(nnz);
    const { epochs } = await model.fit(x, y, { epochs: 3, validationRows });
    expect(epochs[2].loss).toBeLessThan(0.7);
    expect(model.nnz).toBe(nnz);
    model.dispose();
  });

  it('MNIST: six epochs of the default on 10 000 images are far above chance', async () => {
    const files = Object.fromEntries(
      readdirSync(join(folder ?? '', 'mnist')).map((name) => [name, bytesOf('mnist', name)]),
    );
    const { x, labels } = readDataset(files);
    const rows = Int32Array.from({ length: 10_000 }, (_, r) => r);
    const some = takeRows(x, rows);
    const model = await SparseMLP.create({ layers: [784, ...hidden, 10] });
    expect(model.nnz).toBe(6794);
    const { epochs } = await model.fit(
      applyScaler(fitScaler('minmax', some), some),
      labels.slice(0, 10_000),
      {
        epochs: 6,
        validationSplit: 0.1,
      },
    );
    expect(epochs[5].valAccuracy).toBeGreaterThan(0.6);
    model.dispose();
  });

  it('PCMAC: the default learns', async () => {
    const { x, y, validationRows } = table('PCMAC', 'minmax');
    const model = await SparseMLP.create({ layers: [3289, ...hidden, 2] });
    expect(model.nnz).toBe(9291);
    const { epochs } = await model.fit(x, y, { epochs: 12, validationRows });
    expect(epochs[11].loss).toBeLessThan(epochs[0].loss);
    model.dispose();
  });
});
