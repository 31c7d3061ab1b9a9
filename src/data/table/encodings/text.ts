import { ln } from '../../../base/logarithm.ts';
import type { FieldValue } from '../column.ts';
import type { Encoding, EncodingKind, FitContext } from '../encoding.ts';

/**
 * A column of texts: an input for each term of the training rows, the term's count times its inverse document
 * frequency, a text's inputs scaled to length 1 (as scikit-learn's TfidfVectorizer does).
 */
export interface TextEncoding extends Encoding {
  readonly kind: 'text';
  /** The terms, by code unit. */
  readonly terms: readonly string[];
  /** ln((1 + texts) / (1 + texts that have the term)) + 1 of each. */
  readonly weights: readonly number[];
}

/** Terms that are taken at most: the ones of most texts. */
const MOST_TERMS = 20_000;

export const textEncoding: EncodingKind<TextEncoding> = {
  kind: 'text',
  fit(column, { rows }: FitContext) {
    const holders = new Map<string, number>();
    for (let at = 0; at < rows.length; at++) {
      for (const term of new Set(termsOf(column.value(rows[at])))) {
        holders.set(term, (holders.get(term) ?? 0) + 1);
      }
    }
    // A term of one text tells nothing of others.
    const usual = [...holders].filter(([, texts]) => texts > 1);
    const chosen = usual.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, MOST_TERMS);
    const terms = chosen.map(([term]) => term).sort();
    const weights = terms.map((term) => ln((1 + rows.length) / (1 + (holders.get(term) ?? 0))) + 1);
    return { kind: 'text', terms, weights };
  },
  width: ({ terms }) => terms.length,
  names: ({ terms }, name) => terms.map((term) => `${name}: ${term}`),
  write({ terms, weights }, value: FieldValue, write, tally) {
    if (value === undefined) tally.filled++;
    const places = termPlaces(terms);
    const counts = new Map<number, number>();
    for (const term of termsOf(value)) {
      const place = places.get(term);
      if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    const inOrder = [...counts].sort(([a], [b]) => a - b);
    let squares = 0;
    for (const [place, count] of inOrder) squares += count * weights[place] * (count * weights[place]);
    const length = Math.sqrt(squares);
    for (const [place, count] of inOrder) write(place, (count * weights[place]) / length);
  },
  words: ({ terms }) => `text, ${terms.length} terms, an input each`,
  scaling: () => ({ offset: 0, scale: 1 }),
  filled: () => undefined,
  read({ terms, weights }) {
    const isSound =
      Array.isArray(terms) &&
      Array.isArray(weights) &&
      terms.length === weights.length &&
      terms.every((term, at) => typeof term === 'string' && (at === 0 || terms[at - 1] < term)) &&
      weights.every((weight) => Number.isFinite(weight));
    return isSound ? { kind: 'text', terms, weights } : undefined;
  },
};

/** The places of terms, made once for each list. */
const known = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

function termPlaces(terms: readonly string[]): ReadonlyMap<string, number> {
  const places = known.get(terms) ?? new Map(terms.map((term, place) => [term, place]));
  known.set(terms, places);
  return places;
}

/** The terms of a text: its words of two characters or more, in lower case. */
function termsOf(value: FieldValue): string[] {
  if (value === undefined) return [];
  return (
    String(value)
      .toLowerCase()
      .match(/[\p{L}\p{N}_]{2,}/gu) ?? []
  );
}
