import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import { isFull } from '../../support/effort.ts';
import { type Bench, type Fault, Mismatch, runOn, type Sight } from './bench.ts';
import { table } from './cases/index.ts';
import { cellsOf, missingValues, runMatrix } from './matrix.ts';

const kernels = Object.entries(table);

describe('the table of kernels', () => {
  const sorted = (names: readonly string[]): string[] => [...names].sort();

  it('has every export of the running module and nothing else', () => {
    expect(sorted(Object.keys(table))).toEqual(sorted(Object.keys(getTrainingEngine().kernels)));
  });

  it('has every export of build/ctre.wasm', () => {
    const bytes = readFileSync(new URL('../../../build/ctre.wasm', import.meta.url));
    const exports = WebAssembly.Module.exports(new WebAssembly.Module(bytes));
    expect(sorted(exports.map(({ name }) => name))).toEqual(sorted(Object.keys(table)));
  });
});

describe('the matrix', () => {
  let cells = 0;

  it.each(kernels)('%s is right in every cell', (_, { axes, run }) => {
    cells += runMatrix(axes, (cell) => {
      runOn((bench) => run(bench, cell));
    });
  });

  it.each(kernels)('%s meets every value of every axis', (_, { axes }) => {
    const all = [...cellsOf(axes)];
    for (const axis of axes) expect(missingValues(all, axis), axis).toEqual([]);
  });

  it.runIf(isFull)('has at least 20 000 cells', () => {
    expect(cells).toBeGreaterThanOrEqual(20_000);
  });
});

describe.each(kernels.filter(([, { cases }]) => cases.length > 0))('%s', (_, { cases }) => {
  it.each(cases)('$name', ({ runs }) => {
    for (const run of runs) runOn(run);
  });
});

/** Cells a kernel that faults are looked for in. */
const CELLS = 50;

const names = kernels.map(([kernel]) => kernel);

describe('a broken kernel is caught by its cases', () => {
  const runs = kernels.flatMap(([kernel, { axes, run, cases }]) => {
    const some = [...cellsOf(axes)].filter((_, index, { length }) => index % Math.ceil(length / CELLS) === 0);
    return [
      ...some.map((cell) => ({ kernel, name: cell.name, run: (bench: Bench) => run(bench, cell) })),
      ...cases.flatMap(({ name, runs }) => runs.map((run) => ({ kernel, name, run }))),
    ];
  });
  const seen = new Map<unknown, Sight>();
  beforeAll(() => {
    for (const { run } of runs) seen.set(run, runOn(run));
  }, 240_000);

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
