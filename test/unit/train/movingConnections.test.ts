// A method of one's own that moves connections between layers: a layer gets three times as many as it had.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { getEngine } from '../../../src/engine/engine.ts';
import { getSharedEngine } from '../../../src/engine/training.ts';
import {
  type CreateOptions,
  CsrMatrix,
  optimizer,
  SparseMLP,
  type Topology,
  topology,
} from '../../../src/index.ts';
import { checkCsr } from '../../../src/matrix/canonical.ts';
import { noPositions, removeConnections } from '../../../src/matrix/pattern.ts';
import { randomPattern, sampleFree } from '../../../src/matrix/sampling.ts';
import { Layer } from '../../../src/nn/layer.ts';
import { keysOf } from '../../support/fakeTools.ts';
import { quadrants, sha256 } from '../../support/problems.ts';
import { type TrialArena, trialArena } from '../../support/trialArena.ts';

const { x, y } = quadrants(100, 12);
const validation = quadrants(60, 12, 5);
const layers = [12, 40, 30, 4];
const COUNTS = [260, 200, 39];

/** Moves `share` of the connections of the largest layer to the second, and back in the next update. */
function moving(share = 0.6): Topology<null> {
  return {
    ...topology.fixed(),
    name: 'moving',
    options: { share },
    isDue: ({ step }) => step % 3 === 0,
    evolve({ layers, progress }, states, tools) {
      const isOdd = progress.step % 2 === 1;
      const [from, to] = isOdd ? [0, 2] : [2, 0];
      const room = layers[to].inDim * layers[to].outDim - 1 - layers[to].nnz;
      const count = Math.min(Math.floor(share * layers[from].nnz), room);
      const edits = layers.map((layer, l) => {
        const none = new Int32Array(0);
        if (l === from) return { prune: tools.weakest(l, count), grow: noPositions, random: noPositions };
        if (l !== to) return undefined;
        const grow = sampleFree(layer.pattern, count, tools.random('grow'));
        return { prune: none, grow, random: grow };
      });
      return { edits, states };
    },
  };
}

const create = (options: Partial<CreateOptions> = {}) =>
  SparseMLP.create({
    layers,
    density: COUNTS.map((nnz, l) => nnz / (layers[l] * layers[l + 1])),
    seed: 3,
    topology: moving(),
    ...options,
  });
const countsOf = (model: SparseMLP) => model.layers.map(({ nnz }) => nnz);

let arenas: readonly TrialArena[];
let before: object[];
const usage = () => arenas.map((arena) => ({ blocks: arena.usage().blocks, bytes: arena.usage().bytes }));
beforeEach(async () => {
  arenas = [getEngine(), await getSharedEngine()].map(trialArena);
  before = usage();
});
afterEach(() => {
  // To the last byte.
  expect(usage()).toEqual(before);
  for (const arena of arenas) arena.checkGuards();
});

