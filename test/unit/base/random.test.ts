import original from 'seedrandom/lib/alea.js';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';

/** The first numbers of a stream, as the integers that they are of. */
const firstOf = (seed: number | string, name = 'weights/0') => {
  const { next } = randomStream(seed, name);
  return Array.from({ length: 4 }, () => next() * 2 ** 32);
};

describe('a seed', () => {
  it.each([0, 1, 42, -1.5, 1e21, 1e-7, 2 ** 53])('%s is not the text that it prints as', (seed) => {
    expect(firstOf(String(seed))).not.toEqual(firstOf(seed));
  });

  it('-0 is 0', () => {
    expect(firstOf(-0)).toEqual(firstOf(0));
    expect(firstOf('-0')).not.toEqual(firstOf(0));
  });

  it('ends where the name of the stream begins', () => {
    expect(firstOf('a/b', 'c')).not.toEqual(firstOf('a', 'b/c'));
    expect(firstOf('1/b', 'c')).not.toEqual(firstOf(1, 'b/c'));
    expect(firstOf('a/', 'c')).not.toEqual(firstOf('a', '/c'));
    expect(firstOf('/a', 'c')).not.toEqual(firstOf('', 'a/c'));
  });

  it('has a stream of its own, whatever it looks like', () => {
    const seeds = [
      0,
      1,
      12,
      -1,
      0.5,
      1e21,
      '',
      '0',
      '1',
      '12',
      '-1',
      '0.5',
      '1e+21',
      '01',
      '1.0',
      ' 1',
      'NaN',
    ];
    // Last come texts that look like what is made of others.
    const texts = ['a', 'a/b', 'a/b/c', '/', '//', '/a', '//1', '//1/1', '//3/a/b', '\ud800', '\ufffd', '1/'];
    const streams = [...seeds, ...texts].map((seed) => String(firstOf(seed)));
    expect(new Set(streams).size).toBe(seeds.length + texts.length);
  });

  // Recorded from the generator of seedrandom on its own, over `seed/name`.
  it.each<[number | string, number]>([
    [0, 77239311],
    [42, 606903314],
    [-1.5, 30463706],
    [1e21, 815794400],
    [1e-7, 184541993],
    ['any', 2687179057],
    ['', 3640671804],
    ['007', 475548925],
    [' 1', 3095213828],
    ['1.0', 2019550192],
    ['+1', 1847136029],
    ['0x1', 3759467692],
    ['NaN', 1731746300],
    ['1e3', 1130719082],
  ])('%j keeps its numbers', (seed, first) => {
    expect(firstOf(seed)[0]).toBe(first);
  });
});

describe('a stream', () => {
  it.each(['', ' ', '1/weights/0', 'ein Wort/a', '\ud800/\uffff', 'x'.repeat(1000)])(
    'of the name %j has the numbers of seedrandom',
    (name) => {
      const generator = original(`1/${name}`);
      const { next, below } = randomStream(1, name);
      for (let draw = 0; draw < 1000; draw++) {
        expect(next()).toBe(generator());
        expect(below(2 ** 53)).toBe(Math.floor(generator.double() * 2 ** 53));
      }
    },
  );

  it('depends on its name, and on nothing that was drawn elsewhere', () => {
    expect(firstOf(1, 'weights/0')).not.toEqual(firstOf(1, 'weights/1'));
    const [a, b] = [randomStream('s', 'a'), randomStream('s', 'b')];
    const alone = randomStream('s', 'a');
    for (let draw = 0; draw < 10; draw++) {
      b.normal();
      expect(a.below(1000)).toBe(alone.below(1000));
    }
  });

  it('draws integers below a limit, and shuffles without losing any', () => {
    const { below, shuffle } = randomStream(1, 'test');
    const counts = new Int32Array(5);
    for (let draw = 0; draw < 5000; draw++) counts[below(5)]++;
    // Within five standard deviations of 1000.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(800));
    const items = Int32Array.from({ length: 100 }, (_, item) => item);
    shuffle(items);
    expect(items).not.toEqual(items.toSorted());
    expect(items.toSorted()).toEqual(Int32Array.from({ length: 100 }, (_, item) => item));
  });

  it('has normal deviates of mean 0 and deviation 1', () => {
    const { normal } = randomStream(1, 'normal');
    const draws = Float64Array.from({ length: 10000 }, normal);
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + (draw - mean) * (draw - mean), 0) / draws.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(variance - 1)).toBeLessThan(0.07);
  });
});
