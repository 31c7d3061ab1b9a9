// A topology method of one's own in a worker, by the address of its module. What SparseMLP does here with the
// same method is the truth.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { type CreateOptions, SparseMLP, topology, WorkerModel } from '../../../src/index.ts';
import { sendTopology, type WithMethodByUrl } from '../../../src/remote/methodByUrl.ts';
import { quadrants } from '../../support/problems.ts';

const { x, y } = quadrants(200, 12);
const module = new URL('../../system/consumers/method.js', import.meta.url);
const { default: spread } = await import(module.href);
const options = { share: 0.4 };
const layers = [12, 30, 4];
const training = { epochs: 4, batchSize: 50, validationSplit: 0.2 };

const folder = mkdtempSync(join(tmpdir(), 'ctre-worker-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** The address of a new module with this text. */
function addressOf(text: string): URL {
  const path = join(folder, `${Math.random()}.mjs`);
  writeFileSync(path, text);
  return pathToFileURL(path);
}

const models: { dispose(): void }[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});
function ending<M extends { dispose(): void }>(model: M): M {
  models.push(model);
  return model;
}

const create = async (method: WithMethodByUrl<CreateOptions>['topology']): Promise<WorkerModel> =>
  ending(await WorkerModel.create({ layers, epsilon: 3, seed: 2, topology: method }));
const createHere = async (): Promise<SparseMLP> =>
  ending(await SparseMLP.create({ layers, epsilon: 3, seed: 2, topology: spread.create(options) }));

describe('a method by the address of its module', () => {
  it.each([
    ['a URL', module],
    ['a text', module.href],
  ])('trains in a worker to the same bits, with its options: %s', async (_, address) => {
    const there = await create({ module: address, options });
    expect(there.method).toBe('spread');
    const here = await createHere();
    expect(await there.save()).toEqual(here.save());
    const { epochs } = await there.fit(x, y, training);
    expect(epochs.at(-1)?.evolution?.layers[0]?.pruned).toBeGreaterThan(0);
    await here.fit(x, y, training);
    expect(await there.save()).toEqual(here.save());
    const usual = await create({ module: address });
    await usual.fit(x, y, training);
    expect(await usual.save()).not.toEqual(here.save());
  });

  it('is in files, and given again when they are read: load, resume, fromWeights', async () => {
    const here = await createHere();
    let checkpoint: Uint8Array | undefined;
    for await (const { epoch } of here.train(x, y, training)) {
      if (epoch === 2) checkpoint = here.checkpoint();
    }
    if (checkpoint === undefined) return expect.fail('there is no checkpoint');
    const method = { module, options };
    const resumed = ending(await WorkerModel.resume(checkpoint, { topology: method }));
    await resumed.fit(x, y, { ...training, restoreBest: false });
    expect(await resumed.save()).toEqual(here.save());

    const saved = here.save();
    const loaded = ending(await WorkerModel.load(saved, { topology: method }));
    const loadedHere = ending(await SparseMLP.load(saved, { topology: spread.create(options) }));
    await loaded.fit(x, y, training);
    await loadedHere.fit(x, y, training);
    expect(await loaded.save()).toEqual(loadedHere.save());

    const weights = here.layers.map((layer) => ({ weights: layer.weights, bias: layer.bias }));
    const made = ending(await WorkerModel.fromWeights(weights, { topology: method }));
    await made.fit(x, y, training);
    expect(made.method).toBe('spread');
    const without = ending(await WorkerModel.load(saved));
    await expect(without.fit(x, y, training)).rejects.toThrow(/a WorkerModel takes the URL of its module$/);
    await expect(WorkerModel.load(saved, { topology: { module } })).rejects.toThrow(
      'topology "spread" has share 0.2; expected 0.4, as the saved model has',
    );
  });

  it('does not keep a method of the package from going by name', async () => {
    const saved = ending(await SparseMLP.create({ layers, topology: topology.set() })).save();
    const loaded = ending(await WorkerModel.load(saved, { topology: topology.set() }));
    expect(loaded.method).toBe('set');
  });

  it('is the only module that is imported, once, in the worker', async () => {
    Reflect.set(globalThis, 'imports', 0);
    const counting = addressOf(`globalThis.imports = (globalThis.imports ?? 0) + 1;
      ${readFileSync(module, 'utf8')}`);
    const model = await create({ module: counting });
    expect(model.method).toBe('spread');
    expect(Reflect.get(globalThis, 'imports')).toBe(0);
  });

  it.each<[string, object, RegExp | string]>([
    [
      'a relative address',
      { module: './mine.js' },
      `topology.module is "./mine.js"; expected an absolute URL, as new URL('./mine.js', import.meta.url) is`,
    ],
    ['no address', { module: 3 }, /^topology.module is 3; expected an absolute URL/],
    ['a function', { module: () => spread }, /^topology.module is a function/],
    ['nothing', { module: undefined }, /^topology.module is undefined/],
    [
      'another property',
      { module, share: 3 },
      /^topology has module and "share"; expected module and options alone/,
    ],
    [
      'options that are no JSON',
      { module, options: 3 },
      /^topology.options is 3; expected an object that JSON/,
    ],
    [
      'a module that is not there',
      { module: new URL('./nowhere.js', module) },
      /nowhere\.js cannot be loaded: /,
    ],
    ['a module of Node', { module: 'node:fs' }, /^node:fs exports an object without create by default/],
    ['one that throws', { module: addressOf('throw new Error("no")') }, /cannot be loaded: no$/],
    ['one without a method', { module: addressOf('export const a = 1') }, /has no default export; expected/],
    [
      'one that creates none',
      { module: addressOf("export default { name: 'a', create() {} }") },
      /cannot create a: topology is undefined/,
    ],
  ])('is refused in a sentence: %s', async (_, method, sentence) => {
    await expect((async () => create(method as never))()).rejects.toMatchObject({
      name: 'CtreError',
      code: 'E_ARGUMENT',
      message: typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    });
  });

  it('may begin at the root of the site where a bundler gives such a URL', () => {
    vi.stubGlobal('location', { href: 'https://example.org/page/' });
    // As Turbopack makes it of new URL('./mine.js', import.meta.url).
    const address = { value: () => '/_next/static/media/mine.js' };
    const ofBundler = Object.defineProperty(Object.create(URL.prototype), 'toString', address);
    const { href } = new URL('https://example.org/_next/static/media/mine.js');
    expect(sendTopology({ module: ofBundler })).toEqual({ module: href, options: {} });
    expect(() => sendTopology({ module: '/mine.js' })).toThrow(
      /^topology.module is "\/mine.js"; expected an abs/,
    );
    vi.unstubAllGlobals();
  });

  it('is told to those who send functions', async () => {
    const sentence =
      /functions of one's own cannot go to a worker; train it with SparseMLP, or give the URL of a module/;
    await expect((async () => create(spread.create()))()).rejects.toThrow(sentence);
  });

  it('is for workers: a model here takes the method itself', async () => {
    const wrong = SparseMLP.create({ layers, topology: { module } as never });
    await expect(wrong).rejects.toThrow(/^topology has no property "module"/);
  });
});