describe('a layer that gets more connections', () => {
  it('keeps weights and optimiser state of the connections it had, and 0 for the new', async () => {
    const kinds = {
      adam: optimizer.adam({ learningRate: 0.01 }),
      sgd: optimizer.sgd(),
      plain: optimizer.sgd({ momentum: 0 }),
    };
    for (const [kind, chosen] of Object.entries(kinds)) {
      const method = moving();
      const seen: { keys: number[][]; weights: Float32Array[]; slots: (readonly Float32Array[])[] }[] = [];
      const own: Topology<null> = {
        ...method,
        isDue: ({ step }) => step === 3 || step === 4,
        evolve(network, states, tools) {
          seen.push({
            keys: network.layers.map(({ pattern }) => keysOf(pattern)),
            weights: network.layers.map(({ weights }) => weights),
            slots: network.layers.map((layer) => layer.optimizerState()),
          });
          if (network.progress.step === 4) return { edits: [undefined, undefined, undefined], states };
          return method.evolve?.(network, states, tools) ?? expect.fail('it does not evolve');
        },
      };
      const model = await create({
        topology: own,
        growInitializer: { name: 'five', options: {}, bound: () => 0 },
      });
      // The fourth step is one of rate 0: what the fifth finds is what the update left.
      let steps = 0;
      const paused = {
        ...chosen,
        step: ((kernels, parameters, time, decay) => {
          steps = time;
          if (time !== 4) chosen.step(kernels, parameters, time, decay);
        }) as typeof chosen.step,
      };
      await model.fit(x, y, { epochs: 1, batchSize: 20, optimizer: paused });
      expect(steps).toBe(5);
      const [first, second] = seen;
      expect(second.weights[2].length).toBeGreaterThan(1.5 * first.weights[2].length);
      for (let l = 0; l < 3; l++) {
        const places = new Map(first.keys[l].map((key, p) => [key, p]));
        expect(second.slots[l]).toHaveLength(chosen.slots);
        second.keys[l].forEach((key, q) => {
          const p = places.get(key);
          expect(second.weights[l][q], kind).toBe(p === undefined ? 0 : first.weights[l][p]);
          second.slots[l].forEach((slot, s) => {
            expect(slot[q], kind).toBe(p === undefined ? 0 : first.slots[l][s][p]);
          });
        });
        const moved = second.slots[l].map((slot) => slot.some((value) => value !== 0));
        expect(moved).toEqual(second.slots[l].map(() => true));
      }
      model.dispose();
    }
  });

  it('keeps what the optimiser remembers of the biases', () => {
    const { arena } = getEngine();
    const layer = new Layer(arena, 0, 10, 8, 9);
    try {
      layer.setPattern(randomPattern(8, 10, 9, randomStream(1, 'few')));
      layer.setSlots(layer.allocateSlots(2));
      layer.bias.view.fill(3);
      layer.biasSlots.forEach(({ view }, s) => {
        view.fill(1 + s);
      });
      layer.reserve(70);
      layer.setPattern(randomPattern(8, 10, 70, randomStream(1, 'many')));
      expect(layer.nnz).toBe(70);
      expect(layer.weightSlots.map(({ length }) => length)).toEqual([70, 70]);
      expect([...layer.bias.view]).toEqual(Array(8).fill(3));
      layer.biasSlots.forEach(({ view }, s) => {
        expect([...view]).toEqual(Array(8).fill(1 + s));
      });
    } finally {
      layer.free();
    }
  });

  it('has the gradient of a network that was made so', async () => {
    // One batch of all rows: their order is nothing to the gradient.
    const job = {
      epochs: 1,
      batchSize: 100,
      optimizer: optimizer.sgd({ learningRate: 0.1, momentum: 0, weightDecay: 0 }),
    };
    const grown = await create({ topology: { ...moving(), isDue: ({ step }) => step === 1 } });
    let made: SparseMLP | undefined;
    for await (const { epoch } of grown.train(x, y, { ...job, epochs: 4 })) {
      if (epoch === 3) {
        expect(countsOf(grown)[2]).toBe(119);
        made = await SparseMLP.fromWeights(grown.layers, { topology: topology.fixed() });
        await made.fit(x, y, job);
      }
    }
    made?.layers.forEach(({ weights, bias }, l) => {
      const other = grown.layers[l];
      for (let p = 0; p < weights.nnz; p++) {
        expect(other.weights.values[p]).toBeCloseTo(weights.values[p], 6);
      }
      bias.forEach((value, i) => {
        expect(other.bias[i]).toBeCloseTo(value, 6);
      });
    });
    for (const each of [grown, made]) each?.dispose();
  });

  it('three times as many and back, again and again, stays whole', async () => {
    const model = await create();
    const counts: number[][] = [];
    for await (const _ of model.train(x, y, { epochs: 8, batchSize: 20, validation })) {
      counts.push(countsOf(model));
      for (const { weights } of model.layers) {
        checkCsr(weights);
        expect(CsrMatrix.fromParts(weights).nnz).toBe(weights.nnz);
      }
      expect(countsOf(model).reduce((sum, nnz) => sum + nnz, 0)).toBe(499);
    }
    const last = counts.map(([, , nnz]) => nnz);
    expect(Math.min(...last)).toBeLessThan(60);
    expect(Math.max(...last)).toBe(119);
    model.dispose();
  });

  it('gives the same bits on 1, 2 and 3 threads', async () => {
    const hashes: string[] = [];
    for (const threads of [1, 2, 3]) {
      const model = await create({ threads });
      await model.fit(x, y, { epochs: 5, batchSize: 70, validation });
      hashes.push(await sha256(model.save()));
      model.dispose();
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).toBe(hashes[0]);
  });

  it('comes back with restoreBest, with the counts of the best epoch, also from checkpoints', async () => {
    const job = {
      epochs: 8,
      batchSize: 20,
      validation,
      optimizer: optimizer.adam({ learningRate: 0.2 }),
      restoreBest: true,
    };
    const model = await create();
    const checkpoints: Uint8Array[] = [];
    const counts: number[][] = [];
    const { best } = await model.fit(x, y, {
      ...job,
      onEpoch: () => {
        checkpoints.push(model.checkpoint());
        counts.push(countsOf(model));
      },
    });
    expect(best.epoch).toBeLessThan(8);
    expect(counts[best.epoch - 1]).not.toEqual(counts[7]);
    expect(countsOf(model)).toEqual(counts[best.epoch - 1]);
    expect(model.evaluate(validation.x, validation.y)).toEqual({
      loss: best.valLoss,
      accuracy: best.valAccuracy,
    });
    const end = await sha256(model.save());
    // Training goes on from the best network's optimiser state.
    await model.fit(x, y, { ...job, epochs: 2 });
    const later = await sha256(model.save());
    for (const [at, bytes] of checkpoints.entries()) {
      const again = await SparseMLP.resume(bytes, { topology: moving() });
      expect(again.checkpoint(), `checkpoint ${at}`).toEqual(bytes);
      await again.fit(x, y, { ...job, restoreBest: undefined });
      expect(await sha256(again.save()), `checkpoint ${at}`).toBe(end);
      await again.fit(x, y, { ...job, epochs: 2 });
      expect(await sha256(again.save()), `checkpoint ${at}, later`).toBe(later);
      again.dispose();
    }
    model.dispose();
  });
});

