// Labels by name: the same bits as the same labels as integers, and nothing guessed.
import { afterEach, describe, expect, it } from 'vitest';
import { encodeLabels } from '../../../src/data/index.ts';
import { SparseMLP, type Targets, topology, WorkerModel } from '../../../src/index.ts';
import { quadrants } from '../../support/problems.ts';

const { x, y } = quadrants(120, 6);
/** What the four classes are called, in no order. */
const CALLED = ['pear', 'Apple', 'fig', 'apple'];
const named = Array.from(y, (label) => CALLED[label]);
/** The same labels as integers, in the order of the sorted names, by the reader's own rule. */
const { labels: sorted, labelNames } = encodeLabels(named);

const models: { dispose(): void }[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});
function ending<M extends { dispose(): void }>(model: M): M {
  models.push(model);
  return model;
}

const options = { layers: [6, 30, 4], epsilon: 3, seed: 2, topology: topology.set() };
const create = async (more = {}) => ending(await SparseMLP.create({ ...options, ...more }));
const createInWorker = async (more = {}) => ending(await WorkerModel.create({ ...options, ...more }));
const coded = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('labels by name', () => {
  it('are classes in the order of the sorted names, with the bits of integers', async () => {
    expect(labelNames).toEqual(['Apple', 'apple', 'fig', 'pear']);
    const byNumber = await create({ labelNames });
    const byName = await create();
    const there = await createInWorker();
    const training = (labels: Targets) => ({
      epochs: 3,
      validation: { x, y: labels },
      test: { x, y: labels },
      classWeight: [1, 2, 3, 4],
    });
    await byNumber.fit(x, sorted, training(sorted));
    await byName.fit(x, named, training(named));
    await there.fit(x, named, training(named));
    expect(byName.metadata).toEqual({ labelNames });
    expect(byName.save()).toEqual(byNumber.save());
    expect(await there.save()).toEqual(byNumber.save());
    expect(there.metadata).toEqual({ labelNames });
    expect(byName.predictLabels(x)).toEqual(
      Array.from({ length: x.rows }, (_, r) => {
        const own = byNumber.predict(x).subarray(4 * r, 4 * r + 4);
        return labelNames[own.indexOf(Math.max(...own))];
      }),
    );
    expect(byName.evaluate(x, named)).toEqual(byNumber.evaluate(x, sorted));
    expect(byName.metrics(x, named)).toEqual(byNumber.metrics(x, sorted));
    expect(await there.evaluate(x, named)).toEqual(byNumber.evaluate(x, sorted));
    const importance = { by: 'attribution', x } as const;
    expect(byName.inputImportance({ ...importance, y: named })).toEqual(
      byNumber.inputImportance({ ...importance, y: sorted }),
    );
    const again = ending(await SparseMLP.resume(byName.checkpoint()));
    expect(again.evaluate(x, named)).toEqual(byNumber.evaluate(x, sorted));
  });

  it('are those of the option labelNames, in its order; rows of all classes need not be there', async () => {
    const byNumber = await create({ labelNames: CALLED });
    const byName = await create({ labelNames: CALLED });
    const some = y.filter((label) => label !== 2);
    const rows = { rows: some.length, cols: 6, data: x.data.subarray(0, 6 * some.length) };
    await byNumber.fit(rows, some, { epochs: 2 });
    await byName.fit(
      rows,
      Array.from(some, (label) => CALLED[label]),
      { epochs: 2 },
    );
    expect(byName.save()).toEqual(byNumber.save());
    expect(byName.metadata).toEqual({ labelNames: CALLED });
  });

  it('may name classes that are called by numbers; a text goes before a number', async () => {
    const model = await create({ labelNames: ['1', 1, 7, 'b'] });
    const numbers = await create({ labelNames: ['1', 1, 7, 'b'] });
    const three = { rows: 3, cols: 6, data: x.data.subarray(0, 18) };
    expect(model.evaluate(three, ['7', '1', 'b'])).toEqual(numbers.evaluate(three, [2, 0, 3]));
  });

  it('come in pieces and calls of partialFit, of which the first one names all classes', async () => {
    const byNumber = await create({ labelNames });
    const byName = await create();
    const there = await createInWorker();
    const few = { rows: 1, cols: 6, data: x.data.subarray(0, 6) };
    byNumber.partialFit(x, sorted);
    byNumber.partialFit(few, [2]);
    byName.partialFit(x, named);
    byName.partialFit(few, ['fig']);
    await there.partialFit(x, named);
    await there.partialFit(few, ['fig']);
    expect(byName.save()).toEqual(byNumber.save());
    expect(await there.save()).toEqual(byNumber.save());
    byName.addOutputs(1, { labelNames: ['kiwi'] });
    byName.partialFit(few, ['kiwi']);

    const onPieces = await create();
    await onPieces.fit(
      [
        { x, y: named },
        { x: few, y: ['fig'] },
      ],
      { validation: { x, y: named } },
    );
    const reference = await create({ labelNames });
    await reference.fit(
      [
        { x, y: sorted },
        { x: few, y: [2] },
      ],
      { validation: { x, y: sorted } },
    );
    expect(onPieces.save()).toEqual(reference.save());
  });

  it('stay unknown where a training fails before its first step', async () => {
    const model = await create();
    const before = model.save();
    await expect(model.fit(x, named, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'E_ABORTED',
    });
    await expect(model.fit(x, named, { validation: { x, y: [...named.slice(1), 'kiwi'] } })).rejects.toEqual(
      coded('E_LABEL', /y\[119\] is "kiwi"; expected a class: "Apple", "apple", "fig", "pear"/),
    );
    expect(model.save()).toEqual(before);
    expect(model.metadata).toEqual({});
  });

  it.each<[string, unknown, string, RegExp]>([
    ['fewer than outputs', named.map(() => 'fig'), 'E_SHAPE', /1 different names \("fig"\), .* 4 outputs/],
    ['more than outputs', named.map((_, r) => `n${r}`), 'E_SHAPE', /120 different names \("n0", .*…\)/],
    ['mixed with numbers', ['fig', ...sorted.subarray(1)], 'E_LABEL', /y\[1\] is \d; expected the name/],
    ['numbers first', [1, ...named.slice(1)], 'E_LABEL', /y\[1\] is "\w+"; expected an integer from 0 to 3/],
    ['empty', ['', ...named.slice(1)], 'E_LABEL', /y\[0\] is ""; expected the name of a class/],
    ['of too few rows', named.slice(1), 'E_SHAPE', /119 labels for 120 rows/],
  ])('are refused where they are %s', async (_, given, code, message) => {
    const here = await create();
    const there = await createInWorker();
    expect(() => here.train(x, given as Targets)).toThrow(coded(code, message));
    await expect(there.fit(x, given as Targets)).rejects.toEqual(coded(code, message));
  });

  it('are refused by models that have learnt integers, or learn numbers', async () => {
    const model = await create();
    expect(() => model.evaluate(x, named)).toThrow(coded('E_LABEL', /outputs of this model have none/));
    await model.fit(x, sorted, { epochs: 1 });
    expect(() => model.train(x, named)).toThrow(coded('E_LABEL', /outputs of this model have none/));
    const loaded = ending(await SparseMLP.load(model.save({ labelNames })));
    expect(loaded.evaluate(x, named)).toEqual(model.evaluate(x, sorted));
    const regression = await create({ layers: [6, 10, 1] });
    expect(() => regression.train(x, named)).toThrow(coded('E_ARGUMENT', /expected a number/));
  });
});
