import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CtreError } from '../../../src/base/errors.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import type { DenseMatrix } from '../../../src/matrix/denseMatrix.ts';

/** A file that SciPy or NumPy wrote, and what they read in it (fixtures/make_fixtures.py). */
export interface Case {
  name: string;
  files: Record<string, Uint8Array>;
  x: number[][];
  sparse: boolean;
  labels: number[];
  labelNames: (number | string)[];
  test?: { x: number[][]; labels: number[] };
}

type StoredCase = Omit<Case, 'files'> & { files: Record<string, string> };

export const cases: Case[] = gunzipSync(readFileSync(new URL('./fixtures/cases.jsonl.gz', import.meta.url)))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const stored: StoredCase = JSON.parse(line);
    const files = Object.entries(stored.files).map(
      ([name, text]) => [name, Buffer.from(text, 'base64')] as const,
    );
    return { ...stored, files: Object.fromEntries(files) };
  });

export function caseNamed(name: string): Case {
  const found = cases.find((c) => c.name === name);
  if (!found) throw new Error(`no case ${name}`);
  return found;
}

/** The rows of a matrix as arrays. */
export function rowsOf(x: DenseMatrix | CsrMatrix): number[][] {
  const { rows, cols, data } = x instanceof CsrMatrix ? x.toDense() : x;
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * cols, (row + 1) * cols)));
}

/** What the function throws, which has to be a CtreError. */
export function errorOf(run: () => unknown): CtreError {
  try {
    run();
  } catch (error) {
    if (error instanceof CtreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export const text = (content: string): Uint8Array => new TextEncoder().encode(content);
