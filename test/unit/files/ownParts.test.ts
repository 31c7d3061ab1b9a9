// Models with a topology, an initialiser or an optimiser of one's own: files cannot hold their functions.
import { describe, expect, it } from 'vitest';
import {
  type Initializer,
  type Optimizer,
  optimizer,
  SparseMLP,
  type Topology,
  topology,
} from '../../../src/index.ts';
import { WorkerModel } from '../../../src/remote/workerModel.ts';
import {
  growFound,
  pickPositions,
  pruneWeakest,
  sampleFree,
  startAtRandom,
  strongest,
} from '../../../src/topology/index.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const { x, y } = quadrants(120, 12);
const set = topology.set();
/**
 * It counts its updates, prunes a larger share with each, and has a schedule of its own in steps: what it
 * remembers and how far it is decide its bits.
 */
const ownTopology = (share = 0.3): Topology<number> => ({
  name: 'mine',
  options: { share, nested: { list: [1, share] } },
  init: (layer, random) => ({ ...startAtRandom(layer, random), state: 0 }),
  isDue: ({ step }) => step % 3 === 0,
  *evolve(network, states, tools) {
    const replaced = pruneWeakest(network, tools, share * (1 - 1 / (2 + states[0])));
    const drawn = replaced.map((r, l) => {
      const free = r && r.layer.inDim * r.layer.outDim - r.kept.indices.length;
      return r && free
        ? sampleFree(r.kept, Math.min(2 * r.count, free), tools.random(`drawn/${l}`))
        : undefined;
    });
    const scores = yield* tools.scoreAt(drawn, 'cosine', tools.sampleRows(20));
    const found = replaced.map((r, l) => {
      const [positions, list] = [drawn[l], scores[l]];
      return r && positions && list && pickPositions(positions, strongest(list, r.count));
    });
    return { edits: growFound(replaced, found), states: states.map((updates) => updates + 1), by: 'cosine' };
  },
  restore(state) {
    if (typeof state === 'number') return state;
    throw new RangeError(`${state} is no number of updates`);
  },
});
const ownInitializer = (bound = 0.2): Initializer => ({
  name: 'even',
  options: { bound },
  bound: () => bound,
});
const sgd = optimizer.sgd();
/** Sixteen arrays, of which it needs one. */
const ownOptimizer = (rate = 0.05): Optimizer => ({
  name: 'steady',
  options: { rate },
  slots: 16,
  step: (kernels, { slots, ...parameters }, time, decay) =>
    sgd.step(kernels, { ...parameters, slots: slots.slice(0, 1) }, time, decay),
});
const own = () => ({
  topology: ownTopology() as Topology,
  initializer: ownInitializer(),
  growInitializer: ownInitializer(0.1),
});
const create = () => SparseMLP.create({ layers: [12, 20, 4], epsilon: 3, seed: 2, ...own() });
const training = () => ({ epochs: 6, batchSize: 30, optimizer: ownOptimizer() });

/** After 3 of 6 epochs: the model's file, a checkpoint, and what came of it in the end. */
async function made() {
  const model = await create();
  let files: { saved: Uint8Array; checkpoint: Uint8Array } | undefined;
  for await (const { epoch } of model.train(x, y, training())) {
    if (epoch === 3) files = { saved: model.save(), checkpoint: model.checkpoint() };
  }
  const hash = await sha256(model.save());
  model.dispose();
  return { ...(files ?? expect.fail('there are no files')), hash };
}