describe('every allocation refused once', () => {
  it.each([1, 2])('leaves the network as it was at the edge of a step (%i threads)', async (threads) => {
    const { trials } = trialArena(threads === 1 ? getEngine() : await getSharedEngine());
    const job = { epochs: 2, batchSize: 50, validation, optimizer: optimizer.adam() };
    const state = (model: SparseMLP) =>
      JSON.stringify(
        model.layers.map(({ weights: { indptr, indices, values } }) => [
          [...indptr],
          [...indices],
          [...values],
        ]),
      );
    // The states between steps and updates where nothing fails.
    const edges = new Set<string>();
    const method = moving();
    let noted: SparseMLP | undefined;
    const note = () => {
      if (noted !== undefined) edges.add(state(noted));
    };
    const watched: Topology<null> = {
      ...method,
      isDue: (...args) => {
        note();
        return args[0].step % 2 === 0;
      },
      evolve: (network, states, tools) =>
        method.evolve?.(
          { ...network, progress: { ...network.progress, step: network.progress.step / 2 } },
          states,
          tools,
        ) ?? expect.fail('it does not evolve'),
    };
    noted = await create({ topology: watched, threads });
    note();
    let time = 0;
    const adam = optimizer.adam();
    const step: typeof adam.step = (kernels, parameters, now, decay) => {
      if (now !== time) note();
      time = now;
      adam.step(kernels, parameters, now, decay);
    };
    await noted.fit(x, y, { ...job, optimizer: { ...adam, step }, onEpoch: note });
    note();
    expect(new Set([...edges]).size).toBeGreaterThan(5);
    noted.dispose();
    noted = undefined;
    let refused = 0;
    for (; ; refused++) {
      const model = await create({ topology: watched, threads });
      trials.failIn = refused;
      const error: unknown = await model.fit(x, y, job).catch((reason: unknown) => reason);
      const isRefused = trials.failIn === undefined;
      trials.failIn = undefined;
      if (isRefused) expect(error, `allocation ${refused}`).toMatchObject({ code: 'E_MEMORY' });
      expect(edges.has(state(model)), `allocation ${refused}: half a change was made`).toBe(true);
      await model.fit(x, y, { ...job, epochs: 1 });
      expect(model.predict(x).every(Number.isFinite)).toBe(true);
      model.dispose();
      expect(usage(), `allocation ${refused}`).toEqual(before);
      if (!isRefused) break;
    }
    expect(refused).toBeGreaterThan(40);
  });
});

describe('edits that fit no network are refused, and change nothing', () => {
  it.each<[string, (counts: number[]) => [number, number][], Partial<CreateOptions>]>([
    [
      'more grown than pruned',
      () => [
        [1, 2],
        [0, 0],
        [0, 0],
      ],
      {},
    ],
    [
      'fewer grown than pruned',
      () => [
        [2, 0],
        [0, 1],
        [0, 0],
      ],
      {},
    ],
    [
      'a layer without connections',
      ([first]) => [
        [first, 0],
        [0, first],
        [0, 0],
      ],
      {},
    ],
    [
      'a layer with every connection',
      () => [
        [81, 0],
        [0, 0],
        [0, 81],
      ],
      {},
    ],
    [
      'a full layer that loses some to another',
      () => [
        [0, 0],
        [0, 5],
        [5, 0],
      ],
      { density: [0.5, 0.1667, 1] },
    ],
  ])('%s', async (_, plan, options) => {
    const own: Topology<null> = {
      ...topology.fixed(),
      name: 'wrong',
      evolve({ layers }, states, tools) {
        const edits = plan(layers.map(({ nnz }) => nnz)).map(([prune, grow], l) => {
          const pattern = removeConnections(layers[l].pattern, new Int32Array(0));
          return {
            prune: tools.weakest(l, prune),
            grow: sampleFree(pattern, grow, tools.random(`grow/${l}`)),
            random: noPositions,
          };
        });
        return { edits, states };
      },
    };
    const model = await create({ topology: own, ...options });
    await model.fit(x, y, { epochs: 1 });
    const bytes = model.save();
    await expect(model.fit(x, y, { epochs: 1 })).rejects.toMatchObject({
      name: 'CtreError',
      code: 'E_ARGUMENT',
    });
    expect(model.save()).toEqual(bytes);
    model.dispose();
  });
});
