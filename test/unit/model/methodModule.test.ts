// What a module of one's own may export, and what its method may be. Command line and workers come through here.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { SparseMLP, topology } from '../../../src/index.ts';
import { createMethod, importMethod, readMethodModule } from '../../../src/model/methodModule.ts';
import { METHOD_NAMES } from '../../../src/topology/methods.ts';

const folder = mkdtempSync(join(tmpdir(), 'ctre-module-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
/** The address of a module with this text. */
function addressOf(text: string): string {
  const path = join(folder, `module-${files++}.mjs`);
  writeFileSync(path, text);
  return pathToFileURL(path).href;
}

const set = topology.set();
const mine = { name: 'mine', create: (options: object) => ({ ...set, name: 'mine', options }) };
const refused = (sentence: RegExp | string): unknown =>
  expect.objectContaining({
    name: 'CtreError',
    code: 'E_ARGUMENT',
    message: typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
  });

describe('the module of a method', () => {
  it('is imported, and its method trains', async () => {
    const address = addressOf(`
      const pattern = ({ inDim, outDim }) => ({
        rows: outDim,
        cols: inDim,
        indptr: Int32Array.from({ length: outDim + 1 }, (_, row) => row),
        indices: Int32Array.from({ length: outDim }, (_, row) => row % inDim),
      });
      export default {
        name: 'diagonal',
        create: (options) => ({ name: 'diagonal', options, init: (layer) => ({ pattern: pattern(layer), state: 0 }) }),
      };`);
    const method = await importMethod(address, 'the module');
    expect(method).toMatchObject({ name: 'diagonal', about: '', source: '', options: {} });
    const own = createMethod('the module', method, { k: 3 });
    const model = await SparseMLP.create({ layers: [3, 3, 3], topology: own });
    expect(Array.from(model.layers[1].weights.indices)).toEqual([0, 1, 2]);
    await model.fit([[1, 2, 3]], [1], { epochs: 1 });
    expect(model.method).toBe('diagonal');
    model.dispose();
  });

  it('may say as much as a method of the package does', () => {
    const table = { ...set, ...mine, about: 'About.', source: 'Source.', options: { k: { flag: 'k' } } };
    const published = { k: 3 };
    const read = readMethodModule('m', { default: { ...table, published } });
    expect(read).toMatchObject({
      about: 'About.',
      source: 'Source.',
      options: { k: { flag: 'k' } },
      published,
    });
    expect(Object.isFrozen(read)).toBe(true);
  });

  it('may be a class with create: it is called on the exported object', () => {
    class Maker {
      readonly name = 'mine';
      readonly #share = 0.4;
      create() {
        return { ...set, name: 'mine', options: { share: this.#share } };
      }
    }
    const own = createMethod('m', readMethodModule('m', { default: new Maker() }), {});
    expect(own.options).toEqual({ share: 0.4 });
  });

  const convention = 'expected export default { name, create(options) }, where create gives the method';
  it.each<[string, unknown, RegExp | string]>([
    ['nothing', {}, `m has no default export; ${convention}`],
    ['only names', { mine }, /^m has no default export/],
    ['null', { default: null }, `m exports null by default; ${convention}`],
    ['a function', { default: () => set }, `m exports a function by default; ${convention}`],
    ['a list', { default: [mine] }, /^m exports an array of 1 by default/],
    [
      'a method that is made',
      { default: set },
      `m exports an object without create by default; ${convention}`,
    ],
    ['create that is none', { default: { name: 'mine', create: 3 } }, /without create/],
    [
      'no name',
      { default: { create: mine.create } },
      /^the method of m has the name undefined; expected letters/,
    ],
    ['an empty name', { default: { ...mine, name: '' } }, /has the name ""/],
    ['a comma in the name', { default: { ...mine, name: 'a,b' } }, /has the name "a,b"/],
    ['an option for a name', { default: { ...mine, name: '--a' } }, /has the name "--a"/],
    [
      'all for a name',
      { default: { ...mine, name: 'all' } },
      'the method of m has the name "all", which is taken; give it another one',
    ],
    ['options that are none', { default: { ...mine, options: 3 } }, /^the options of the method of m are 3/],
    [
      'an option that is none',
      { default: { ...mine, options: { k: 3 } } },
      /^the options of the method of m/,
    ],
    [
      'published ones that are none',
      { default: { ...mine, published: [] } },
      /^the published options of the method/,
    ],
  ])('is refused where it exports %s', (_, module, sentence) => {
    expect(() => readMethodModule('m', module)).toThrow(refused(sentence));
  });

  it.each(METHOD_NAMES)('cannot take the name of %s', (name) => {
    const module = { default: { ...mine, name } };
    expect(() => readMethodModule('m', module)).toThrow(refused(/is taken; give it another one$/));
  });

  it.each<[string, string, RegExp]>([
    ['there is none', pathToFileURL(join(folder, 'none.mjs')).href, /^m cannot be loaded: /],
    ['it is no JavaScript', addressOf('export default {'), /^m cannot be loaded: /],
    ['it throws', addressOf('throw new Error("out of order")'), /^m cannot be loaded: out of order$/],
    ['it throws no error', addressOf('throw 3'), /^m cannot be loaded: 3$/],
  ])('is refused where %s', async (_, address, sentence) => {
    await expect(importMethod(address, 'm')).rejects.toEqual(refused(sentence));
  });
});

describe('a method that a module creates', () => {
  const create = (made: unknown, options = {}): unknown => {
    const module = { default: { name: 'mine', create: typeof made === 'function' ? made : () => made } };
    return createMethod('m', readMethodModule('m', module), options);
  };

  it.each<[string, unknown, RegExp]>([
    ['nothing', () => {}, /^m cannot create mine: topology is undefined; expected one like/],
    ['a promise', () => Promise.reject(new Error('late')), /^m cannot create mine: create gives a promise/],
    ['no init', { name: 'mine' }, /^m cannot create mine: topology is an object/],
    ['a property too many', { ...set, name: 'mine', inits: 3 }, /no property "inits"/],
    ['another name', set, /^m creates a method of the name "set"; expected "mine", as it exports$/],
    [
      'options that are no JSON',
      { ...set, name: 'mine', options: 3 },
      /^m cannot create mine: topology.options/,
    ],
  ])('is refused where it is %s', (_, made, sentence) => {
    expect(() => create(made)).toThrow(refused(sentence));
  });

  it('is refused where create throws, in its words', () => {
    const picky = ({ k }: { k?: number }): never => {
      throw new RangeError(`k is ${k}`);
    };
    expect(() => create(picky, { k: 7 })).toThrow(refused('m cannot create mine: k is 7'));
  });
});
