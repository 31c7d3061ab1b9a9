import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

// docs/design.md, "Imports point one way": what each folder may import from besides itself.
const leaves = ['checks', 'crc32', 'csr', 'errors', 'random', 'shape'];
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
  options: [...leaves, 'nn', 'topology', 'train'],
  model: [...leaves, 'memory', 'nn', 'topology', 'train', 'io', 'workers', 'options'],
  index: [...leaves, 'memory', 'nn', 'topology', 'train', 'options', 'model'],
  compare: [...leaves, 'topology', 'train', 'model'],
  cli: [...leaves, 'compare', 'data', 'index', 'model', 'options', 'nn', 'topology', 'train'],
};

const src = fileURLToPath(new URL('../src', import.meta.url));

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.ts$/.test(entry.name))
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

  it('keep @assemblyscript/loader, WebAssembly and allocation to memory/', () => {
    const outside = sourceFiles(src).filter((file) => part(file) !== 'memory');
    const users = outside.filter((file) =>
      /assemblyscript\/loader|new WebAssembly|\.allocate\(/.test(code(file)),
    );
    expect(users.map((file) => relative(src, file))).toEqual([]);
  });

  it('leave printing to cli/', () => {
    const outside = sourceFiles(src).filter((file) => part(file) !== 'cli');
    const printers = outside.filter((file) => /console\.|process\.std/.test(code(file)));
    expect(printers.map((file) => relative(src, file))).toEqual([]);
  });

  it('leave the host’s transcendentals off the numeric path', () => {
    const users = sourceFiles(src).filter(
      (file) =>
        part(file) !== 'cli' &&
        /Math\.(exp|log|log2|log10|log1p|expm1|pow|sin|cos|tan|tanh|sinh|cosh|atan|atan2|cbrt|hypot|random)\(|(?<!\b2) \*\* /.test(
          code(file),
        ),
    );
    expect(users.map((file) => relative(src, file))).toEqual([]);
  });
});
