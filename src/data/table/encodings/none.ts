import type { Encoding, EncodingKind } from '../encoding.ts';

/** A column that is left out. */
export interface NoEncoding extends Encoding {
  readonly kind: 'none';
  /** Why it is left out, as the end of a sentence. */
  readonly why: string;
}

export const noEncoding: EncodingKind<NoEncoding> = {
  kind: 'none',
  fit: () => ({ kind: 'none', why: 'it was asked for' }),
  width: () => 0,
  names: () => [],
  write: () => undefined,
  words: ({ why }) => `left out: ${why}`,
  scaling: () => ({ offset: 0, scale: 1 }),
  filled: () => undefined,
  read: ({ why }) => (typeof why === 'string' ? { kind: 'none', why } : undefined),
};
