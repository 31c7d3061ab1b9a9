import { describe, expect, it } from 'vitest';
import { compareSyntax } from '../../../src/cli/compareSyntax.ts';
import { commandHelp } from '../../../src/cli/help.ts';
import { listMethods, methodOptions } from '../../../src/cli/methodOptions.ts';
import { trainSyntax } from '../../../src/cli/trainSyntax.ts';
import { METHOD_NAMES, methods } from '../../../src/topology/methods.ts';
import { ctre, jsonLines } from './harness.ts';

const flags = Object.keys(methodOptions);
/** All options of a command, those of every group. */
const optionsOf = (groups: object): string[] => Object.values(groups).flatMap((group) => Object.keys(group));

describe('the options of methods', () => {
  it.each([trainSyntax, compareSyntax])(
    'are in the help of ctre $command, every method with them',
    (syntax) => {
      const help = commandHelp(syntax);
      for (const flag of flags) expect(help).toMatch(new RegExp(`^  --${flag} `, 'm'));
      for (const name of METHOD_NAMES) expect(help).toContain(name);
      expect(Math.max(...help.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
    },
  );

  it('have names that no other option has', () => {
    for (const { options } of [trainSyntax, compareSyntax]) {
      const names = optionsOf(options);
      expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
      // A later entry of the same group would take the place of a method's.
      for (const [flag, { help }] of Object.entries(methodOptions)) {
        expect(Object.values(options).flatMap(Object.entries)).toContainEqual([
          flag,
          expect.objectContaining({ help }),
        ]);
      }
    }
  });

  it('mean the same in all methods that share a flag', () => {
    const all = Object.values(methods).flatMap(({ options }) => Object.entries(options));
    for (const [name, { flag, value, kind, help }] of all) {
      for (const [otherName, other] of all) {
        if (other.flag !== flag) continue;
        expect([otherName, other.value, other.kind, other.help]).toEqual([name, value, kind, help]);
      }
    }
  });

  it('are all listed in lines', () => {
    expect(listMethods().split(/,\s/)).toEqual(METHOD_NAMES);
  });

  it.each([
    ['momentum', '--gradient-batches=3', 'batches', 3],
    ['cte-rigl', '--gradient-batches=3', 'batches', 3],
    ['prune', '--prune-until=0.5', 'until', 0.5],
    ['ctre-seq', '--seq-patience=7', 'patience', 7],
  ])('reach %s: %s', async (method, flag, name, value) => {
    const { stdout, stderr } = await ctre([
      'train',
      '--epochs=1',
      '--hidden=5',
      `--method=${method}`,
      flag,
      '--json',
    ]);
    expect(stderr).toBe('');
    expect(jsonLines(stdout)[0]).toMatchObject({ method, topology: { [name]: value } });
  });

  it.each([
    ['--gradient-batches=0', /^ctre: --gradient-batches is 0; expected an integer from 1 up/],
    ['--prune-until=2', /^ctre: --prune-until is 2; expected a number from 0 to 1/],
    ['--search=quick', /^ctre: --search is "?quick"?; expected one of auto, exact/],
  ])('are checked even where the method does not take them: %s', async (flag, sentence) => {
    const { code, stderr } = await ctre(['train', '--method=set', flag]);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
  });
});
