import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { MAX_INDEX } from '../../matrix/canonical.ts';
import { CsrMatrix } from '../../matrix/csrMatrix.ts';
import { type AboutDataset, buildDataset, type Dataset } from '../dataset.ts';
import type { NumberFormat } from '../format.ts';
import { FractionError, OTHER_TARGETS } from '../labels.ts';
import { finite } from '../ndarray.ts';
import type { ReadOptions } from '../readOptions.ts';
import { flagsOfLists, type NamedTargets } from '../targets.ts';
import { eachPiece, firstLine, NumberList, parseNumber } from '../text.ts';

/**
 * LIBSVM (SVMlight) text: `label index:value …`. Indices ascend, from 1, or from 0 where a 0 occurs. Comments
 * (`# …`) and `qid:n` are ignored.
 * @throws CtreError `E_FORMAT` naming the line, `E_LABEL`, `E_NOT_FINITE`, `E_SHAPE` for an index beyond
 *   `options.columns`.
 */
export const libsvmFormat: NumberFormat = {
  fileNames: '.libsvm, .svm',
  extensions: ['libsvm', 'svm'],
  isContent: isLibsvm,
  read: ([{ bytes }], options, budget) => readLibsvm(bytes, options, budget),
};

/** Whether the first line is pairs, maybe behind a label. */
export function isLibsvm(bytes: Uint8Array): boolean {
  return /^(\S+\s+)?(qid:\d+\s+)?\d+:\S+(\s+\d+:\S+)*$/.test(firstLine(bytes) ?? '');
}

function readLibsvm(bytes: Uint8Array, options: ReadOptions, budget: Budget): Dataset {
  const table = new SparseTable(options, budget);
  eachPiece(bytes, budget, (text, isLast) => {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      table.add(text.slice(start, end));
      start = end + 1;
    }
    if (!isLast) return start;
    table.add(text.slice(start));
    return text.length;
  });
  return table.finish();
}

/** The rows read so far. */
class SparseTable {
  readonly #options: ReadOptions;
  readonly #budget: Budget;
  /** The labels of all rows, one after another, and where each row's begin. */
  readonly #labels: NumberList<Float64Array>;
  readonly #labelStarts: NumberList<Int32Array>;
  readonly #indptr: NumberList<Int32Array>;
  readonly #indices: NumberList<Int32Array>;
  readonly #values: NumberList<Float64Array>;
  #largest = -1;
  #smallest = Infinity;
  #line = 0;

  constructor(options: ReadOptions, budget: Budget) {
    this.#options = options;
    this.#budget = budget;
    this.#labels = new NumberList(Float64Array, budget);
    this.#labelStarts = new NumberList(Int32Array, budget);
    this.#labelStarts.push(0);
    this.#indptr = new NumberList(Int32Array, budget);
    this.#indptr.push(0);
    this.#indices = new NumberList(Int32Array, budget);
    this.#values = new NumberList(Float64Array, budget);
  }

  add(text: string): void {
    const { unlabelled, columns } = this.#options;
    const line = ++this.#line;
    const [content] = text.split('#', 1);
    const tokens = content.split(/\s+/).filter((token) => token !== '');
    if (tokens.length === 0) return;
    const hasLabel = !tokens[0].includes(':');
    if (!unlabelled) this.#addLabels(hasLabel ? tokens[0] : '', line);
    let last = -1;
    for (const token of hasLabel ? tokens.slice(1) : tokens) {
      if (token.startsWith('qid:')) continue;
      const { index, value } = parsePair(token, line);
      if (index <= last) {
        const how = index === last ? 'comes twice' : `comes after ${last}`;
        throw new CtreError(
          'E_FORMAT',
          `line ${line}: index ${index} ${how}; expected ascending indices in a line`,
        );
      }
      last = index;
      this.#indices.push(index);
      this.#values.push(value);
      this.#smallest = Math.min(this.#smallest, index);
    }
    if (columns !== undefined && last > columns) throw beyond(last, columns, line);
    this.#largest = Math.max(this.#largest, last);
    this.#indptr.push(this.#indices.length);
  }

