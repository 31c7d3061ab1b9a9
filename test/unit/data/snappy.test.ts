import { describe, expect, it } from 'vitest';
import { checkSnappy } from '../../../src/data/parquet/snappy.ts';

const of = (...bytes: number[]) => Uint8Array.from(bytes);
const refused = (input: Uint8Array, length: number) =>
  expect(() => checkSnappy(input, length)).toThrow(/damaged/);

// By hand, after snappy's format_description.txt: a length, then literals (tag & 3 = 0) and copies.
describe('what snappy has compressed', () => {
  it('may be a literal, and copies of each kind', () => {
    checkSnappy(of(3, 2 << 2, 1, 2, 3), 3);
    // 4 bytes from 1 before; 3 from 2 before; 2 from 4 before.
    checkSnappy(of(11, 1 << 2, 7, 8, 1, 1, (2 << 2) | 2, 2, 0, (1 << 2) | 3, 4, 0, 0, 0), 11);
    // A literal of 61 bytes says its length, less 1, in a byte of its own.
    checkSnappy(of(61, 60 << 2, 60, ...new Array(61).fill(5)), 61);
    checkSnappy(of(0), 0);
  });

  it('is refused where a length leads out of it, or backwards', () => {
    refused(of(3, 3 << 2, 1, 2, 3), 4);
    refused(of(3, 2 << 2, 1, 2, 3), 2);
    // A literal of 2^32 − 15 bytes: as a signed number it would lead back.
    refused(of(3, 63 << 2, 240, 255, 255, 255, 1, 2, 3), 3);
  });

  it('is refused where a copy is from before the beginning, or from nothing before', () => {
    refused(of(6, 1 << 2, 7, 8, 1, 3), 6);
    refused(of(6, 1 << 2, 7, 8, 1, 0), 6);
  });
});
