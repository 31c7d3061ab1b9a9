import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

// docs/design.md, "Imports point one way": the folders in order, each with those it may import from.
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  matrix: ['base'],
  metrics: ['matrix'],
  engine: ['base'],
  kernels: ['base', 'matrix', 'engine', 'run'],
  run: ['base', 'engine'],
  nn: ['base', 'matrix', 'engine'],
  topology: ['base', 'matrix', 'run', 'nn'],
  growth: ['base', 'matrix', 'engine', 'run', 'nn', 'topology'],
  train: ['base', 'matrix', 'engine', 'run', 'nn', 'topology', 'growth'],
  files: ['base', 'matrix'],
  model: ['base', 'matrix', 'engine', 'run', 'nn', 'topology', 'growth', 'train', 'files', 'metrics', 'data'],
  remote: ['base', 'matrix', 'metrics', 'engine', 'run', 'nn', 'topology', 'train', 'files', 'model'],
  index: ['base', 'matrix', 'metrics', 'engine', 'run', 'nn', 'topology', 'train', 'model', 'remote'],
  data: ['base', 'matrix'],
  compare: ['base', 'matrix', 'nn', 'topology', 'train', 'model'],
  cli: [
    'base',
    'matrix',
    'metrics',
    'nn',
    'topology',
    'train',
    'model',
    'index',
    'data',
    'compare',
    'kernels',
  ],
};

const src = fileURLToPath(new URL('../../src', import.meta.url));

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /(?<!\.d)\.m?[tj]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A file's code without its comments. */
function code(file: string): string {
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}

/** The folder of src that a file is in; of a file at its root the name. */
function folderOf(file: string): string {
  return relative(src, file).split('/')[0].replace(/\.ts$/, '');
}

/** The files of src that a file imports, types among them. */
function importsOf(file: string): string[] {
  const targets = code(file).matchAll(/\b(?:from|import|import\() ?'(\.[^']+)'/g);
  return Array.from(targets, ([, target]) => resolve(dirname(file), target));
}

/** Groups of files each of which leads to all others of its group: circles. Tarjan's algorithm. */
function circles(files: readonly string[]): string[][] {
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const number = numbers.size;
    numbers.set(file, number);
    lowest.set(file, number);
    stack.push(file);
    for (const next of importsOf(file)) {
      const reached = !numbers.has(next) ? visit(next) : stack.includes(next) ? numbers.get(next) : undefined;
      if (reached !== undefined) lowest.set(file, Math.min(Number(lowest.get(file)), reached));
    }
    if (lowest.get(file) === number) {
      const group = stack.splice(stack.indexOf(file)).map((member) => relative(src, member));
      if (group.length > 1) found.push(group);
    }
    return Number(lowest.get(file));
  };
  for (const file of files) if (!numbers.has(file)) visit(file);
  return found;
}

describe('imports', () => {
  it('point one way', () => {
    const wrong = sourceFiles(src).flatMap((file) => {
      const from = folderOf(file);
      return importsOf(file)
        .filter((target) => folderOf(target) !== from && !allowed[from]?.includes(folderOf(target)))
        .map((target) => `${relative(src, file)} → ${relative(src, target)}`);
    });
    expect(wrong).toEqual([]);
  });

  it('form no circle, not even of types', () => {
    expect(circles(sourceFiles(src))).toEqual([]);
  });

  it('know every folder of src', () => {
    const folders = new Set(sourceFiles(src).map(folderOf));
    expect([...folders].filter((name) => !(name in allowed))).toEqual([]);
  });

  it('keep WebAssembly and allocation to engine/', () => {
    // A thread starts an instance of its own, over the memory it is given.
    const outside = sourceFiles(src).filter(
      (file) => folderOf(file) !== 'engine' && !/worker\.mjs$/.test(file),
    );
    const users = outside.filter((file) =>
      /new WebAssembly|WebAssembly\.instantiate|\.allocate\(/.test(code(file)),
    );
    expect(users.map((file) => relative(src, file))).toEqual([]);
  });

  it('leave printing to cli/', () => {
    const outside = sourceFiles(src).filter((file) => folderOf(file) !== 'cli');
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
      .filter((file) => !['cli', 'compare'].includes(folderOf(file)))
      // Its text is the kernels.
      .filter((file) => !file.endsWith('Kernels.generated.ts'))
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

/** The names of the functions, classes, types and variables that a file declares at its top. */
function declaredNames(file: string): string[] {
  const { statements } = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
    }
    const isNamed =
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isEnumDeclaration(statement);
    return isNamed && statement.name !== undefined ? [statement.name.text] : [];
  });
}

/** The names that a declaration binds, also within patterns such as `[BATCH, DONE]`. */
function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []));
}

describe('names', () => {
  it('have one meaning: no top-level name is declared in two files', () => {
    // A worker's file can import nothing, so it shares some names with its other half.
    const files = sourceFiles(src).filter((file) => !/\.generated\.ts$|\.mjs$/.test(file));
    const places = new Map<string, string[]>();
    for (const file of files) {
      for (const name of new Set(declaredNames(file))) {
        places.set(name, [...(places.get(name) ?? []), relative(src, file)]);
      }
    }
    expect(places.size).toBeGreaterThan(500);
    const shared = [...places].filter(([, declaring]) => declaring.length > 1);
    expect(shared.map(([name, declaring]) => `${name}: ${declaring.join(', ')}`)).toEqual([]);
  });
});