  #addLabels(token: string, line: number): void {
    const { targets: reading = 'classes' } = this.#options;
    if (reading === 'classes') {
      this.#labels.push(parseLabel(token, line));
      return;
    }
    // A row without labels has none of them.
    const texts = reading === 'flags' && token === '' ? [] : token.split(',');
    for (const text of texts) {
      const isNumbers = reading === 'numbers';
      this.#labels.push(isNumbers ? parseTarget(text, token, line) : parseLabel(text, line));
    }
    this.#labelStarts.push(this.#labels.length);
  }

  /** Numbers or flags in the place of labels. @throws CtreError `E_SHAPE` for rows of different lengths. */
  #targets(): NamedTargets {
    const starts = this.#labelStarts.toArray();
    const values = this.#labels.toArray();
    if (this.#options.targets === 'flags') return flagsOfLists(values, starts, this.#budget);
    const cols = starts[1] ?? 0;
    const rows = starts.length - 1;
    const other = starts.findIndex((start, row) => start !== row * cols);
    if (other >= 0) {
      const count = starts[other] - starts[other - 1];
      throw new CtreError(
        'E_SHAPE',
        `row ${other} has ${count} number${count === 1 ? '' : 's'} to predict; expected ${cols}`,
      );
    }
    this.#budget.claim(4 * values.length, `${values.length} targets`);
    const matrix = { rows, cols, data: Float32Array.from(values) };
    return { matrix, names: Array.from({ length: cols }, (_, col) => col) };
  }

  finish(): Dataset {
    const { columns, indexBase } = this.#options;
    if (indexBase === 1 && this.#smallest === 0) {
      throw new CtreError('E_FORMAT', 'an index is 0; expected indices from 1, as the option indexBase says');
    }
    const base = indexBase ?? (this.#smallest === 0 ? 0 : 1);
    const cols = columns ?? this.#largest + 1 - base;
    if (this.#largest - base >= cols) throw beyond(this.#largest, cols, this.#line, base);
    const isOpen = indexBase === undefined && base === 1 && columns !== undefined && this.#largest < columns;
    const warnings = isOpen
      ? [
          `neither an index 0 nor an index ${columns} occurs, so indices may count from 0 or from 1; 1 ` +
            'is taken, the option indexBase decides otherwise',
        ]
      : [];
    const indptr = this.#indptr.toArray();
    const indices = this.#indices.toArray();
    const values = this.#values.toArray();
    for (let row = 0; row + 1 < indptr.length; row++) {
      for (let p = indptr[row]; p < indptr[row + 1]; p++) {
        indices[p] -= base;
        finite(values[p], row, indices[p]);
      }
    }
    this.#budget.claim(8 * indices.length + 4 * indptr.length, `a sparse matrix of ${values.length} entries`);
    const x = CsrMatrix.fromParts({
      rows: indptr.length - 1,
      cols: Math.max(0, cols),
      indptr,
      indices,
      values,
    });
    const about: AboutDataset = { taken: { format: 'LIBSVM', indexBase: base }, warnings };
    const { unlabelled, targets: reading = 'classes' } = this.#options;
    if (unlabelled) return buildDataset(this.#budget, about, { x });
    if (reading === 'classes')
      return buildDataset(this.#budget, about, { x, labels: this.#labels.toArray() });
    return buildDataset(this.#budget, { ...about, reading }, { x, targets: this.#targets() });
  }
}

function parseLabel(token: string, line: number): number {
  const label = parseNumber(token);
  if (/^[^,:]+(,[^,:]*)+$/.test(token)) {
    throw new CtreError(
      'E_LABEL',
      `line ${line} starts with ${show(token)}, several labels; a class is one; ${OTHER_TARGETS}`,
    );
  }
  if (label === undefined || !Number.isSafeInteger(label)) {
    const message = `line ${line} starts with ${show(token)}; expected an integer label`;
    if (Number.isFinite(label)) throw new FractionError(message);
    throw new CtreError('E_LABEL', `${message}; ${OTHER_TARGETS}`);
  }
  return label;
}

/** @throws CtreError `E_LABEL` for what is no finite number of float32. */
function parseTarget(text: string, token: string, line: number): number {
  const value = parseNumber(text);
  if (value === undefined || !Number.isFinite(Math.fround(value))) {
    throw new CtreError('E_LABEL', `line ${line} starts with ${show(token)}; expected a number to predict`);
  }
  return value;
}

function parsePair(token: string, line: number): { index: number; value: number } {
  const colon = token.indexOf(':');
  const indexText = token.slice(0, colon);
  const index = Number(indexText);
  const value = parseNumber(token.slice(colon + 1));
  if (colon < 1 || !/^\d+$/.test(indexText) || index >= MAX_INDEX || value === undefined) {
    throw new CtreError(
      'E_FORMAT',
      `line ${line} holds ${show(token)}; expected index:value, with an integer for index`,
    );
  }
  return { index, value };
}

function beyond(index: number, columns: number, line: number, base: 0 | 1 = 1): CtreError {
  const expected =
    base === 1
      ? `at most ${columns}, the option columns`
      : `at most ${columns - 1}, since indices count from 0 and the option columns is ${columns}`;
  return new CtreError('E_SHAPE', `line ${line} or one before has the index ${index}; expected ${expected}`);
}
