// With restoreBest the network is that of the best epoch when training has ended.
import { describe, expect, it } from 'vitest';
import {
  type Epoch,
  optimizer,
  SparseMLP,
  type Topology,
  type TrainOptions,
  topology,
} from '../../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const { x, y } = quadrants(200, 12);
const validation = quadrants(70, 12, 5);
const names = Object.keys(methods) as MethodName[];
const create = (name: MethodName) =>
  SparseMLP.create({ layers: [12, 40, 30, 4], epsilon: 3, seed: 3, topology: topologyByName(name) });
/** Steps so large that the last epoch is not the best one. */
const options: TrainOptions = {
  epochs: 14,
  batchSize: 40,
  optimizer: optimizer.adam({ learningRate: 0.05 }),
  validation,
};
const score = (model: SparseMLP) => model.evaluate(validation.x, validation.y);
/** The bits of a model, but for the number of its epochs. */
const bitsOf = (model: SparseMLP) =>
  model.layers.map(({ weights: { indptr, indices, values }, bias }) => [indptr, indices, values, bias]);

describe.each(names)('the best network of %s', (name) => {
  it('is there after fit, to the bit, and fit says which epoch it is of', async () => {
    const model = await create(name);
    const { epochs, best, kept } = await model.fit(x, y, options);
    expect(kept).toBe(best);
    expect(epochs).toHaveLength(14);
    expect(score(model)).toEqual({ loss: best.valLoss, accuracy: best.valAccuracy });
    expect(model.epochs).toBe(14);
    // The same as a training that is left there.
    const left = await create(name);
    for await (const { epoch } of left.train(x, y, options)) if (epoch === best.epoch) break;
    expect(bitsOf(model)).toEqual(bitsOf(left));
    for (const each of [model, left]) each.dispose();
  });

  it('is the best among those with as few connections as the last one', async () => {
    const model = await create(name);
    const counts: number[] = [];
    const { epochs, best } = await model.fit(x, y, { ...options, onEpoch: () => counts.push(model.nnz) });
    expect(model.nnz).toBe(counts[13]);
    const rivals = epochs.filter((_, e) => counts[e] === counts[13]);
    const top = Math.max(...rivals.map(({ valAccuracy }) => Number(valAccuracy)));
    const equals = rivals.filter(({ valAccuracy }) => valAccuracy === top);
    const lowest = Math.min(...equals.map(({ valLoss }) => Number(valLoss)));
    expect(best).toBe(equals.find(({ valLoss }) => valLoss === lowest));
    model.dispose();
  });

  it('comes back from any checkpoint, and training goes on the same way', async () => {
    const model = await create(name);
    const checkpoints: Uint8Array[] = [];
    const { epochs, best } = await model.fit(x, y, {
      ...options,
      onEpoch: () => checkpoints.push(model.checkpoint()),
    });
    checkpoints.push(model.checkpoint());
    const bits = await sha256(model.save());
    await model.fit(x, y, { ...options, epochs: 2 });
    const later = await sha256(model.save());
    for (const at of [0, best.epoch - 1, Math.min(best.epoch, 13), 12, 13, 14]) {
      const again = await SparseMLP.resume(checkpoints[at]);
      expect(again.checkpoint(), `checkpoint ${at}`).toEqual(checkpoints[at]);
      const history = await again.fit(x, y, options);
      expect(history.best.epoch).toBe(best.epoch);
      expect(history.epochs.map(({ loss }) => loss)).toEqual(epochs.map(({ loss }) => loss));
      expect(await sha256(again.save()), `checkpoint ${at}`).toBe(bits);
      await again.fit(x, y, { ...options, epochs: 2 });
      expect(await sha256(again.save()), `checkpoint ${at}, later`).toBe(later);
      again.dispose();
    }
    model.dispose();
  });
});

