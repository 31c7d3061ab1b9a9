import { CtreError, show, tagOf } from './errors.ts';
import type { StopSignal } from './hostTypes.ts';

/**
 * Bounds of a number: at least `least`; above `above`, at most `most` and less than `below` where they are
 * given.
 */
export interface Bounds {
  readonly least: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/**
 * The value, if it is a number within the bounds.
 * @throws CtreError `E_ARGUMENT` naming it, what came and what was expected.
 */
export function checkNumber(name: string, value: unknown, bounds: Bounds): number {
  if (typeof value !== 'number' || !isWithin(value, bounds)) {
    throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected a number ${words(bounds)}`);
  }
  return value;
}

/** As `checkNumber`, for integers. */
export function checkInteger(name: string, value: unknown, bounds: Bounds): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || !isWithin(value, bounds)) {
    throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected an integer ${words(bounds)}`);
  }
  return value;
}

/**
 * The value, if it is true or false.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected true or false`);
}

/**
 * A real AbortSignal: what only looks like one does not answer.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkSignal(value: unknown): StopSignal {
  try {
    // One of another realm (a frame, jsdom) is none of the class of here.
    const isSignal = tagOf(value) === 'AbortSignal';
    const { aborted, addEventListener } = value as StopSignal;
    if (isSignal && typeof aborted === 'boolean' && typeof addEventListener === 'function') {
      return value as StopSignal;
    }
  } catch {
    // Something made to look like one.
  }
  throw new CtreError('E_ARGUMENT', `signal is ${show(value)}; expected an AbortSignal`);
}

/**
 * The value, if it is one of the choices.
 * @throws CtreError `E_ARGUMENT` that lists them.
 */
export function checkChoice<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected one of ${choices.join(', ')}`);
  }
  return found;
}

/**
 * A copy of options, if they are an object and all of them are known. Each is read once: what is checked is
 * what is used.
 * @throws CtreError `E_ARGUMENT` naming the first that is unknown.
 */
export function checkOptions<T>(name: string, options: T, known: readonly string[]): T {
  const isList = Array.isArray(options) || ArrayBuffer.isView(options);
  if (typeof options !== 'object' || options === null || isList) {
    throw new CtreError('E_ARGUMENT', `${name} got ${show(options)}; expected an object of options`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const expected = known.length === 0 ? 'it takes none' : `expected any of ${known.join(', ')}`;
    throw new CtreError('E_ARGUMENT', `${name} has no option ${show(unknown)}; ${expected}`);
  }
  const given: Record<string, unknown> = {};
  for (const key of known) {
    const value: unknown = Reflect.get(options, key);
    if (value !== undefined) given[key] = value;
  }
  return given as T;
}

/**
 * The value's property, if it is an object that has it.
 * @throws CtreError `E_ARGUMENT` for anything but an object.
 */
export function readField(name: string, value: unknown, field: string): unknown {
  if (typeof value === 'object' && value !== null) return Reflect.get(value, field);
  throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected an object`);
}

/**
 * The array's elements, each read once, if it is an array of at most `most`.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkList(name: string, value: unknown, most: number): unknown[] {
  if (!Array.isArray(value) || value.length > most) {
    throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected an array of at most ${most}`);
  }
  const { length } = value;
  return Array.from({ length: Math.min(length, most) }, (_, at): unknown => value[at]);
}

/** Whether a value is an integer from 0 up, to be told from its neighbours. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isWithin(value: number, { least, above, most = Number.MAX_VALUE, below }: Bounds): boolean {
  const isAbove = above === undefined || value > above;
  return isAbove && value >= least && value <= most && (below === undefined || value < below);
}

function words({ least, above, most, below }: Bounds): string {
  const start = above === undefined ? `from ${least}` : `above ${above}`;
  if (most !== undefined) return `${start} to ${most}`;
  if (below !== undefined) return `${start} to below ${below}`;
  return above === undefined ? `${start} up` : start;
}
