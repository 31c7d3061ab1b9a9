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
  /**
   * What options are with `preset: 'published'`, where that is not their default: the schedule and the search
   * of the publication. Absent: the defaults are as published.
   */
  readonly published?: Readonly<Record<string, unknown>>;
  /** Makes the method. @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range. */
  create(options?: never): Topology;
}

/**
 * A topology method as a module of one's own exports it by default: only its name and `create` are needed.
 */
export interface OwnMethod
  extends Pick<Method, 'name' | 'create'>,
    Partial<Omit<Method, 'name' | 'create'>> {}

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
    }
);

/** An entry for every option of the type O. */
export type MethodOptions<O> = { readonly [K in keyof O]-?: MethodOption<NonNullable<O[K]>> };

/** What options are that a caller does not give. */
export const METHOD_PRESETS = ['default', 'published'] as const;

/** Every method takes the name of a preset beside its options. */
export interface MethodPreset {
  /**
   * What holds for options that are not given: this package's `default`s, or those `published` with the
   * method.
   */
  readonly preset?: (typeof METHOD_PRESETS)[number];
}

/**
 * The options that a caller gave, checked, each read once, and filled in; a preset is filled in and left out.
 * @param factory its name in error messages.
 * @param published as in `Method`.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function readMethodOptions<O extends object>(
  factory: string,
  known: MethodOptions<O>,
  options: O & MethodPreset,
  published: Partial<O> = {},
): Readonly<Required<O>> {
  const entries = Object.entries<MethodOption>(known);
  const given = checkOptions(factory, options, ['preset', ...entries.map(([name]) => name)]);
  const preset: unknown = Reflect.get(given, 'preset');
  const isPublished = checkChoice('preset', preset ?? 'default', METHOD_PRESETS) === 'published';
  const filled = entries.map(([name, option]) => {
    const value: unknown = Reflect.get(given, name);
    const prescribed: unknown = isPublished ? Reflect.get(published, name) : undefined;
    return [
      name,
      checkMethodOption(name, option, value === undefined ? (prescribed ?? option.default) : value),
    ] as const;
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
      return checkChoice(name, value, option.choices);
  }
}
