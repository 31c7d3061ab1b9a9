import { parseArgs } from 'node:util';
import { CtreError, show } from '../base/errors.ts';
import type { Option } from './options.ts';
import { unknown } from './suggestion.ts';

/** Options by their names, as they are typed without the dashes. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** What a command takes. */
export interface Syntax {
  readonly command: string;
  readonly summary: string;
  /**
   * Names of the arguments without dashes. One in brackets may be left out, the last one with … may come
   * again.
   */
  readonly positionals: readonly string[];
  /** Options by the group that the help lists them in. */
  readonly options: Readonly<Record<string, Options>>;
  /** Lists of options of which one can be given at most. */
  readonly exclusive: readonly (readonly string[])[];
}

/** `max-mb` in code: `maxMb`. */
type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;

/** The name in code of an option. */
export function camelCase<Name extends string>(name: Name): CamelCase<Name> {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()) as CamelCase<Name>;
}

/** The values of options by their names in code; undefined for an option that was not given. */
export type Values<O extends Options> = {
  readonly [Name in keyof O & string as CamelCase<Name>]?: O[Name] extends Option<infer T> ? T : never;
};

/** The groups of options of a syntax as one. */
type Together<Groups> = {
  [Group in keyof Groups]: (options: Groups[Group]) => void;
}[keyof Groups] extends (options: infer All) => void
  ? All
  : never;

/** The arguments of a command as a plain record, which JSON can hold. */
export interface Arguments<S extends Syntax> {
  readonly positionals: readonly string[];
  readonly options: Together<S['options']> extends infer All extends Options ? Values<All> : never;
}

/** Arguments, and how they were typed. */
export interface ParsedArguments<S extends Syntax> extends Arguments<S> {
  /** The options given, as they were typed; a flag is an empty text. */
  readonly typed: Readonly<Record<string, string>>;
}

/** A command as one types it. */
export function usageOf({ command, positionals }: Syntax): string {
  const names = positionals.map((name) => (name.startsWith('[') ? name : `<${name}>`));
  return ['ctre', command, ...names].join(' ');
}

/**
 * The arguments of a command, read as its syntax says.
 * @throws CtreError `E_ARGUMENT` for an unknown option, a value that is missing, too much or none of its
 *   kind, options that exclude each other, or a wrong number of positionals.
 */
export function parseArguments<S extends Syntax>(syntax: S, argv: readonly string[]): ParsedArguments<S> {
  const known = new Map(Object.values(syntax.options).flatMap((group) => Object.entries(group)));
  const { typed, positionals } = splitArguments(syntax, known, argv);
  // Errors name arguments; an address may have a password.
  if (positionals.some((argument) => /^rediss?:\/\//i.test(argument))) {
    throw new CtreError(
      'E_ARGUMENT',
      'the address of a queue is no argument of its own; give it with --queue',
    );
  }
  checkPositionals(syntax, positionals);
  for (const names of syntax.exclusive) {
    const given = names.filter((name) => typed.has(name)).map((name) => `--${name}`);
    if (given.length > 1) {
      throw new CtreError('E_ARGUMENT', `${given.join(' and ')} exclude each other; give one of them`);
    }
  }
  const options = Array.from(typed, ([name, text]) => [
    camelCase(name),
    known.get(name)?.read(`--${name}`, text),
  ]);
  return { positionals, options: Object.fromEntries(options), typed: Object.fromEntries(typed) };
}

/** The texts of the options and the positionals. */
function splitArguments(
  { command }: Syntax,
  known: ReadonlyMap<string, Option<unknown>>,
  argv: readonly string[],
): { typed: ReadonlyMap<string, string>; positionals: readonly string[] } {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Array.from(known, ([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }]),
    ),
    // Node's own messages are several sentences, and suggest nothing.
    strict: false,
    tokens: true,
  });
  const typed = new Map<string, string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = known.get(token.name);
    if (option === undefined || token.rawName !== `--${token.name}`) {
      const names = [...known.keys()].map((name) => `--${name}`);
      throw unknown(`ctre ${command} has no option`, token.rawName, names);
    }
    if (option.value === undefined) {
      if (token.value !== undefined) {
        throw new CtreError('E_ARGUMENT', `--${token.name} takes no value and got ${show(token.value)}`);
      }
      typed.set(token.name, '');
    } else {
      if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
        throw new CtreError('E_ARGUMENT', `--${token.name} needs a value: --${token.name} ${option.value}`);
      }
      typed.set(token.name, token.value);
    }
  }
  return { typed, positionals };
}

function checkPositionals(syntax: Syntax, positionals: readonly string[]): void {
  const least = syntax.positionals.filter((name) => !name.startsWith('[')).length;
  const most = syntax.positionals.at(-1)?.includes('…')
    ? Number.POSITIVE_INFINITY
    : syntax.positionals.length;
  if (positionals.length >= least && positionals.length <= most) return;
  const came = positionals.length === 0 ? 'no arguments' : positionals.map(show).join(' ');
  throw new CtreError('E_ARGUMENT', `ctre ${syntax.command} got ${came}; expected ${usageOf(syntax)}`);
}