describe('a model with parts of one’s own', () => {
  it('is loaded with them, and trains on', async () => {
    const { saved } = await made();
    const model = await SparseMLP.load(saved, own());
    expect(model.save()).toEqual(saved);
    expect(model.method).toBe('mine');
    const { epochs } = await model.fit(x, y, training());
    expect(epochs[0].evolution?.layers[0]?.pruned).toBeGreaterThan(0);
    model.dispose();
  });

  it.each([true, false])('is resumed with them to the same bits (optimiser in resume: %s)', async (early) => {
    const { checkpoint, hash } = await made();
    const model = await SparseMLP.resume(checkpoint, {
      ...own(),
      ...(early && { optimizer: ownOptimizer() }),
    });
    expect(model.checkpoint()).toEqual(checkpoint);
    const { optimizer: late, ...rest } = training();
    const { epochs } = await model.fit(x, y, early ? rest : { ...rest, optimizer: late });
    expect(epochs).toHaveLength(6);
    expect(await sha256(model.save())).toBe(hash);
    model.dispose();
  });

  it('is resumed with what its method remembers, checked by the method', async () => {
    const { checkpoint } = await made();
    const seen: unknown[] = [];
    const restore = (state: unknown) => {
      seen.push(state);
      return state;
    };
    const model = await SparseMLP.resume(checkpoint, {
      ...own(),
      topology: { ...ownTopology(), restore } as Topology,
    });
    // 4 steps an epoch, an update before every third one but the first.
    expect(seen).toEqual([3, 3]);
    model.dispose();
    const wrong = { ...ownTopology(), restore: () => expect.fail('it is no state') } as Topology;
    await expect(SparseMLP.resume(checkpoint, { ...own(), topology: wrong })).rejects.toThrow(
      'it is no state',
    );
  });

  it('loads and resumes without them for all but training, which says what is missing', async () => {
    const { saved, checkpoint } = await made();
    const truth = await SparseMLP.load(saved, own());
    const models = [await SparseMLP.load(saved), await SparseMLP.resume(checkpoint)];
    for (const model of models) {
      expect(model.predict(x)).toEqual(truth.predict(x));
      expect(model.evaluate(x, y)).toEqual(truth.evaluate(x, y));
      expect(model.save()).toEqual(saved);
      expect(() => model.train(x, y)).toThrow(
        'the model\'s topology "mine" is not one of this package, so the model cannot be trained; ' +
          'give it to SparseMLP.load or SparseMLP.resume again, as the option topology',
      );
      await expect(model.fit(x, y)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    }
    expect(models[1].checkpoint()).toEqual(checkpoint);
    const { topology: method } = own();
    const growing = await SparseMLP.load(saved, { topology: method });
    expect(() => growing.train(x, y)).toThrow('the model\'s growInitializer "even"');
    // The first weights are drawn, so nobody asks for the initialiser any more.
    const { initializer: _first, ...enough } = own();
    const complete = await SparseMLP.load(saved, enough);
    await complete.fit(x, y, { epochs: 2 });
    const late = await SparseMLP.resume(checkpoint, own());
    await expect(late.fit(x, y, { ...training(), optimizer: undefined })).rejects.toThrow(
      'expected ["steady",{"rate":0.05}], as in the checkpoint\'s training',
    );
    await late.fit(x, y, training());
    for (const model of [truth, growing, complete, late, ...models]) model.dispose();
  });

  it('does not take others for them', async () => {
    const { saved, checkpoint } = await made();
    const load = (change: object) => SparseMLP.load(saved, { ...own(), ...change });
    await expect(load({ topology: topology.set() })).rejects.toThrow(
      'topology is "set"; expected "mine", as the saved model has',
    );
    await expect(load({ topology: ownTopology(0.4) })).rejects.toThrow(
      'topology "mine" has share 0.4; expected 0.3, as the saved model has',
    );
    await expect(load({ topology: { ...ownTopology(), options: {} } })).rejects.toThrow(
      'topology "mine" has share not set; expected 0.3',
    );
    await expect(load({ initializer: ownInitializer(0.3) })).rejects.toThrow(
      'initializer "even" has bound 0.3',
    );
    await expect(load({ growInitializer: 1 })).rejects.toThrow('growInitializer is 1');
    await expect(load({ optimizer: ownOptimizer() })).rejects.toThrow('has no option "optimizer"');
    const resume = (optimizer: Optimizer) => SparseMLP.resume(checkpoint, { ...own(), optimizer });
    await expect(resume(optimizer.adam())).rejects.toThrow('optimizer is "adam"; expected "steady"');
    await expect(resume(ownOptimizer(1))).rejects.toThrow('optimizer "steady" has rate 1; expected 0.05');
    await expect(resume({ ...ownOptimizer(), slots: 3 })).rejects.toMatchObject({ code: 'E_FORMAT' });
  });

  it('may hand over what the package would make, too', async () => {
    const model = await SparseMLP.create({ layers: [12, 20, 4], topology: set });
    const again = await SparseMLP.load(model.save(), { topology: topology.set() });
    await expect(SparseMLP.load(model.save(), { topology: topology.cte() })).rejects.toThrow(
      'topology is "cte"; expected "set"',
    );
    expect(again.save()).toEqual(model.save());
    for (const each of [model, again]) each.dispose();
  });

  it('is in a worker for all but training, which says why', async () => {
    const { saved, checkpoint } = await made();
    const truth = await SparseMLP.load(saved);
    for (const model of [await WorkerModel.load(saved), await WorkerModel.resume(checkpoint)]) {
      expect(await model.predict(x)).toEqual(truth.predict(x));
      expect(await model.save()).toEqual(saved);
      await expect(model.fit(x, y)).rejects.toThrow(
        /topology "mine" is not one of this package.*a WorkerModel takes the URL of its module$/,
      );
      model.dispose();
    }
    const { topology: functions, ...others } = own();
    await expect((async () => WorkerModel.load(saved, others as never))()).rejects.toThrow(
      'WorkerModel.load has no option "initializer"',
    );
    await expect((async () => WorkerModel.load(saved, { topology: functions }))()).rejects.toThrow(
      /topology "mine" was not made by ctre's own .*give the URL of a module/,
    );
    truth.dispose();
  });

  it('refuses a checkpoint of what no file can hold', async () => {
    const method: Topology = {
      ...set,
      name: 'arrays',
      evolve: ({ layers }) => ({
        edits: layers.map(() => undefined),
        states: layers.map(() => new Float32Array(2)),
      }),
    };
    const model = await SparseMLP.create({ layers: [12, 20, 4], topology: method });
    await model.fit(x, y, { epochs: 2 });
    expect(() => model.checkpoint()).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
    expect(model.save().length).toBeGreaterThan(0);
    model.dispose();
  });
});
