import { parseNumber } from '../data/text.ts';
import { checkMethodOption, type Method, type MethodOption, type OwnMethod } from '../topology/method.ts';
import { METHOD_NAMES, type MethodFlag, methods } from '../topology/methods.ts';
import { camelCase, type Values } from './args.ts';
import type { Option } from './options.ts';

/** Letters of a line of names: with the column before it, a line of help stays within 100. */
const LINE = 72;

/** One option of one method. */
interface TakenOption {
  readonly method: string;
  /** Its name in code. */
  readonly name: string;
  readonly option: MethodOption;
}

/** By flag, the methods that take the option. */
const takenBy = new Map<string, TakenOption[]>();
for (const { name: method, options } of Object.values<Method>(methods)) {
  for (const [name, option] of Object.entries(options)) {
    takenBy.set(option.flag, [...(takenBy.get(option.flag) ?? []), { method, name, option }]);
  }
}

/** The options of all methods. */
export const methodOptions = Object.fromEntries(
  Array.from(takenBy, ([flag, taken]) => [flag, optionOf(taken)]),
) as Readonly<Record<MethodFlag, Option<string | number>>>;

/** A text or a number: the method that takes it says within which bounds. */
function optionOf(taken: readonly TakenOption[]): Option<string | number> {
  const [{ option }] = taken;
  const read = (_: string, text: string): string | number =>
    option.kind === 'choice' ? text : (parseNumber(text) ?? text);
  return { value: option.value, help: helpOf(taken), read };
}

/** What an option does. Where one method takes it, it is named; where defaults differ, the others are. */
function helpOf(taken: readonly TakenOption[]): string {
  const [{ option, method }] = taken;
  const others = taken.filter(({ option: other }) => other.default !== option.default);
  const exceptions = others.map((other) => `${other.method} ${other.option.default}`).join(', ');
  const defaults = exceptions === '' ? String(option.default) : `${option.default}; ${exceptions}`;
  return `${taken.length === 1 ? `${method}: ` : ''}${option.help} (${defaults})`;
}

/** Every method on a line of its own: its name, and which connections grow. */
export function describeMethods(): string {
  const width = Math.max(...METHOD_NAMES.map(({ length }) => length));
  return METHOD_NAMES.map((name) => `${name.padEnd(width)}  ${methods[name].about}`).join('\n');
}

/** The names of all methods, in lines. */
export function listMethods(): string {
  const lines = [''];
  METHOD_NAMES.forEach((name, at) => {
    const word = at === METHOD_NAMES.length - 1 ? name : `${name}, `;
    if (lines[lines.length - 1].length + word.length > LINE) lines.push('');
    lines[lines.length - 1] += word;
  });
  return lines.map((line) => line.trimEnd()).join('\n');
}

/**
 * The methods that choose the weights of new connections, after what they choose: `zeros: cte-gse, rigl`.
 */
export function growInitializersByMethod(): string {
  const byInitializer = new Map<string, string[]>();
  for (const name of METHOD_NAMES) {
    const { growInitializer } = methods[name].create();
    if (growInitializer === undefined) continue;
    byInitializer.set(growInitializer, [...(byInitializer.get(growInitializer) ?? []), name]);
  }
  return Array.from(byInitializer, ([initializer, names]) => `${initializer}: ${names.join(', ')}`).join(
    '; ',
  );
}

/**
 * What the command line gives of a method's options, by their names in code. What the method does not take is
 * checked and left out: one command line has to do for all methods that are compared. A method of one's own
 * takes the flags that its options name.
 * @throws CtreError `E_ARGUMENT` for a value that an option does not take.
 */
export function readMethodFlags(
  values: Values<typeof methodOptions>,
  { name: method, options = {} }: OwnMethod,
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [flag, taken] of takenBy) {
    const value = values[camelCase(flag as MethodFlag)];
    if (value === undefined) continue;
    const { option } = taken.find((entry) => entry.method === method) ?? taken[0];
    const checked = checkMethodOption(`--${flag}`, option, value);
    const [name] = Object.entries(options).find(([, other]) => other.flag === flag) ?? [];
    if (name !== undefined) given[name] = checked;
  }
  return given;
}
