import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Region } from '../../../src/engine/region.ts';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import { table } from './cases/index.ts';
import { stream } from './inputs.ts';
import type { Operand } from './operands.ts';

/** Each kernel's contract as it stands in assembly/, from where scripts/abi.mjs takes it. */
const generated = readFileSync(new URL('../../../src/engine/abi.generated.ts', import.meta.url), 'utf8');

/** The names of a kernel's parameters, and the plain loop of its contract. */
function contractOf(kernel: string): { readonly names: string[]; readonly loop: string } {
  const [, comment, parameters] =
    new RegExp(` {2}/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\n {2}${kernel}\\(([^)]*)\\): void;`).exec(
      generated,
    ) ?? [];
  const [, loop] = /```js\n([\s\S]*?)```/.exec(comment.replaceAll(/^ *\* ?/gm, '')) ?? [];
  expect(loop, `the contract of ${kernel} has no loop in JavaScript`).toBeTypeOf('string');
  return { names: parameters.split(', ').map((parameter) => parameter.split(':')[0]), loop };
}

type Elements = Exclude<Operand, number | boolean | readonly Float32Array[]>;

/** All elements of an array, or of a tile. */
function elements(operand: Operand): Elements | undefined {
  if (typeof operand === 'number' || typeof operand === 'boolean') return undefined;
  if (ArrayBuffer.isView(operand)) return operand;
  return Float32Array.from(operand.flatMap((row) => Array.from(row)));
}

/** Runs the kernel on copies of the arguments; returns what is in them then. */
function runKernel(kernel: string, operands: readonly Operand[]): (number[] | undefined)[] {
  const { kernels, arena } = getTrainingEngine();
  const region = new Region(arena);
  try {
    const blocks = operands.map((operand) => {
      const array = elements(operand);
      if (array === undefined) return undefined;
      const take = {
        Float32Array: 'f32',
        Float64Array: 'f64',
        Int32Array: 'i32',
        Uint8Array: 'u8',
      } as const;
      const block = region[take[array.constructor.name as keyof typeof take]](array.length);
      block.view.set(array);
      return block;
    });
    const args = operands.map((operand, i) => blocks[i]?.pointer ?? operand);
    Reflect.apply(Reflect.get(kernels, kernel), undefined, args);
    return blocks.map((block) => block && Array.from(block.view));
  } finally {
    region.free();
  }
}

describe('the plain loop of a contract', () => {
  it.each(Object.entries(table))('computes what %s does', (kernel, { example }) => {
    const operands = example(stream(`contract of ${kernel}`));
    const { names, loop } = contractOf(kernel);
    expect(operands.length).toBe(names.length);
    const before = operands.map((operand) => Array.from(elements(operand) ?? []));
    const computed = runKernel(kernel, operands);
    new Function(...names, loop)(...operands);
    let changed = 0;
    operands.forEach((operand, i) => {
      const array = elements(operand);
      // Nobody reads what scratch memory holds afterwards.
      if (array === undefined || names[i] === 'scratch') return;
      array.forEach((value, at) => {
        const want = Number.isNaN(value) ? value : expect.closeTo(value, 5);
        expect(computed[i]?.[at], `${names[i]}[${at}]`).toEqual(want);
        if (!Object.is(value, before[i][at])) changed++;
      });
    });
    expect(changed).toBeGreaterThan(0);
  });
});
