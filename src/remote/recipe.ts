import { readField } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import type { Recipe } from '../files/modelFile.ts';

/** What a worker can have instead of functions of one's own. */
const ADVICE: Readonly<Record<string, string>> = {
  topology: 'give the URL of a module that exports the method: topology: { module, options }',
};

/**
 * A topology method, initialiser or optimiser by its name and options: the worker makes it again, because
 * functions cannot be sent.
 * @param makeAgain by name and options.
 * @throws CtreError `E_ARGUMENT` for one that was not made by the package's factories.
 */
export function sendPart(
  what: string,
  value: unknown,
  makeAgain: (name: string, options: unknown) => Recipe,
): Recipe | undefined {
  if (value === undefined) return undefined;
  const name = readField(what, value, 'name');
  const options = checkJson(`${what}.options`, readField(what, value, 'options') ?? {});
  if (typeof name === 'string' && isAgain(value, () => makeAgain(name, options))) return { name, options };
  throw new CtreError(
    'E_ARGUMENT',
    `${what} ${show(name)} was not made by ctre's own factories, and functions of one's own cannot go ` +
      `to a worker; train it with SparseMLP, or ${ADVICE[what] ?? 'use one of the package'}`,
  );
}

function isAgain(value: unknown, make: () => Recipe): boolean {
  try {
    return isAlike(make(), value);
  } catch (error) {
    // The package has no such name or options.
    if (error instanceof CtreError) return false;
    throw error;
  }
}

/**
 * Whether the same code made both: their functions have the same text, and what these close over is in the
 * options.
 */
function isAlike(a: unknown, b: unknown): boolean {
  if (typeof a === 'function' && typeof b === 'function') return String(a) === textOf(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isAlike(Reflect.get(a, key), Reflect.get(b, key)))
  );
}

/** The function's text, whatever its toString says. */
function textOf(fn: unknown): string {
  return Function.prototype.toString.call(fn);
}
