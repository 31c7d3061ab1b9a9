import type { Budget } from './budget.ts';
import { show } from './errors.ts';

/** What engines take at most for a key in a set, besides its text. */
const KEY_BYTES = 64;

/**
 * What a strict format does not allow in a JSON text, though `JSON.parse` does: an object with the same key
 * twice, or a number that is not plain digits. The end of a sentence, or undefined where nothing is wrong.
 * O(length).
 * @param text JSON that `JSON.parse` takes.
 * @throws CtreError `E_MEMORY` when the keys do not fit in the budget.
 */
export function looseJson(text: string, budget: Budget): string | undefined {
  /** The keys so far of each object that is open; of an array nothing. */
  const open: (Set<string> | undefined)[] = [];
  let claimed = 0;
  let at = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') {
      const end = stringEnd(text, at);
      const keys = open.at(-1);
      if (keys !== undefined && isBeforeColon(text, end)) {
        const bytes = KEY_BYTES + 2 * (end - at);
        budget.claim(bytes, 'the keys of a JSON text');
        claimed += bytes;
        const key: string = JSON.parse(text.slice(at, end));
        if (keys.has(key)) return `has the key ${show(key)} twice`;
        keys.add(key);
      }
      at = end;
    } else if (character === '-' || isDigit(character)) {
      let end = at + 1;
      while (end < text.length && (isDigit(text[end]) || '+-.eE'.includes(text[end]))) end++;
      const number = text.slice(at, end);
      if (!/^\d+$/.test(number)) return `has the number ${number.slice(0, 60)}; expected plain digits`;
      at = end;
    } else {
      if (character === '{') open.push(new Set());
      else if (character === '[') open.push(undefined);
      else if (character === '}' || character === ']') open.pop();
      at++;
    }
  }
  budget.release(claimed);
  return undefined;
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

/** The position behind the closing quote of the string that begins at `at`. */
function stringEnd(text: string, at: number): number {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** In an object, a string is a key exactly if a colon follows. */
function isBeforeColon(text: string, end: number): boolean {
  let at = end;
  while (' \t\n\r'.includes(text[at])) at++;
  return text[at] === ':';
}
