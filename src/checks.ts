import { CtreError, show } from './errors.ts';

/** Bounds of a number: from `least`, and up to `most` or to below `below` where they are given. */
export interface Bounds {
  readonly least: number;
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
 * Checks that options are an object and every one of them is known.
 * @throws CtreError `E_ARGUMENT` naming the first that is not.
 */
export function checkOptions(name: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new CtreError('E_ARGUMENT', `${name} takes an object of options and got ${show(options)}`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const expected = known.length === 0 ? 'it takes none' : `expected any of ${known.join(', ')}`;
    throw new CtreError('E_ARGUMENT', `${name} has no option ${show(unknown)}; ${expected}`);
  }
}

function isWithin(value: number, { least, most = Number.MAX_VALUE, below }: Bounds): boolean {
  return value >= least && value <= most && (below === undefined || value < below);
}

function words({ least, most, below }: Bounds): string {
  if (most !== undefined) return `from ${least} to ${most}`;
  return below === undefined ? `from ${least} up` : `from ${least} to below ${below}`;
}
