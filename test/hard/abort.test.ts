import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { getEngine } from '../../src/engine/engine.ts';
import { getSharedEngine } from '../../src/engine/training.ts';
import { optimizer, SparseMLP } from '../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../src/topology/methods.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { effort, runRandom, runSeed } from '../support/effort.ts';
import { quadrants } from '../support/problems.ts';

// Small enough that a step is far shorter than a turn of the event loop, and an abort comes anywhere in it.
const problem = quadrants(150, 12);
const layers = [12, 40, 30, 4];
const names = Object.keys(methods) as MethodName[];
const forever = { epochs: 1e9, batchSize: 50 };
/** Milliseconds within which `fit` has to settle. */
const PROMPT = 100;

const create = (method: MethodName, threads = 1, part: Partial<Topology> = {}) =>
  SparseMLP.create({
    layers,
    epsilon: 4,
    seed: 7,
    threads,
    topology: { ...topologyByName(method), ...part },
  });

/** All weights, biases and structure, as text. */
function stateOf(model: SparseMLP): string {
  return model.layers
    .flatMap(({ weights: { indptr, indices, values }, bias }) => [indptr, indices, values, bias])
    .map(({ buffer }) => Buffer.from(buffer).toString('base64'))
    .join();
}

/**
 * The states at the edges of the steps of a training that nobody aborts, by the callbacks of its own
 * optimiser and topology: before every step, before every update of the topology and after every epoch.
 */
class Reference {
  readonly #edges: Set<string>[] = [new Set()];
  readonly #model: SparseMLP;
  readonly #epochs: AsyncGenerator<unknown, void, void>;

  private constructor(model: SparseMLP) {
    this.#model = model;
    const inner = optimizer.adam();
    let steps = 0;
    this.#epochs = model.train(problem.x, problem.y, {
      ...forever,
      optimizer: {
        ...inner,
        step: (kernels, parameters, time, decay) => {
          if (time !== steps) this.note();
          steps = time;
          inner.step(kernels, parameters, time, decay);
        },
      },
    });
  }

  static async of(method: MethodName): Promise<Reference> {
    const { evolve } = topologyByName(method);
    let reference: Reference | undefined;
    const model = await create(method, 1, {
      ...(evolve && {
        evolve: (...args) => {
          reference?.note();
          return evolve(...args);
        },
      }),
    });
    reference = new Reference(model);
    reference.note();
    return reference;
  }

  note(): void {
    this.#edges.at(-1)?.add(stateOf(this.#model));
  }

  /** Whether the state is at an edge between the ends of the given epoch and of the one after it. */
  async has(state: string, epoch: number): Promise<boolean> {
    while (this.#edges.length <= epoch + 1) {
      await this.#epochs.next();
      this.note();
      this.#edges.push(new Set([...(this.#edges.at(-1) ?? [])].slice(-1)));
    }
    return this.#edges[epoch].has(state) || this.#edges[epoch + 1].has(state);
  }

  async end(): Promise<void> {
    await this.#epochs.return();
    this.#model.dispose();
  }
}

const runs = effort(40, 1000);
const perMethod = Math.ceil(runs / names.length);

describe.each(names)(`aborted at any time (seed ${runSeed}), %s`, (method) => {
  it(`settles within ${PROMPT} ms, at the edge of a step, and the model goes on`, async () => {
    const reference = await Reference.of(method);
    const random = runRandom(`abort/${method}`);
    for (let run = 0; run < perMethod; run++) {
      const threads = 1 + (run % 2);
      const delay = 40 * random.next();
      const where = `CTRE_SEED=${runSeed}, ${method}, run ${run}`;
      const what = `${where}: aborted after ${delay} ms on ${threads} threads`;
      const model = await create(method, threads);
      const controller = new AbortController();
      let [aborted, used] = [0, process.cpuUsage()];
      let epochs = 0;
      const fitting = model.fit(problem.x, problem.y, {
        ...forever,
        signal: controller.signal,
        onEpoch: ({ epoch }) => {
          epochs = epoch;
        },
      });
      setTimeout(() => {
        [aborted, used] = [performance.now(), process.cpuUsage()];
        controller.abort(what);
      }, delay);
      const error: unknown = await fitting.catch((reason: unknown) => reason);
      const { user, system } = process.cpuUsage(used);
      // Of the process's own time, where others have the machine meanwhile.
      const late = Math.min(performance.now() - aborted, (user + system) / 1000);
      expect(error, what).toMatchObject({ code: 'E_ABORTED', cause: what });
      expect(late, what).toBeLessThan(PROMPT);
      expect(getEventListeners(controller.signal, 'abort'), what).toEqual([]);
      expect(await reference.has(stateOf(model), epochs), `${what}: half a step was made`).toBe(true);
      await model.fit(problem.x, problem.y, { epochs: 1 });
      expect(model.predict(problem.x).every(Number.isFinite), what).toBe(true);
      model.dispose();
    }
    await reference.end();
  });
});

/** The model's state and its memory are the same after `call`. */
async function changesNothing(model: SparseMLP, call: () => Promise<unknown>): Promise<void> {
  const [state, epochs] = [stateOf(model), model.epochs];
  const { blocks } = getEngine().arena.usage();
  await call();
  expect(stateOf(model)).toBe(state);
  expect(model.epochs).toBe(epochs);
  expect(getEngine().arena.usage().blocks).toBe(blocks);
}

