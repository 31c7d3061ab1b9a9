// Every example runs, and prints what it says it shows.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skipTest } from '../support/effort.ts';
import { root, run } from '../support/packed.ts';

const folder = join(root, 'examples');

/** What SciPy computes for the same problems: make_examples.py, beside the file, writes it. */
const scipy: {
  readonly conjugateGradient: { readonly entries: number; readonly temperatures: readonly number[] };
  readonly pageRank: {
    readonly links: number;
    readonly pages: readonly number[];
    readonly ranks: readonly number[];
  };
  readonly truncatedSvd: { readonly ratings: number; readonly values: readonly number[] };
} = JSON.parse(readFileSync(join(root, 'test/fixtures/examples.json'), 'utf8'));

/** What an example has to have printed. */
const examples: Readonly<Record<string, (said: string) => void>> = {
  quickstart(said) {
    expect(number(said, /Right on ([\d.]+) %/)).toBeGreaterThan(90);
    expect(said).toMatch(/of class 0 with probability [01]\.\d{3}\.$/m);
  },
  text(said) {
    // What a reader sees of the four sentences at once.
    const shares = Array.from(said.matchAll(/kitchen ([\d.]+) {2}sky ([\d.]+)/g), ([, a, b]) => [+a, +b]);
    expect(shares.map(([kitchen, sky]) => kitchen > 0.8 && sky < 0.2)).toEqual([true, false, true, false]);
    expect(shares.map(([kitchen, sky]) => kitchen < 0.2 && sky > 0.8)).toEqual([false, true, false, true]);
  },
  featureSelection(said) {
    // Of 200 features 20 mean something: by chance 2 of the 20 would be among them.
    expect(number(said, /before training +(\d+)/)).toBeLessThan(6);
    expect(number(said, /after epoch +60 +(\d+)/)).toBeGreaterThan(17);
  },
  quickSelection(said) {
    // Of 200 features 20 hang together: by chance 2 of the 20 would be among them.
    expect(number(said, /before training +(\d+)/)).toBeLessThan(6);
    expect(number(said, /after epoch +10 +(\d+)/)).toBeGreaterThan(17);
    // Of 2000 rows 100 were changed: by chance 5 would be among the 100.
    expect(number(said, /largest error are (\d+)/)).toBeGreaterThan(75);
  },
  ownTopology(said) {
    const accuracy = number(said, /paths +validation ([\d.]+) %/);
    expect(accuracy).toBeGreaterThan(number(said, /set +validation ([\d.]+) %/));
    expect(accuracy).toBeGreaterThan(90);
    // Of 200 features 20 mean something: by chance they have 10 % of the connections.
    const shares = Array.from(said.matchAll(/of 200 have (\d+) %/g), ([, share]) => +share);
    expect(shares.length).toBe(2);
    expect(shares[0]).toBeGreaterThan(shares[1] + 20);
  },
  resume(said) {
    expect(said).toMatch(/another process: epoch 5 of 12\nKilled\..*\n {2}this process: epoch 6\n/);
    expect(said).toMatch(/^Every bit as if it had never stopped\.$/m);
  },
  neighbours(said) {
    const pairs = Array.from(said.matchAll(/^(.*?) {2,}([\d.]+) {2}(.*)$/gm), ([, ...pair]) => pair);
    expect(pairs.length).toBe(12);
    const sentences = pairs.map(([sentence]) => sentence);
    for (const [sentence, similarity, nearest] of pairs) {
      const others = sentences.filter((other) => other !== sentence);
      const best = Math.max(...others.map((other) => cosine(sentence, other, sentences)));
      expect(cosine(sentence, nearest, sentences), sentence).toBeCloseTo(best, 5);
      expect(Number(similarity), sentence).toBeCloseTo(best, 2);
    }
  },
  conjugateGradient(said) {
    const { entries, temperatures } = scipy.conjugateGradient;
    expect(number(said, /(\d+) entries/)).toBe(entries);
    expect(number(said, /: (\d+) steps/)).toBeLessThan(200);
    const found = Array.from(said.matchAll(/point +\d+ +([\d.]+)$/gm), ([, value]) => +value);
    expect(found.length).toBe(temperatures.length);
    temperatures.forEach((wanted, at) => {
      expect(Math.abs(found[at] - wanted), `${at}`).toBeLessThan(1e-3);
    });
  },
  pageRank(said) {
    const { links, pages, ranks } = scipy.pageRank;
    expect(number(said, /(\d+) links/)).toBe(links);
    const found = Array.from(said.matchAll(/page +(\d+) +(\S+)$/gm), ([, page, rank]) => [+page, +rank]);
    expect(found.map(([page]) => page)).toEqual(pages);
    ranks.forEach((wanted, at) => {
      expect(Math.abs(found[at][1] / wanted - 1), `${at}`).toBeLessThan(1e-4);
    });
  },
  truncatedSvd(said) {
    const { ratings, values } = scipy.truncatedSvd;
    expect(number(said, /(\d+) ratings/)).toBe(ratings);
    const found = Array.from(said.matchAll(/^ +([\d.]+), [\d.]+ % of all$/gm), ([, value]) => +value);
    expect(found.length).toBe(values.length);
    values.forEach((wanted, at) => {
      expect(Math.abs(found[at] / wanted - 1), `${at}`).toBeLessThan(1e-4);
    });
  },
  python(said) {
    expect(number(said, /probabilities and ours: (\S+)/)).toBeLessThan(1e-5);
    const before = number(said, /^before: (\d+) connections/m);
    const counts = Array.from(said.matchAll(/^layer \d: .*, (\d+) connections$/gm), ([, count]) => +count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(before);
    expect(number(said, /^cut in Python: (\d+) connections/m)).toBe(before / 2);
    expect(number(said, /^cut in Python: .* ([\d.]+) % right/m)).toBeGreaterThan(80);
  },
};

/** Examples that others run: `npm run demo` in CI, the method of ownTopology.mjs, the Python half of python.mjs. */
const RUN_ELSEWHERE = ['demo.mjs', 'pathsMethod.mjs', 'python.py'];

// Of programs of their own; an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('the example', () => {
  it('files are all run by a test', () => {
    const files = Object.keys(examples).map((name) => `${name}.mjs`);
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    expect(entries.map(({ name }) => name).sort()).toEqual([...files, ...RUN_ELSEWHERE].sort());
  });

  it.for(Object.entries(examples))('%s', async ([name, check], context) => {
    const source = readFileSync(join(folder, `${name}.mjs`), 'utf8');
    expect(source.split('\n').length - 1).toBeLessThan(60);
    expect(source).toMatch(/^\/\/ Shows /);
    expect(source.replaceAll(/\n\/\/ /g, ' ')).toContain(`Run it: node examples/${name}.mjs`);
    if (name === 'python') {
      const { PYTHON = 'python3' } = process.env;
      const { status } = spawnSync(PYTHON, ['-c', 'import scipy']);
      if (status !== 0) skipTest(context, `${PYTHON} has no SciPy here`);
    }
    const { code, stdout, stderr } = await run(process.execPath, [join(folder, `${name}.mjs`)]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    check(stdout);
  });
});

function number(said: string, pattern: RegExp): number {
  const [, text] = pattern.exec(said) ?? [];
  expect(text, `${pattern} in\n${said}`).toBeDefined();
  return Number(text);
}

/** The cosine of two sentences' TF-IDF vectors, computed by the definition. */
function cosine(a: string, b: string, sentences: readonly string[]): number {
  const words = (text: string): string[] => text.match(/[a-z]+/g) ?? [];
  const vocabulary = [...new Set(sentences.flatMap(words))];
  const vector = (text: string): number[] =>
    vocabulary.map((word) => {
      const holders = sentences.filter((other) => words(other).includes(word)).length;
      return words(text).filter((other) => other === word).length * Math.log(sentences.length / holders);
    });
  const dot = (u: number[], v: number[]): number => u.reduce((sum, value, i) => sum + value * v[i], 0);
  const [u, v] = [vector(a), vector(b)];
  return dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
}
