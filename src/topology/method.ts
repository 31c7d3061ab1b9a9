import { type Bounds, checkChoice, checkInteger, checkNumber, checkOptions } from '../base/checks.ts';
import type { Topology } from './topology.ts';

/** A topology method as lists show it, and how to make it. */
export interface Method {
  /** Its name on the command line and in files. */
  readonly name: string;
  /** Which connections grow, in one line. */
  readonly about: string;
  /** Where it was published, or what it stands for. */
  readonly source: string;
  /** The options that `create` takes, by name. */
  readonly options: Readonly<Record<string, MethodOption>>;
  /** Makes the method. @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range. */
  create(options?: never): Topology;
}

/** An option of a method, for code and for the command line. */
export type MethodOption<T = unknown> = {
  /** The command line's option, without its dashes. */
  readonly flag: string;
  /** What stands for the value in help texts. */
  readonly value: string;
  /** What it does, in one line. */
  readonly help: string;
  /** What holds where it is not given. */
  readonly default: T;
} & (
  | { readonly kind: 'number' | 'integer'; readonly bounds: Bounds }
  | {
      readonly kind: 'choice';
      readonly choices: readonly string[];
      /** For an option that is more than a choice in code. @throws CtreError `E_ARGUMENT` with the name. */
      check?(name: string, value: unknown): unknown;
    }
);

/** An entry for every option of the type O. */
export type MethodOptions<O> = { readonly [K in keyof O]-?: MethodOption<NonNullable<O[K]>> };

/**
 * The options that a caller gave, checked, each read once, and filled in.
 * @param factory its name in error messages.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function readMethodOptions<O extends object>(
  factory: string,
  known: MethodOptions<O>,
  options: O,
): Readonly<Required<O>> {
  const entries = Object.entries<MethodOption>(known);
  const given = checkOptions(
    factory,
    options,
    entries.map(([name]) => name),
  );
  const filled = entries.map(([name, option]) => {
    const value: unknown = Reflect.get(given, name);
    return [name, checkMethodOption(name, option, value === undefined ? option.default : value)] as const;
  });
  return Object.freeze(Object.fromEntries(filled) as Required<O>);
}

/** The value, if the option takes it. @throws CtreError `E_ARGUMENT` that says what it takes. */
export function checkMethodOption(name: string, option: MethodOption, value: unknown): unknown {
  switch (option.kind) {
    case 'number':
      return checkNumber(name, value, option.bounds);
    case 'integer':
      return checkInteger(name, value, option.bounds);
    case 'choice':
      return option.check?.(name, value) ?? checkChoice(name, value, option.choices);
  }
}
