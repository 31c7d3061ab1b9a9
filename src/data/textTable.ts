import type { Budget } from '../base/budget.ts';
import { CtreError } from '../base/errors.ts';
import { FieldStore } from './fieldStore.ts';
import { decideHeader } from './header.ts';
import { type LeftOutColumn, type RawTable, storedColumns } from './rawTable.ts';
import type { ReadOptions } from './readOptions.ts';
import { findRowNumbers } from './rowNumbers.ts';
import { parseNumber } from './text.ts';

interface Line {
  readonly fields: readonly string[];
  readonly line: number;
}

/** Comments that are kept for a look at whether the last one names the columns. */
const LONGEST_COMMENT = 1 << 16;

/** Lines of fields as they come, and what becomes of them: names, rows, comments. */
export class TextTable {
  delimiter: string | undefined;
  readonly #format: string;
  readonly #options: ReadOptions;
  readonly #budget: Budget;
  #first: Line | undefined;
  #store: FieldStore | undefined;
  #secondLine = 0;
  readonly #warnings: string[] = [];
  #commentLines = 0;
  #lastComment = '';

  constructor(format: string, options: ReadOptions, budget: Budget) {
    this.#format = format;
    this.#options = options;
    this.#budget = budget;
  }

  /** Whether no line with fields came yet. */
  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Something that was guessed and might be wrong. */
  warn(sentence: string): void {
    this.#warnings.push(sentence);
  }

  /** A line before the first row that is no row. */
  addComment(text: string): void {
    this.#commentLines++;
    this.#lastComment = text.length > LONGEST_COMMENT ? '' : text;
  }

