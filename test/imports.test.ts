import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

// docs/design.md, "Imports point one way": what each folder may import from besides itself.
const leaves = [
  ...['arrays', 'budget', 'builtin', 'checks', 'crc32', 'csr', 'errors', 'globals', 'json', 'random'],
  'shape',
];
const allowed: Record<string, string[]> = {
  leaf: leaves,
  memory: leaves,
  kernels: [...leaves, 'memory'],
  nn: [...leaves, 'memory'],
  topology: leaves,
  data: leaves,
  io: leaves,
  train: [...leaves, 'memory', 'kernels', 'nn', 'topology'],
  workers: [...leaves, 'memory', 'train'],
  presets: ['nn', 'topology'],
  options: [...leaves, 'nn', 'topology', 'train', 'presets'],
  model: [...leaves, 'memory', 'nn', 'topology', 'train', 'io', 'workers', 'options', 'presets'],
  remote: [...leaves, 'memory', 'nn', 'topology', 'train', 'io', 'workers', 'options', 'model'],
  index: [...leaves, 'memory', 'nn', 'topology', 'train', 'options', 'model', 'remote'],
  compare: [...leaves, 'topology', 'train', 'model'],
  cli: [...leaves, 'compare', 'data', 'index', 'model', 'options', 'nn', 'topology', 'train', 'presets'],
};

const src = fileURLToPath(new URL('../src', import.meta.url));

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.m?[tj]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A file's code without its comments. */
function code(file: string): string {
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}

/** The part of the house a file belongs to. */
function part(file: string): string {
  const [first] = relative(src, file).split('/');
  const name = first.replace(/\.ts$/, '');
  return leaves.includes(name) ? 'leaf' : name;
}

describe('imports', () => {
  it('point one way', () => {
    const wrong: string[] = [];
    for (const file of sourceFiles(src)) {
      const from = part(file);
      for (const [, target] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
        const to = part(resolve(dirname(file), target));
        const name = to === 'leaf' ? leaves[0] : to;
        if (to !== from && !allowed[from]?.includes(name)) wrong.push(`${relative(src, file)} → ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('know every folder of src', () => {
    const parts = new Set(sourceFiles(src).map(part));
    expect([...parts].filter((name) => !(name in allowed))).toEqual([]);
  });

  it('keep WebAssembly and allocation to memory/', () => {
    // A thread starts an instance of its own, over the memory it is given.
    const outside = sourceFiles(src).filter((file) => part(file) !== 'memory' && !/worker\.mjs$/.test(file));
    const users = outside.filter((file) =>
      /new WebAssembly|WebAssembly\.instantiate|\.allocate\(/.test(code(file)),
    );
    expect(users.map((file) => relative(src, file))).toEqual([]);
  });

  it('leave printing to cli/', () => {
    const outside = sourceFiles(src).filter((file) => part(file) !== 'cli');
    const printers = outside.filter((file) => /console\.|process\.std/.test(code(file)));
    expect(printers.map((file) => relative(src, file))).toEqual([]);
  });

  it('leave what engines do differently off the numeric path', () => {
    // Of Math only what ECMA-262 defines to the bit; of powers only those of two that are written out.
    const exact = 'abs|ceil|clz32|floor|fround|imul|max|min|round|sign|sqrt|trunc|PI|LN2';
    const inexact = new RegExp(
      `\\bMath\\b(?!\\.(?:${exact})\\b)(?:\\.\\w+)?|.*\\*\\*.*|\\b(?:Intl|Date|getRandomValues|randomUUID)\\b|\\.toLocale\\w+|\\.localeCompare`,
      'g',
    );
    const uses = sourceFiles(src)
      // What they compute is shown to people; it goes back into no network.
      .filter((file) => !['cli', 'compare'].includes(part(file)))
      .flatMap((file) => {
        const found =
          code(file)
            .replaceAll(/\b2 \*\* -?\d+\b/g, '')
            .match(inexact) ?? [];
        return found.map((use) => `${relative(src, file)}: ${use.trim()}`);
      });
    expect(uses).toEqual([]);
  });
});
