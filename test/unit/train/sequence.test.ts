// Calls of train and fit on one model continue one training; what an epoch reports is what save() writes
// then.
import { describe, expect, it } from 'vitest';
import { type Epoch, optimizer, type Progress, SparseMLP, topology } from '../../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const { x, y } = quadrants(200, 12);
const names = Object.keys(methods) as MethodName[];
const EPOCHS = 20;

const create = (name: MethodName) =>
  SparseMLP.create({
    layers: [12, 40, 30, 4],
    epsilon: 3,
    seed: 3,
    // Patience that runs out within the training.
    topology: topologyByName(name, name === 'ctre-seq' ? { patience: 2 } : {}),
  });

const options = { batchSize: 40, optimizer: optimizer.adam({ learningRate: 0.01 }), restoreBest: false };
/** What epochs came to, without their numbers, their times, and what is compared within a call only. */
const figures = (epochs: readonly Epoch[]) =>
  epochs.map(({ loss, accuracy, valLoss, valAccuracy, evolution }) => {
    return { loss, accuracy, valLoss, valAccuracy, layers: evolution?.layers, by: evolution?.candidates };
  });

describe.each(names)('a sequence of calls, %s', (name) => {
  it.each([{}, { validationSplit: 0.2 }])(
    'is one training: 20 × 1 epoch are 20 epochs (%o)',
    async (split) => {
      const [whole, parts] = [await create(name), await create(name)];
      const { epochs } = await whole.fit(x, y, { ...options, ...split, epochs: EPOCHS });
      const seen: Epoch[] = [];
      for (let call = 0; call < EPOCHS; call++) {
        const history = await parts.fit(x, y, { ...options, ...split, epochs: 1, totalEpochs: EPOCHS });
        expect(history.epochs).toHaveLength(1);
        seen.push(...history.epochs);
      }
      expect(figures(seen)).toEqual(figures(epochs));
      expect(parts.epochs).toBe(EPOCHS);
      expect(await sha256(parts.save())).toBe(await sha256(whole.save()));
      // The next update is due in both alike.
      for (const model of [whole, parts]) await model.fit(x, y, { ...options, ...split, epochs: 2 });
      expect(await sha256(parts.save())).toBe(await sha256(whole.save()));
      for (const model of [whole, parts]) model.dispose();
    },
  );

  it('hands over the network that the epoch reports', async () => {
    const validation = quadrants(90, 12, 5);
    const model = await create(name);
    for await (const { valLoss, valAccuracy } of model.train(x, y, { ...options, epochs: 4, validation })) {
      const saved = await SparseMLP.load(model.save());
      expect(saved.evaluate(validation.x, validation.y)).toEqual({ loss: valLoss, accuracy: valAccuracy });
      saved.dispose();
    }
    model.dispose();
  });
});

describe('the natural loop', () => {
  it('evolves', async () => {
    const model = await create('set');
    let grown = 0;
    for (let call = 0; call < EPOCHS; call++) {
      const { epochs } = await model.fit(x, y, { epochs: 1 });
      for (const layer of epochs[0].evolution?.layers ?? []) grown += layer?.grown ?? 0;
    }
    expect(grown).toBeGreaterThan(500);
    model.dispose();
  });
});

describe('the schedule', () => {
  /** A method that notes how far training is at every update. */
  const watching = (seen: Progress[]) => {
    const set = topology.set();
    return {
      ...set,
      evolve: ((network, states, tools) => {
        seen.push(network.progress);
        return set.evolve?.(network, states, tools) ?? expect.fail('it does not evolve');
      }) as NonNullable<typeof set.evolve>,
    };
  };
  const places = (seen: readonly Progress[]) => seen.map(({ epoch, epochs }) => [epoch, epochs]);

  it('goes by the epochs of the model, and by a total that is those and the call’s', async () => {
    const seen: Progress[] = [];
    const model = await SparseMLP.create({ layers: [12, 20, 4], topology: watching(seen) });
    await model.fit(x, y, { epochs: 3 });
    await model.fit(x, y, { epochs: 2 });
    await model.fit(x, y, { epochs: 2, totalEpochs: 50 });
    expect(places(seen)).toEqual([
      [1, 3],
      [2, 3],
      [3, 5],
      [4, 5],
      [5, 50],
      [6, 50],
    ]);
    expect(seen.every(({ accuracy }) => accuracy > 0)).toBe(true);
    model.dispose();
  });

  it('of a loaded model goes on with its epochs, and nothing is due', async () => {
    const seen: Progress[] = [];
    const method = watching(seen);
    const model = await SparseMLP.create({ layers: [12, 20, 4], topology: method });
    await model.fit(x, y, { epochs: 3 });
    seen.length = 0;
    const loaded = await SparseMLP.load(model.save(), { topology: method });
    const { epochs } = await loaded.fit(x, y, { epochs: 3 });
    expect(epochs.map(({ evolution }) => evolution !== undefined)).toEqual([false, true, true]);
    expect(places(seen)).toEqual([
      [4, 6],
      [5, 6],
    ]);
    expect(loaded.epochs).toBe(6);
    for (const each of [model, loaded]) each.dispose();
  });

  it('has no fewer epochs than there will be', async () => {
    const model = await create('set');
    await model.fit(x, y, { epochs: 3 });
    const few = { epochs: 2, totalEpochs: 4 };
    expect(() => model.train(x, y, few)).toThrow(
      'totalEpochs is 4; expected at least 5: 3 epochs before this training and 2 of it',
    );
    await expect(model.fit(x, y, few)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    // It was enough when it was asked for.
    const late = model.train(x, y, { epochs: 2, totalEpochs: 5 });
    await model.fit(x, y, { epochs: 1 });
    await expect(late.next()).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    await expect(model.fit(x, y, { totalEpochs: 0.5 })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    expect(model.epochs).toBe(4);
    model.dispose();
  });
});

it('fit waits for the promise of onEpoch', async () => {
  const model = await create('set');
  const seen: string[] = [];
  const onEpoch = async ({ epoch }: Epoch) => {
    seen.push(`begin ${epoch}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push(`end ${epoch}, ${model.epochs}`);
  };
  await model.fit(x, y, { epochs: 2, onEpoch });
  expect(seen).toEqual(['begin 1', 'end 1, 1', 'begin 2', 'end 2, 2']);
  const mine = new Error('mine');
  await expect(model.fit(x, y, { epochs: 2, onEpoch: () => Promise.reject(mine) })).rejects.toBe(mine);
  expect(model.epochs).toBe(3);
  model.dispose();
});
