import { beyondFloat32, bytesIn, newArray } from '../base/arrays.ts';
import { Budget } from '../base/budget.ts';
import { checkChoice, checkInteger, checkOptions } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { MAX_INDEX } from '../matrix/canonical.ts';
import { checkSparse } from '../matrix/check.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { FileContent } from './dataFiles.ts';
import { eachPiece, NumberList, parseNumber } from './text.ts';

/** How to read a Matrix Market file. */
export interface MatrixMarketOptions {
  /** What a position that comes twice means: an error, or the sum of its values. Default: 'error'. */
  readonly duplicates?: 'error' | 'sum';
  /** Bytes that reading may take at a time, besides the bytes given. Default 8 × these + 64 MiB. */
  readonly maxBytes?: number;
}

const FIELDS = ['real', 'integer', 'pattern'] as const;
const SYMMETRIES = ['general', 'symmetric', 'skew-symmetric'] as const;

/** What the first line of a file says. */
interface Banner {
  readonly field: (typeof FIELDS)[number];
  readonly symmetry: (typeof SYMMETRIES)[number];
}

/**
 * Reads a sparse matrix in the Matrix Market exchange format (`.mtx`): coordinates with real or integer
 * values, or a pattern, whose entries are 1. Of a symmetric or skew-symmetric matrix the file has one half;
 * the other half is made. Values are rounded to float32. O(entries · log(entries of a row) + rows).
 *
 * ```ts
 * const matrix = readMatrixMarket(new Uint8Array(await (await fetch('graph.mtx')).arrayBuffer()));
 * ```
 * @throws CtreError `E_FORMAT` for anything that is no such file, naming the line, `E_UNSUPPORTED` for dense
 *   (`array`), complex and Hermitian matrices, `E_CSR` for a position that comes twice, `E_NOT_FINITE` for a
 *   value that is not finite in float32, `E_MEMORY`, `E_ARGUMENT` for no bytes or unknown options.
 */
export function readMatrixMarket(bytes: FileContent, options: MatrixMarketOptions = {}): CsrMatrix {
  // A Node Buffer is a Uint8Array whose methods differ.
  const given = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytesIn(bytes);
  if (given === undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      `bytes is ${show(bytes)}; expected the file's bytes as Uint8Array or ArrayBuffer, or its text`,
    );
  }
  const { duplicates = 'error', maxBytes } = checkOptions('readMatrixMarket', options, [
    'duplicates',
    'maxBytes',
  ]);
  checkChoice('duplicates', duplicates, ['error', 'sum']);
  if (maxBytes !== undefined) checkInteger('maxBytes', maxBytes, { least: 1 });
  // Of a symmetric matrix, a short line makes two entries.
  const budget = new Budget(2 * given.length, maxBytes);
  const reader = new CoordinateReader(budget);
  eachPiece(given, budget, (text, isLast) => {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      reader.add(text.slice(start, end));
      start = end + 1;
    }
    if (!isLast) return start;
    reader.add(text.slice(start));
    return text.length;
  });
  return reader.finish(duplicates);
}