describe('restoreBest', () => {
  it('is what fit does where there is validation, and train does when asked', async () => {
    const run = async (how: TrainOptions, byFit: boolean) => {
      const model = await create('set');
      const all = { ...options, ...how };
      if (byFit) await model.fit(x, y, all);
      else for await (const _ of model.train(x, y, all));
      const { loss } = score(model);
      const { history } = model;
      model.dispose();
      const [best, last] = [history.findLast((epoch) => epoch.best), history[history.length - 1]];
      return [best?.valLoss, last.valLoss].indexOf(loss);
    };
    expect(await run({}, true)).toBe(0);
    expect(await run({ restoreBest: true }, false)).toBe(0);
    expect(await run({ restoreBest: false }, true)).toBe(1);
    expect(await run({}, false)).toBe(1);
  });

  it('leaves the last epoch’s network where nothing is validated, and cannot be asked for', async () => {
    const model = await create('set');
    const { epochs, kept } = await model.fit(x, y, { epochs: 4 });
    expect(kept).toBe(epochs[3]);
    const wrong = { epochs: 1, restoreBest: true };
    expect(() => model.train(x, y, wrong)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
    await expect(model.fit(x, y, wrong)).rejects.toThrow(/restoreBest is true and nothing is validated/);
    await expect(model.fit(x, y, { restoreBest: 1 } as never)).rejects.toThrow('expected true or false');
    model.dispose();
  });

  it('holds where patience ends training', async () => {
    const model = await create('set');
    const { epochs, best } = await model.fit(x, y, { ...options, epochs: 200, patience: 3 });
    expect(epochs).toHaveLength(best.epoch + 3);
    expect(score(model)).toEqual({ loss: best.valLoss, accuracy: best.valAccuracy });
    model.dispose();
  });

  it('does not change what the last epoch reports', async () => {
    const [first, second] = [await create('set'), await create('set')];
    const seen: Epoch[][] = [[], []];
    const inLoop: Uint8Array[] = [];
    for await (const epoch of first.train(x, y, { ...options, restoreBest: true })) {
      seen[0].push(epoch);
      inLoop.push(first.save());
    }
    for await (const epoch of second.train(x, y, options)) seen[1].push(epoch);
    const plain = (epochs: Epoch[]) => epochs.map(({ loss, valLoss, best }) => ({ loss, valLoss, best }));
    expect(plain(seen[0])).toEqual(plain(seen[1]));
    expect(inLoop[13]).toEqual(second.save());
    expect(first.save()).not.toEqual(inLoop[13]);
    for (const each of [first, second]) each.dispose();
  });

  it('of a resumed training is the checkpoint’s by default', async () => {
    const model = await create('set');
    const kept: Uint8Array[] = [];
    for await (const _ of model.train(x, y, options)) kept.push(model.checkpoint());
    const last = await sha256(model.save());
    const again = await SparseMLP.resume(kept[5]);
    await again.fit(x, y, options);
    expect(await sha256(again.save())).toBe(last);
    // Only the one: a new training restores again.
    const { kept: epoch, best } = await again.fit(x, y, { ...options, epochs: 3 });
    expect(epoch).toBe(best);
    const other = await SparseMLP.resume(kept[5]);
    await expect(other.fit(x, y, { ...options, restoreBest: true })).rejects.toThrow(
      'restoreBest is true; expected false',
    );
    for (const each of [model, again, other]) each.dispose();
  });

  it('keeps what the method remembers: a method of one’s own may change it in place', async () => {
    const set = topology.set();
    const own: Topology<{ updates: number }> = {
      name: 'counting',
      options: {},
      init: (...args) => ({ ...set.init(...args), state: { updates: 0 } }),
      *evolve(network, states, tools) {
        for (const state of states) state.updates++;
        const none = states.map(() => null);
        const evolved = set.evolve?.(network, none, tools) ?? expect.fail('it does not evolve');
        return { ...('next' in evolved ? yield* evolved : evolved), states };
      },
    };
    const model = await SparseMLP.create({ layers: [12, 40, 4], topology: own as Topology, seed: 4 });
    const { best } = await model.fit(x, y, { ...options, optimizer: optimizer.adam({ learningRate: 0.2 }) });
    expect(best.epoch).toBeLessThan(14);
    const bytes = new TextDecoder().decode(model.checkpoint());
    expect(bytes).toContain(`\\"updates\\":${best.epoch - 1}}`);
    model.dispose();
  });
});
