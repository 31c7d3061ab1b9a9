import type { Budget } from './budget.ts';
import { CtreError, show } from './errors.ts';

// JSON that other people wrote, and values that have to become JSON.

/** The most bytes that engines take for an array or an object, besides its members. */
const CONTAINER_BYTES = 100;
/** The most bytes that engines take for an element or a property, besides its text. */
const MEMBER_BYTES = 48;

/** The value of a JSON text; undefined for any other text. */
export function jsonIfAny(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The value of a JSON text that somebody else wrote. Its memory is claimed first.
 * @throws CtreError `E_MEMORY` when it would take more than the budget has; SyntaxError for text that is no
 *   JSON.
 */
export function parseJson(text: string, budget: Budget, what: string): unknown {
  let bytes = 2 * text.length;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') inString = !inString;
    else if (inString) {
      if (character === '\\') at++;
    } else if (character === '[' || character === '{') bytes += CONTAINER_BYTES;
    else if (character === ',' || character === ':') bytes += MEMBER_BYTES;
  }
  budget.claim(bytes, what);
  return JSON.parse(text);
}

/** Whether a value is an object, and neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The most elements of a list that is kept with a model. */
const MAX_LIST = 2 ** 24;

/** Refuses typed arrays, which do not survive JSON, and lists that are longer than any text. */
function refuseLists(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value) || (Array.isArray(value) && value.length > MAX_LIST)) {
    throw new CtreError(
      'E_ARGUMENT',
      `${show(value)} cannot be kept as JSON; expected a shorter list, or a plain array`,
    );
  }
  return value;
}

/**
 * A copy of an object that can be written as JSON, as a file will hold it.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkJson(name: string, value: unknown): Readonly<Record<string, unknown>> {
  let copy: unknown;
  let cause: unknown;
  try {
    copy = JSON.parse(JSON.stringify(value, refuseLists));
  } catch (reason) {
    cause = reason;
  }
  if (isRecord(copy)) return { ...copy };
  throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected an object that JSON can hold`, {
    cause,
  });
}