/** The lines read so far. */
class CoordinateReader {
  readonly #budget: Budget;
  readonly #row: NumberList<Int32Array>;
  readonly #col: NumberList<Int32Array>;
  readonly #values: NumberList<Float32Array>;
  /** The line of every entry. */
  readonly #lines: NumberList<Int32Array>;
  #banner: Banner | undefined;
  #size: { readonly rows: number; readonly cols: number; readonly entries: number } | undefined;
  #entries = 0;
  #line = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
    this.#row = new NumberList(Int32Array, budget);
    this.#col = new NumberList(Int32Array, budget);
    this.#values = new NumberList(Float32Array, budget);
    this.#lines = new NumberList(Int32Array, budget);
  }

  add(text: string): void {
    this.#line++;
    if (this.#banner === undefined) {
      this.#banner = parseBanner(text);
      return;
    }
    const content = text.trim();
    if (content === '' || content.startsWith('%')) return;
    const words = content.split(/\s+/, 5);
    if (this.#size === undefined) this.#size = this.#parseSize(words, this.#banner);
    else this.#addEntry(words, this.#banner, this.#size);
  }

  finish(duplicates: 'error' | 'sum'): CsrMatrix {
    const size = this.#size;
    if (size === undefined) {
      throw new CtreError('E_FORMAT', 'the file ends before its size; expected rows, columns and entries');
    }
    const { rows, cols, entries } = size;
    if (this.#entries !== entries) {
      throw new CtreError(
        'E_FORMAT',
        `the file ends after ${this.#entries} entries; expected ${entries}; it is cut short`,
      );
    }
    const row = this.#row.toArray();
    const col = this.#col.toArray();
    const values = this.#values.toArray();
    const lines = this.#lines.toArray();
    // Coordinates are copied, and placed in their rows with some of them beside.
    this.#budget.claim(28 * row.length + 8 * rows, `a sparse matrix of ${row.length} entries`);
    const matrix = CsrMatrix.fromCoo({ rows, cols, row, col, values, duplicates: 'sum' });
    if (duplicates === 'error' && matrix.nnz < row.length) throw comesAgain(matrix, row, col, lines);
    return matrix;
  }

  #parseSize(
    words: readonly string[],
    { symmetry }: Banner,
  ): { rows: number; cols: number; entries: number } {
    const [rows, cols, entries] = words.map((word) => parseCount(word));
    if (words.length !== 3 || rows === undefined || cols === undefined || entries === undefined) {
      throw this.#wrong(words, 'rows, columns and entries as three numbers');
    }
    if (symmetry !== 'general' && rows !== cols) {
      throw this.#wrong(words, `as many rows as columns, since the matrix is ${symmetry}`);
    }
    this.#budget.claim(4 * (rows + 1), `a sparse matrix of ${rows} rows`);
    return { rows, cols, entries };
  }

  #addEntry(
    words: readonly string[],
    { field, symmetry }: Banner,
    { rows, cols, entries }: { readonly rows: number; readonly cols: number; readonly entries: number },
  ): void {
    const row = parseCount(words[0]) ?? 0;
    const col = parseCount(words[1] ?? '') ?? 0;
    if (words.length !== (field === 'pattern' ? 2 : 3)) {
      throw this.#wrong(words, field === 'pattern' ? 'a row and a column' : 'a row, a column and a value');
    }
    if (row < 1 || row > rows || col < 1 || col > cols) {
      throw this.#wrong(words, `a row from 1 to ${rows} and a column from 1 to ${cols}`);
    }
    const value = field === 'pattern' ? 1 : parseNumber(words[2]);
    if (value === undefined || (field === 'integer' && !/^[+-]?\d+$/.test(words[2]))) {
      throw this.#wrong(words, field === 'integer' ? 'an integer as the value' : 'a number as the value');
    }
    if (!Number.isFinite(value)) {
      throw new CtreError('E_NOT_FINITE', `line ${this.#line} holds ${value}; expected finite numbers`);
    }
    if (!Number.isFinite(Math.fround(value))) throw beyondFloat32(`the value of line ${this.#line}`, value);
    if (symmetry === 'skew-symmetric' && row === col && value !== 0) {
      throw this.#wrong(words, 'no entry on the diagonal, since the matrix is skew-symmetric');
    }
    this.#entries++;
    if (this.#entries > entries)
      throw this.#wrong(words, `no more than ${entries} entries, as the size says`);
    this.#push(row - 1, col - 1, value);
    if (symmetry === 'general' || row === col) return;
    this.#push(col - 1, row - 1, symmetry === 'symmetric' ? value : -value);
  }

  #push(row: number, col: number, value: number): void {
    if (this.#row.length === MAX_INDEX) {
      throw new CtreError('E_MEMORY', `the file has more than ${MAX_INDEX} entries, which no array holds`);
    }
    this.#row.push(row);
    this.#col.push(col);
    this.#values.push(value);
    this.#lines.push(this.#line);
  }

  #wrong(words: readonly string[], expected: string): CtreError {
    return new CtreError(
      'E_FORMAT',
      `line ${this.#line} holds ${show(words.join(' '))}; expected ${expected}`,
    );
  }
}

