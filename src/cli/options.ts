import { type Bounds, checkChoice, checkInteger, checkNumber } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import { parseNumber } from '../data/text.ts';
import { type InputNoise, NOISE_KINDS } from '../nn/noise.ts';

// The kinds of options that commands have.

/** The word of options that the shape of the training rows decides where they are not given. */
export const AUTO = 'auto';

/** The value of an option; undefined where the rows decide. */
export function given<T>(value: T | typeof AUTO | undefined): T | undefined {
  return value === AUTO ? undefined : value;
}

/** An option: how the help shows it, and what its text means. */
export interface Option<T> {
  /** What stands for its value; an option without one is a flag. */
  readonly value?: string;
  readonly help: string;
  /**
   * The value that a text stands for.
   * @param name the option as it is typed, with its dashes.
   * @throws CtreError `E_ARGUMENT` for a text that stands for none.
   */
  read(name: string, text: string): T;
}

/** An option that is there or not. */
export function flag(help: string): Option<true> {
  return { help, read: () => true };
}

/** A text, which is taken as it is: a path, or the name of a column. */
export function text(value: string, help: string): Option<string> {
  return { value, help, read: (_, typed) => typed };
}

/** An object as JSON. */
export function json(value: string, help: string): Option<Readonly<Record<string, unknown>>> {
  return {
    value,
    help,
    read(name, typed) {
      try {
        const given: unknown = JSON.parse(typed);
        if (isRecord(given)) return given;
      } catch {
        // No JSON at all.
      }
      throw new CtreError('E_ARGUMENT', `${name} is ${show(typed)}; expected a JSON object like {"k": 3}`);
    },
  };
}

/** A number within bounds. */
export function number(value: string, bounds: Bounds, help: string): Option<number> {
  return { value, help, read: (name, typed) => checkNumber(name, parseNumber(typed) ?? typed, bounds) };
}

/** An integer within bounds. */
export function integer(value: string, bounds: Bounds, help: string): Option<number> {
  return { value, help, read: (name, typed) => checkInteger(name, parseNumber(typed) ?? typed, bounds) };
}

/** One of some words. */
export function choice<const T extends string>(
  value: string,
  choices: readonly T[],
  help: string,
): Option<T> {
  return { value, help, read: (name, typed) => checkChoice(name, typed, choices) };
}

/** Noise on inputs: a kind and an amount, such as mask:0.2. */
export function noise(help: string): Option<InputNoise> {
  return {
    value: 'kind:a',
    help,
    read(name, typed) {
      const [kind, amount, ...rest] = typed.split(':');
      const known = NOISE_KINDS.find((one) => one === kind);
      const value = parseNumber(amount ?? '');
      if (known === undefined || value === undefined || rest.length > 0) {
        const kinds = NOISE_KINDS.map((one) => `${one}:0.2`).join(' or ');
        throw new CtreError(
          'E_ARGUMENT',
          `${name} is ${show(typed)}; expected a kind and an amount: ${kinds}`,
        );
      }
      const most = known === 'mask' ? { below: 1 } : { most: 1e6 };
      return { kind: known, amount: checkNumber(`the amount of ${name}`, value, { least: 0, ...most }) };
    },
  };
}

/** Values of the option's kind, with commas between them. */
export function list<T>({ value, help, read }: Option<T>): Option<readonly T[]> {
  return { value, help, read: (name, typed) => typed.split(',').map((entry) => read(name, entry)) };
}

/** A word that may stand in the place of the option's value. */
export function orWord<T, W extends string>(word: W, { value, help, read }: Option<T>): Option<T | W> {
  return {
    value,
    help,
    read(name, typed) {
      if (typed === word) return word;
      try {
        return read(name, typed);
      } catch (error) {
        if (!(error instanceof CtreError)) throw error;
        throw new CtreError(error.code, `${error.message}, or ${word}`, { cause: error });
      }
    },
  };
}

/** A range of more is a typing mistake. */
const LARGEST_RANGE = 9999;

/** Integers with commas between them, where `a-b` stands for all from a to b. Each is there once. */
export function ranges(value: string, bounds: Bounds, help: string): Option<readonly number[]> {
  return {
    value,
    help,
    read(name, typed) {
      const numbers = typed.split(',').flatMap((entry) => {
        const [, from, to] = /^(\d+)-(\d+)$/.exec(entry) ?? [];
        if (from === undefined) return [checkInteger(name, parseNumber(entry) ?? entry, bounds)];
        const first = checkInteger(name, Number(from), bounds);
        const last = checkInteger(`the end of ${name} ${entry}`, Number(to), {
          least: first,
          most: first + LARGEST_RANGE,
        });
        return Array.from({ length: last - first + 1 }, (_, step) => first + step);
      });
      return [...new Set(numbers)];
    },
  };
}
