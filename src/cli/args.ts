import { parseArgs } from 'node:util';
import { type Bounds, checkChoice, checkInteger, checkNumber } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { parseNumber } from '../data/text.ts';

/** An option as the help shows it. */
export interface OptionHelp {
  /** What stands for its value; an option without one is a flag. */
  readonly value?: string;
  readonly help: string;
}

/** What a command takes. */
export interface Syntax {
  readonly command: string;
  readonly summary: string;
  /** Names of what comes without a dash; one in brackets may be left out, the last one with … come several times. */
  readonly positionals: readonly string[];
  /** Options by the group they are listed in. */
  readonly options: Readonly<Record<string, Readonly<Record<string, OptionHelp>>>>;
}

/** A command as one types it. */
export function usageOf({ command, positionals }: Syntax): string {
  const names = positionals.map((name) => (name.startsWith('[') ? name : `<${name}>`));
  return ['ctre', command, ...names].join(' ');
}

/** The names of all options of a syntax. */
export type OptionName<S extends Syntax> = {
  [Group in keyof S['options']]: keyof S['options'][Group] & string;
}[keyof S['options']];

/**
 * The arguments of a command, told apart by its syntax.
 * @throws CtreError `E_ARGUMENT` for an unknown option, a value that is missing or too much, or a wrong number of positionals.
 */
export function parseArguments<S extends Syntax>(
  syntax: S,
  argv: readonly string[],
): Arguments<OptionName<S>> {
  const known = new Map(Object.values(syntax.options).flatMap((group) => Object.entries(group)));
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      [...known].map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }]),
    ),
    // Its own sentences for mistakes are several, and suggest nothing.
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = known.get(token.name);
    if (option === undefined || token.rawName !== `--${token.name}`) {
      const options = [...known.keys()].map((name) => `--${name}`);
      throw unknown(`ctre ${syntax.command} has no option`, token.rawName, options);
    }
    if (option.value === undefined) {
      if (token.value !== undefined) {
        throw new CtreError('E_ARGUMENT', `--${token.name} takes no value and got ${show(token.value)}`);
      }
      values.set(token.name, '');
    } else {
      if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
        throw new CtreError('E_ARGUMENT', `--${token.name} needs a value: --${token.name} ${option.value}`);
      }
      values.set(token.name, token.value);
    }
  }
  const least = syntax.positionals.filter((name) => !name.startsWith('[')).length;
  const most = syntax.positionals.at(-1)?.includes('…')
    ? Number.POSITIVE_INFINITY
    : syntax.positionals.length;
  if (positionals.length < least || positionals.length > most) {
    const came = positionals.length === 0 ? 'no arguments' : positionals.map(show).join(' ');
    throw new CtreError('E_ARGUMENT', `ctre ${syntax.command} got ${came}; expected ${usageOf(syntax)}`);
  }
  return new Arguments(positionals, values);
}

/** A range of more is a slip of the keyboard. */
const MOST_OF_RANGE = 9999;

/** What was given; every getter is undefined for an option that was not. */
export class Arguments<Name extends string> {
  readonly positionals: readonly string[];
  readonly #values: ReadonlyMap<string, string>;

  constructor(positionals: readonly string[], values: ReadonlyMap<string, string>) {
    this.positionals = positionals;
    this.#values = values;
  }

  has(name: Name): boolean {
    return this.#values.has(name);
  }

  text(name: Name): string | undefined {
    return this.#values.get(name);
  }

  /** @throws CtreError `E_ARGUMENT` for anything but a number within the bounds. */
  number(name: Name, bounds: Bounds): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : checkNumber(`--${name}`, parseNumber(text) ?? text, bounds);
  }

  /** @throws CtreError `E_ARGUMENT` for anything but an integer within the bounds. */
  integer(name: Name, bounds: Bounds): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : checkInteger(`--${name}`, parseNumber(text) ?? text, bounds);
  }

  /** A comma-separated list. @throws CtreError `E_ARGUMENT` where an entry is no integer within the bounds. */
  integers(name: Name, bounds: Bounds): number[] | undefined {
    return this.#list(name, checkInteger, bounds);
  }

  /** A comma-separated list. @throws CtreError `E_ARGUMENT` where an entry is no number within the bounds. */
  numbers(name: Name, bounds: Bounds): number[] | undefined {
    return this.#list(name, checkNumber, bounds);
  }

  /** As `integers`, where `a-b` stands for all from a to b; each once. */
  ranges(name: Name, bounds: Bounds): number[] | undefined {
    const entries = this.text(name)?.split(',');
    const numbers = entries?.flatMap((entry) => {
      const [, from, to] = /^(\d+)-(\d+)$/.exec(entry) ?? [];
      if (from === undefined) return [checkInteger(`--${name}`, parseNumber(entry) ?? entry, bounds)];
      const first = checkInteger(`--${name}`, Number(from), bounds);
      const last = checkInteger(`--${name} ${entry}: its end`, Number(to), {
        least: first,
        most: first + MOST_OF_RANGE,
      });
      return Array.from({ length: last - first + 1 }, (_, step) => first + step);
    });
    return numbers && [...new Set(numbers)];
  }

  /** The options given, as they were typed. */
  given(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** @throws CtreError `E_ARGUMENT` that lists the choices. */
  choice<T extends string>(name: Name, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : checkChoice(`--${name}`, text, choices);
  }

  /** @throws CtreError `E_ARGUMENT` when more than one of the options is given. */
  exclude(...names: readonly Name[]): void {
    const given = names.filter((name) => this.has(name)).map((name) => `--${name}`);
    if (given.length > 1) {
      throw new CtreError('E_ARGUMENT', `${given.join(' and ')} exclude each other; give one of them`);
    }
  }

  #list(name: Name, check: typeof checkNumber, bounds: Bounds): number[] | undefined {
    return this.text(name)
      ?.split(',')
      .map((entry) => check(`--${name}`, parseNumber(entry) ?? entry, bounds));
  }
}

/** The error for a name that is none: a sentence's start, the name, and the likeliest known ones or else all. */
export function unknown(start: string, name: string, known: readonly string[]): CtreError {
  const close = known.filter((candidate) => isClose(name, candidate));
  const advice =
    close.length > 0 ? `did you mean ${close.join(' or ')}?` : `expected one of ${known.join(', ')}`;
  return new CtreError('E_ARGUMENT', `${start} ${name}; ${advice}`);
}

/** Whether one is the other's beginning, or a letter or two differ. */
function isClose(name: string, candidate: string): boolean {
  const shorter = Math.min(name.length, candidate.length);
  if (shorter > 3 && name.slice(0, shorter) === candidate.slice(0, shorter)) return true;
  return editDistance(name, candidate) <= Math.min(2, Math.ceil(name.length / 3));
}

/** Letters to insert, delete or replace (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, c) => c);
  for (let r = 1; r <= a.length; r++) {
    const row = [r];
    for (let c = 1; c <= b.length; c++) {
      const replaced = above[c - 1] + (a[r - 1] === b[c - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[c] + 1, row[c - 1] + 1));
    }
    above = row;
  }
  return above[b.length];
}
