import type { Budget } from './budget.ts';

/** What engines take at most for an array or object, and for an element or property of one, besides its text. */
const CONTAINER_BYTES = 100;
const ELEMENT_BYTES = 48;

/**
 * The value of a JSON text that somebody else wrote.
 * @throws CtreError `E_MEMORY` when it would take more than the budget has, SyntaxError for text that is no JSON.
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
    else if (character === ',' || character === ':') bytes += ELEMENT_BYTES;
  }
  budget.claim(bytes, what);
  return JSON.parse(text);
}

/** Whether a value is an object with keys of its own choosing. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
