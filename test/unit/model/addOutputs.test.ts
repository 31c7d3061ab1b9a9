// A network that gets more outputs: what it has learnt stays, and it goes on as one made so.
import { describe, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import { CsrMatrix, type Initializer, loss, optimizer, SparseMLP, topology } from '../../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const { x, y } = quadrants(120, 12);
const six = Int32Array.from(y, (label, r) => (r % 5 === 0 ? 4 + (r % 2) : label));
const names = Object.keys(methods) as MethodName[];

/** Logits, which a regression answers with. */
async function logitsOf(model: SparseMLP): Promise<Float32Array> {
  const layers = model.layers.map(({ weights, bias }) => ({ weights, bias }));
  const regression = await SparseMLP.fromWeights(layers, { loss: loss.meanSquared() });
  const logits = regression.predict(x);
  regression.dispose();
  return logits;
}

/** A layer as it is now: what a view has is read when it is asked for. */
function copyOf(model: SparseMLP, layer: number) {
  const { nnz, weights, bias } = model.layers[layer];
  return { nnz, weights, bias };
}

const bitsOf = (numbers: Float32Array) => new Int32Array(numbers.slice().buffer);

describe('addOutputs', () => {
  it.each(
    [1, 2, 3, 4, 5, 9].flatMap((outputs) =>
      [1, 2, 7].flatMap((added) => [0.3, 1].map((density) => [outputs, added, density] as const)),
    ),
  )('leaves %i logits as they were, with %i more, at density %f', async (outputs, added, density) => {
    const model = await SparseMLP.create({
      layers: [12, 30, outputs],
      density: [0.3, density],
      seed: 5,
      topology: topology.set(),
      loss: loss.meanSquared(),
    });
    const targets = {
      rows: 120,
      cols: outputs,
      data: Float32Array.from({ length: 120 * outputs }, (_, p) => p % 3),
    };
    await model.fit(x, targets, { epochs: 1 });
    const before = model.predict(x);
    const last = copyOf(model, 1);
    model.addOutputs(added);
    const grown = copyOf(model, 1);
    const after = model.predict(x);
    const all = outputs + added;
    expect(after).toHaveLength(120 * all);
    const old = Float32Array.from(before, (_, p) => after[Math.floor(p / outputs) * all + (p % outputs)]);
    expect(bitsOf(old)).toEqual(bitsOf(before));
    // Connections: those before, and for each new output as many as the others have.
    const { indptr, indices, values } = grown.weights;
    expect(indptr.slice(0, outputs + 1)).toEqual(last.weights.indptr);
    expect(indices.slice(0, last.nnz)).toEqual(last.weights.indices);
    expect(bitsOf(values.slice(0, last.nnz))).toEqual(bitsOf(last.weights.values));
    expect(grown.bias).toEqual(Float32Array.of(...last.bias, ...new Float32Array(added)));
    const shares = Array.from({ length: added }, (_, r) => indptr[outputs + r + 1] - indptr[outputs + r]);
    for (const share of shares) expect(Math.abs(share - last.nnz / outputs)).toBeLessThan(1);
    expect(grown.nnz === 30 * all).toBe(density === 1);
    const drawn = values.slice(last.nnz);
    const bound = 1.5 * Math.sqrt((6 * all) / grown.nnz);
    expect(drawn.every((weight) => Math.abs(weight) <= bound)).toBe(true);
    expect(new Set(drawn).size).toBeGreaterThan(drawn.length / 2);
    model.dispose();
  });

  it.each(names)('goes on training, and from a checkpoint with the same bits: %s', async (name) => {
    const { arena } = await getEngine();
    const usage = arena.usage();
    const [one, two] = await Promise.all(
      [0, 1].map(() =>
        SparseMLP.create({ layers: [12, 40, 30, 4], epsilon: 3, seed: 3, topology: topologyByName(name) }),
      ),
    );
    const adam = optimizer.adam({ learningRate: 0.01 });
    const options = { epochs: 2, totalEpochs: 8, batchSize: 20, optimizer: adam };
    const logits = [];
    for (const model of [one, two]) {
      await model.fit(x, y, options);
      logits.push(await logitsOf(model));
      model.addOutputs(2);
    }
    expect(await sha256(two.save())).toBe(await sha256(one.save()));
    const after = await logitsOf(one);
    for (let row = 0; row < 120; row++) {
      expect(bitsOf(after.slice(6 * row, 6 * row + 4))).toEqual(
        bitsOf(logits[0].slice(4 * row, 4 * row + 4)),
      );
    }
    const again = await SparseMLP.resume(two.checkpoint());
    for (const model of [one, again]) {
      await model.fit(x, six, options);
      model.partialFit(x, six, { optimizer: adam, stepsPerEpoch: 3, totalEpochs: 9 });
    }
    expect(await sha256(again.save())).toBe(await sha256(one.save()));
    expect(one.predict(x)).toHaveLength(120 * 6);
    for (const model of [one, two, again]) model.dispose();
    expect(arena.usage()).toMatchObject({ blocks: usage.blocks, bytes: usage.bytes });
  });

  it('keeps the state of the optimiser of what was there, and begins anew with the rest', async () => {
    const momentum = optimizer.sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0, nesterov: false });
    const model = await SparseMLP.create({
      layers: [12, 4],
      density: 0.5,
      topology: topologyByName('static'),
    });
    await model.fit(x, y, { epochs: 1, optimizer: momentum });
    const before = copyOf(model, 0);
    // A step without a gradient moves by momentum · velocity alone: what it was is seen in the weights.
    const twin = await SparseMLP.resume(model.checkpoint());
    model.addOutputs(1);
    const zero = { rows: 1, cols: 12, data: new Float32Array(12) };
    for (const each of [model, twin]) each.partialFit(zero, [0], { optimizer: momentum });
    const [moved, expected] = [model.layers[0], twin.layers[0]];
    expect(bitsOf(moved.weights.values.slice(0, before.nnz))).toEqual(bitsOf(expected.weights.values));
    expect(moved.weights.values.slice(0, before.nnz)).not.toEqual(before.weights.values);
    for (const each of [model, twin]) each.dispose();
  });

  it('ends an epoch of pieces that is under way', async () => {
    const model = await SparseMLP.create({ layers: [12, 20, 4], seed: 1, topology: topology.set() });
    model.partialFit(x, y, { batchSize: 60, stepsPerEpoch: 10 });
    model.addOutputs();
    expect(model.epochs).toBe(1);
    expect(
      model.partialFit(
        x,
        six.map((label) => Math.min(4, label)),
        { batchSize: 60, stepsPerEpoch: 10 },
      ).loss,
    ).toBeGreaterThan(0);
    model.dispose();
  });

  it('learns the new class', async () => {
    const model = await SparseMLP.create({ layers: [12, 60, 3], epsilon: 6, seed: 1 });
    const known = [...y.keys()].filter((r) => y[r] < 3);
    const rows = (list: number[]) => ({
      rows: list.length,
      cols: 12,
      data: Float32Array.from(list.flatMap((r) => [...x.data.subarray(12 * r, 12 * r + 12)])),
    });
    const adam = optimizer.adam({ learningRate: 0.01 });
    await model.fit(
      rows(known),
      known.map((r) => y[r]),
      { epochs: 20, batchSize: 20, optimizer: adam },
    );
    expect(() => model.evaluate(x, y)).toThrow(expect.objectContaining({ code: 'E_LABEL' }));
    model.addOutputs(1);
    await model.fit(x, y, { epochs: 40, batchSize: 20, optimizer: adam });
    expect(model.evaluate(x, y).accuracy).toBeGreaterThan(0.9);
    model.dispose();
  });

  it.each([
    ['the names that are given', ['a', 'b', 3, 'd'], ['e', 5], ['a', 'b', 3, 'd', 'e', 5]],
    ['their numbers, where the others have names', ['a', 'b', 3, 'd'], undefined, ['a', 'b', 3, 'd', 4, 5]],
    ['numbers, where the others have none', undefined, ['e', 'f'], [0, 1, 2, 3, 'e', 'f']],
    ['no names', undefined, undefined, undefined],
  ])('gives the new outputs %s', async (_, labelNames, more, expected) => {
    const model = await SparseMLP.create({
      layers: [12, 40, 4],
      seed: 2,
      metadata: { of: 'mine' },
      ...(labelNames && { labelNames }),
    });
    await model.fit(x, y, { epochs: 1 });
    model.addOutputs(2, more && { labelNames: more });
    const adam = optimizer.adam({ learningRate: 0.01 });
    for (let pass = 0; pass < 60; pass++) model.partialFit(x, six, { batchSize: 20, optimizer: adam });
    expect(model.metadata).toEqual({ of: 'mine', ...(expected && { labelNames: expected }) });
    const again = await SparseMLP.load(model.save());
    const names = expected ?? [0, 1, 2, 3, 4, 5];
    for (const each of [model, again]) {
      const answers = each.predict(x);
      const likeliest = Array.from({ length: 120 }, (_, r) => {
        const row = [...answers.subarray(6 * r, 6 * r + 6)];
        return names[row.indexOf(Math.max(...row))];
      });
      expect(each.predictLabels(x)).toEqual(likeliest);
      const metrics = each.metrics(x, six);
      if (metrics.kind !== 'classification') throw new Error(metrics.kind);
      expect(metrics.classes.map(({ label }) => label)).toEqual(names);
      each.dispose();
    }
    expect(new Set([...six])).toContain(5);
  });

  it('refuses names that are there already, too many, too few or none, and changes nothing', async () => {
    const model = await SparseMLP.create({ layers: [12, 20, 4], labelNames: ['a', 'b', 'c', 5] });
    const saved = model.save();
    const wrong: [number, unknown, string, string][] = [
      [1, ['a'], 'E_ARGUMENT', 'labelNames[4] is "a"; expected each name once'],
      [2, undefined, 'E_ARGUMENT', 'labelNames[5] is 5; expected each name once'],
      [2, ['e'], 'E_SHAPE', 'labelNames has 1 names; expected 2, one for each new output'],
      [1, ['e', 'f'], 'E_SHAPE', 'labelNames has 2 names; expected 1'],
      [1, [null], 'E_ARGUMENT', 'labelNames[4] is null; expected a text or a number'],
      [1, 'e', 'E_ARGUMENT', 'labelNames is "e"; expected an array'],
    ];
    for (const [count, labelNames, code, words] of wrong) {
      expect(() => model.addOutputs(count, { labelNames: labelNames as string[] })).toThrow(
        expect.objectContaining({ code, message: expect.stringContaining(words) }),
      );
      expect(model.metadata).toEqual({ labelNames: ['a', 'b', 'c', 5] });
      expect(model.save()).toEqual(saved);
    }
    expect(() => model.addOutputs(1, { names: ['e'] } as never)).toThrow('no option "names"');
    // Names of another number of outputs are not taken for names.
    model.save({ labelNames: ['a'] });
    expect(() => model.addOutputs(1)).toThrow(expect.objectContaining({ code: 'E_SHAPE' }));
    model.dispose();
  });

  it.each([true, false])(
    'answers numbers in the units from before, around 0 in new outputs: %s',
    async (scaleTargets) => {
      const model = await SparseMLP.create({
        layers: [12, 30, 2],
        seed: 5,
        scaleTargets,
        loss: loss.meanSquared(),
      });
      const numbers = (cols: number) => ({
        rows: 120,
        cols,
        data: Float32Array.from({ length: 120 * cols }, (_, p) => 500 + 10 * (p % 7)),
      });
      await model.fit(x, numbers(2), { epochs: 2 });
      const before = model.predict(x);
      model.addOutputs(1);
      const after = model.predict(x);
      expect(Float32Array.from(before, (_, p) => after[3 * (p >> 1) + (p % 2)])).toEqual(before);
      const added = Float32Array.from({ length: 120 }, (_, r) => after[3 * r + 2]);
      expect(added.every((value) => Math.abs(value) < 250)).toBe(true);
      expect(model.evaluate(x, numbers(3)).loss).toBeGreaterThan(250 ** 2 / 3);
      expect(model.partialFit(x, numbers(3)).loss).toBeCloseTo(model.evaluate(x, numbers(3)).loss, -4);
      const metrics = model.metrics(x, numbers(3));
      expect(metrics.kind).toBe('regression');
      const again = await SparseMLP.load(model.save());
      expect(again.predict(x)).toEqual(model.predict(x));
      for (const each of [model, again]) each.dispose();
    },
  );

  it('changes nothing where it is refused', async () => {
    const own: Initializer = { name: 'mine', options: {}, bound: () => 0.1 };
    const model = await SparseMLP.create({ layers: [12, 20, 4], initializer: own, topology: topology.set() });
    const saved = model.save();
    for (const count of [0, -1, 1.5, Number.NaN, 2 ** 30]) {
      expect(() => model.addOutputs(count)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
    }
    expect(model.save()).toEqual(saved);
    const loaded = await SparseMLP.load(saved);
    expect(() => loaded.addOutputs(1)).toThrow('initializer "mine" is not one of this package');
    const epochs = model.train(x, y, { epochs: 2 });
    await epochs.next();
    expect(() => model.addOutputs(1)).toThrow(expect.objectContaining({ code: 'E_BUSY' }));
    await epochs.return();
    for (const each of [model, loaded]) each.dispose();
    expect(() => model.addOutputs(1)).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
  });

  it('scales what a method aims at with the outputs', async () => {
    const model = await SparseMLP.create({
      layers: [12, 20, 4],
      density: [0.5, 0.5],
      topology: topology.prune(),
    });
    model.addOutputs(4);
    expect(model.layers[1].nnz).toBe(20 * 8);
    await model.fit(x, six, { epochs: 3, batchSize: 20 });
    expect(model.layers[1].nnz).toBe(20 * 8 * 0.5);
    expect(CsrMatrix.fromParts(model.layers[1].weights).density).toBe(0.5);
    model.dispose();
  });
});