function parseBanner(text: string): Banner {
  const [mark, object, format, field, symmetry, ...rest] = text.trim().toLowerCase().split(/\s+/, 6);
  if (mark !== '%%matrixmarket' || object !== 'matrix' || symmetry === undefined || rest.length > 0) {
    throw new CtreError(
      'E_FORMAT',
      `line 1 holds ${show(text)}; expected %%MatrixMarket matrix coordinate, a field and a symmetry`,
    );
  }
  if (format !== 'coordinate') throw unsupported('format', format, ['coordinate']);
  const knownField = FIELDS.find((known) => known === (field === 'double' ? 'real' : field));
  if (knownField === undefined) throw unsupported('field', field, FIELDS);
  const knownSymmetry = SYMMETRIES.find((known) => known === symmetry);
  if (knownSymmetry === undefined) throw unsupported('symmetry', symmetry, SYMMETRIES);
  return { field: knownField, symmetry: knownSymmetry };
}

function unsupported(what: string, came: string, known: readonly string[]): CtreError {
  const sentence = `line 1 names the ${what} ${show(came)}; only ${known.join(', ')} can be read`;
  return new CtreError('E_UNSUPPORTED', sentence);
}

/** An integer from 0 to what 32 bits hold; undefined for anything else. */
function parseCount(word: string): number | undefined {
  return /^\d+$/.test(word) && Number(word) <= MAX_INDEX ? Number(word) : undefined;
}

/** The error for the first line whose position was there before. O(entries · log(entries of a row)). */
function comesAgain(
  { indptr, indices }: CsrMatrix,
  row: Int32Array,
  col: Int32Array,
  lines: Int32Array,
): CtreError {
  const isTaken = new Uint8Array(indices.length);
  for (let p = 0; ; p++) {
    let [low, high] = [indptr[row[p]], indptr[row[p] + 1] - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (indices[middle] < col[p]) low = middle + 1;
      else high = middle;
    }
    if (isTaken[low] === 1) {
      return new CtreError(
        'E_CSR',
        `line ${lines[p]}: row ${row[p] + 1}, column ${col[p] + 1} comes twice; expected every position ` +
          "once, or duplicates: 'sum'",
      );
    }
    isTaken[low] = 1;
  }
}

/** Entries that are written at a time. */
const WRITTEN = 4096;

/**
 * The bytes of a Matrix Market file (`.mtx`) of the matrix: coordinates, real, general. Every float32 is
 * written so that reading gives it back to the bit. O(nnz + rows).
 *
 * ```ts
 * await writeFile('weights.mtx', writeMatrixMarket(model.layers[0].weights));
 * ```
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix, `E_CSR` for one that is no longer canonical,
 *   `E_NOT_FINITE` for a value that the format has no word for, `E_MEMORY`.
 */
export function writeMatrixMarket(matrix: CsrMatrix): Uint8Array {
  const { rows, cols, indptr, indices, values } = checkSparse('matrix', matrix);
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  let text = `%%MatrixMarket matrix coordinate real general\n${rows} ${cols} ${values.length}\n`;
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      if (!Number.isFinite(values[p])) {
        const where = `row ${r + 1}, column ${indices[p] + 1}`;
        throw new CtreError(
          'E_NOT_FINITE',
          `the matrix holds ${values[p]} in ${where}; expected finite numbers`,
        );
      }
      text += `${r + 1} ${indices[p] + 1} ${showFloat32(values[p])}\n`;
      if (p % WRITTEN === WRITTEN - 1) {
        pieces.push(encoder.encode(text));
        text = '';
      }
    }
  }
  pieces.push(encoder.encode(text));
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = newArray(length, Uint8Array, 'the file');
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Nine digits tell every float32 from its neighbours. */
function showFloat32(value: number): string {
  return Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(9)));
}