describe('a training', () => {
  it('that was aborted before it began does nothing', async () => {
    const model = await create('set');
    await changesNothing(model, async () => {
      const signal = AbortSignal.abort('no');
      await expect(model.fit(problem.x, problem.y, { signal })).rejects.toMatchObject({ code: 'E_ABORTED' });
      const controller = new AbortController();
      const epochs = model.train(problem.x, problem.y, { signal: controller.signal });
      controller.abort();
      await expect(epochs.next()).rejects.toMatchObject({ code: 'E_ABORTED' });
    });
    model.dispose();
  });

  it('that was aborted after it ended is none the worse', async () => {
    const model = await create('set');
    const controller = new AbortController();
    await model.fit(problem.x, problem.y, { epochs: 1, signal: controller.signal });
    await changesNothing(model, async () => controller.abort());
    model.dispose();
  });

  it('that was aborted by onEpoch ends there', async () => {
    const model = await create('set');
    const controller = new AbortController();
    const onEpoch = () => controller.abort();
    const fitting = model.fit(problem.x, problem.y, { ...forever, signal: controller.signal, onEpoch });
    await expect(fitting).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(model.epochs).toBe(1);
    model.dispose();
  });

  it.each([1, 2])('adds no listener to its signal (%s threads)', async (threads) => {
    const model = await create('ctre-sim', threads);
    const { signal } = new AbortController();
    let [added, removed] = [0, 0];
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      added++;
      return addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      removed++;
      return removeEventListener.apply(signal, args);
    };
    await model.fit(problem.x, problem.y, { epochs: 3, signal });
    expect(added - removed).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    model.dispose();
  });

  it.each([1, 2])(
    'that is left in the middle ends there, and the model goes on (%s threads)',
    async (threads) => {
      const model = await create('ctre-sim', threads);
      const { arena } = threads === 1 ? getEngine() : await getSharedEngine();
      await model.fit(problem.x, problem.y, { epochs: 1 });
      const { blocks } = arena.usage();
      for await (const { epoch } of model.train(problem.x, problem.y, forever)) if (epoch === 2) break;
      expect(model.epochs).toBe(3);
      expect(arena.usage().blocks).toBe(blocks);

      const returned = model.train(problem.x, problem.y, forever);
      await returned.next();
      expect(await returned.return()).toEqual({ done: true, value: undefined });
      expect(await returned.next()).toEqual({ done: true, value: undefined });
      expect(arena.usage().blocks).toBe(blocks);

      const thrown = model.train(problem.x, problem.y, forever);
      await thrown.next();
      await expect(thrown.throw(new Error('enough'))).rejects.toThrow('enough');
      expect(await thrown.next()).toEqual({ done: true, value: undefined });
      expect(arena.usage().blocks).toBe(blocks);

      // Not begun, so nothing to end.
      await model.train(problem.x, problem.y, forever).return();
      const mine = new Error('mine');
      const onEpoch = () => {
        throw mine;
      };
      await expect(model.fit(problem.x, problem.y, { ...forever, onEpoch })).rejects.toBe(mine);
      expect(arena.usage().blocks).toBe(blocks);
      const { epochs } = model;
      await model.fit(problem.x, problem.y, { epochs: 2 });
      expect(model.epochs).toBe(epochs + 2);
      model.dispose();
    },
  );

  it.each([1, 2])('is alone: another one is refused, and harms nothing (%s threads)', async (threads) => {
    const run = async (disturb: boolean) => {
      const model = await create('ctre-sim', threads);
      let going = true;
      const fitting = model.fit(problem.x, problem.y, { epochs: 30, batchSize: 50 }).finally(() => {
        going = false;
      });
      while (disturb && going) {
        await expect(model.fit(problem.x, problem.y)).rejects.toMatchObject({ code: 'E_BUSY' });
        await new Promise((resolve) => setImmediate(resolve));
      }
      await fitting;
      const state = stateOf(model);
      model.dispose();
      return state;
    };
    expect(await run(true)).toBe(await run(false));
  });

  it.each([1, 2])(
    'lets others look at its model at any time, and sees only whole steps (%s threads)',
    async (threads) => {
      const reference = await Reference.of('ctre-sim');
      const model = await create('ctre-sim', threads);
      const fitting = model.fit(problem.x, problem.y, { epochs: effort(30, 300), batchSize: 50 });
      let going = true;
      const done = fitting.finally(() => {
        going = false;
      });
      const seen: { state: string; epochs: number }[] = [];
      while (going) {
        const state = stateOf(model);
        const { epochs } = model;
        seen.push({ state, epochs });
        // Two calls at the same edge: what runs in between on other threads must not be disturbed, nor
        // disturb.
        expect(model.predict(problem.x)).toEqual(model.predict(problem.x));
        expect(model.evaluate(problem.x, problem.y)).toEqual(model.evaluate(problem.x, problem.y));
        expect(stateOf(model)).toBe(state);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await done;
      for (const { state, epochs } of seen) expect(await reference.has(state, epochs)).toBe(true);
      expect(seen.length).toBeGreaterThan(2);
      // After the last epoch the topology stays.
      expect(await reference.has(stateOf(model), model.epochs - 1)).toBe(true);
      model.dispose();
      await reference.end();
    },
  );
});
