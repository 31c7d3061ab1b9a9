import { CtreError } from '../base/errors.ts';

/**
 * The error for a name that is none: a sentence's start, the name, and the likeliest known ones, or else all.
 */
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