  /**
   * A line of fields; a blank one counts for nothing. @throws CtreError `E_FORMAT` for one of another length.
   */
  add(given: readonly string[], line: number): void {
    const fields = given.map(bare);
    if (fields.every((text) => text === '')) return;
    if (this.#first === undefined) {
      this.#first = { fields, line };
      return;
    }
    if (this.#store === undefined) {
      if (this.#options.header !== false && isTitle(this.#first.fields, fields)) {
        this.#warnings.push(
          `line ${this.#first.line} is taken for a title, since it has one field, and is left out`,
        );
        this.#first = { fields, line };
        return;
      }
      // A comment between names and rows may have another length.
      if (/^[#%]/.test(fields[0]) && fields.length !== this.#first.fields.length) {
        this.#commentLines++;
        return;
      }
      this.#store = new FieldStore(fields.length, this.#budget);
      this.#secondLine = line;
    }
    const { width } = this.#store;
    if (fields.length !== width) {
      if (fields.length === width + 1 && fields[width] === '') fields.pop();
      else if (/^[#%]/.test(fields[0])) {
        this.#commentLines++;
        return;
      } else throw this.#unevenLine(fields.length, line);
    }
    this.#store.add(fields, line);
  }

  /** @throws CtreError `E_FORMAT` where there is no row, or the first line has another length. */
  finish(): RawTable {
    const first = this.#first;
    if (first === undefined) {
      throw new CtreError('E_FORMAT', 'the file holds no rows, only blank lines and comments');
    }
    const store = this.#store ?? new FieldStore(first.fields.length, this.#budget);
    store.seal();
    const warnings = [...this.#warnings];
    const leftOut: LeftOutColumn[] = [];
    let { width } = store;
    const fields = [...first.fields];
    if (fields.length === width + 1 && fields[width] === '') fields.pop();
    // Lines that end in delimiters have nothing behind them.
    while (width > 1 && (fields[width - 1] ?? '') === '' && isEmptyColumn(store, width - 1)) {
      if (fields.length < width - 1) break;
      width--;
      fields.length = width;
    }
    const hasRowNames = fields.length === width - 1 && this.#mayName(fields);
    if (hasRowNames) {
      // R's write.table gives names to all columns but that of the row names.
      fields.unshift('');
      leftOut.push({ number: 1, why: 'holds row names' });
      warnings.push(
        'the first line has one name fewer than there are fields, so column 1 is row names and is left out',
      );
    }
    if (fields.length !== width) throw this.#unevenLine(store.width, this.#secondLine);
    const decision =
      this.#options.header === undefined ? decideHeader(fields, store) : { isHeader: this.#options.header };
    const isHeader = hasRowNames || decision.isHeader;
    if (decision.warning !== undefined && !hasRowNames) warnings.push(decision.warning);
    if (!isHeader) store.prepend(padded(fields, store.width), first.line);
    if (store.rows === 0) {
      throw new CtreError('E_FORMAT', `the file holds no rows, only the names of line ${first.line}`);
    }
    const commented = isHeader ? undefined : this.#commentNames(width);
    const names = isHeader ? fields : commented;
    const columns = storedColumns(store, names, width, this.#budget);
    if (!hasRowNames && this.#options.rowNumbers !== 'keep') {
      const found = findRowNumbers(columns, names !== undefined);
      leftOut.push(...found.leftOut);
      warnings.push(...found.warnings);
    }
    return {
      format: this.#format,
      rows: store.rows,
      columns,
      delimiter: this.delimiter,
      ...(names && { names: isHeader ? ('first line' as const) : ('comment' as const) }),
      commentLines: this.#commentLines,
      leftOut,
      warnings,
      line: (row) => store.line(row),
    };
  }

  /** Whether the first line may be names that the rows have one field more than. */
  #mayName(fields: readonly string[]): boolean {
    if (this.#options.header !== undefined) return this.#options.header;
    return fields.length > 1 && fields.every((text) => text !== '' && parseNumber(text) === undefined);
  }

  /** NumPy's savetxt writes names into a comment before the first row. */
  #commentNames(width: number): string[] | undefined {
    const { delimiter } = this;
    const text = this.#lastComment.replace(/^\s*[#%]+/, '').trim();
    if (text === '' || delimiter === undefined || this.#options.header === false) return undefined;
    const names = text.split(delimiter === ' ' ? /\s+/ : delimiter).map((name) => name.trim());
    const areNames = names.length === width && width > 1 && names.every((name) => /\p{L}/u.test(name));
    return areNames ? names : undefined;
  }

  #unevenLine(count: number, line: number): CtreError {
    const [expected, which] =
      line === this.#secondLine
        ? [this.#first?.fields.length, `line ${this.#first?.line} has`]
        : [this.#store?.width, `line ${this.#secondLine} has`];
    return new CtreError(
      'E_FORMAT',
      `line ${line} has ${count} fields; expected ${expected}, as ${which}; delete a line that is a ` +
        'title or a note, quote fields that hold the delimiter, and set the option delimiter if it is not ' +
        `${delimiterTitle(this.delimiter)}`,
    );
  }
}

function delimiterTitle(delimiter: string | undefined): string {
  if (delimiter === '\t') return 'a tab';
  if (delimiter === ' ') return 'a blank';
  return delimiter === ',' || delimiter === undefined ? 'a comma' : `"${delimiter}"`;
}

/** A field without the blanks around it, and without single quotes around all of it. */
function bare(field: string): string {
  const text = field.trim();
  return text.length > 1 && text[0] === "'" && text.indexOf("'", 1) === text.length - 1
    ? text.slice(1, -1).trim()
    : text;
}

/** Whether a first line is a title above the names or rows: one text, where the next line has several. */
function isTitle(first: readonly string[], next: readonly string[]): boolean {
  const isAlone = first.slice(1).every((field) => field === '') && first.length !== 2;
  const [text] = first;
  return isAlone && parseNumber(text) === undefined && next.filter((field) => field !== '').length > 1;
}

function isEmptyColumn(store: FieldStore, col: number): boolean {
  for (let row = 0; row < store.rows; row++) if (store.text(row, col) !== '') return false;
  return store.rows > 0;
}

function padded(fields: readonly string[], width: number): string[] {
  return Array.from({ length: width }, (_, col) => fields[col] ?? '');
}
