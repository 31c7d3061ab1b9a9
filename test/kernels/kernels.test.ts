import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { getEngine } from '../../src/memory/module.ts';
import { type Fault, Mismatch, runOn, type Sight } from './bench.ts';
import { table } from './cases/index.ts';

const kernels = Object.entries(table);

describe('the table of kernels', () => {
  const sorted = (names: readonly string[]): string[] => [...names].sort();

  it('has every export of the running module and nothing else', () => {
    expect(sorted(Object.keys(table))).toEqual(sorted(Object.keys(getEngine().kernels)));
  });

  it('has every export of build/ctre.wasm', () => {
    const bytes = readFileSync(new URL('../../build/ctre.wasm', import.meta.url));
    const exports = WebAssembly.Module.exports(new WebAssembly.Module(bytes));
    expect(sorted(exports.map(({ name }) => name))).toEqual(sorted(Object.keys(table)));
  });
});

describe.each(kernels)('%s', (_, cases) => {
  it.each(cases)('$name', ({ runs }) => {
    for (const run of runs) runOn(run);
  });
});

const names = kernels.map(([kernel]) => kernel);

describe('a broken kernel is caught by its cases', () => {
  const runs = kernels.flatMap(([kernel, cases]) =>
    cases.flatMap(({ name, runs }) => runs.map((run) => ({ kernel, name, run }))),
  );
  const seen = new Map<unknown, Sight>();
  beforeAll(() => {
    for (const { run } of runs) seen.set(run, runOn(run));
  });

  /** Every run that can tell the fault from the truth does; and there is one that can. */
  function expectCaught(kernel: string, fault: Fault): void {
    const able = runs.filter(({ kernel: of, run }) => of === kernel && seen.get(run)?.[fault]);
    expect(able.length).toBeGreaterThan(0);
    for (const { name, run } of able) {
      expect(() => runOn(run, { kernel, fault }), name).toThrow(Mismatch);
    }
  }

  it.each(names)('%s that does nothing', (kernel) => {
    expectCaught(kernel, 'nothing');
  });

  it.each(names)('%s that writes zeros', (kernel) => {
    expectCaught(kernel, 'zeros');
  });

  it.each(names)('%s that drops the last element', (kernel) => {
    expectCaught(kernel, 'tail');
  });
});
