import Papa from 'papaparse';
import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { latin1 } from '../bytes.ts';
import { guessDelimiter } from '../delimiter.ts';
import { missingLabelsFile } from '../fileRoles.ts';
import { extensionOf, type TableFormat } from '../format.ts';
import { quotesAtFieldStarts } from '../quotes.ts';
import type { RawTable } from '../rawTable.ts';
import type { ReadOptions } from '../readOptions.ts';
import { type CharacterEncoding, characterEncoding, eachPiece, firstLine, NO_UTF8 } from '../text.ts';
import { TextTable } from '../textTable.ts';

/**
 * Text with values that commas, tabs, semicolons, bars or blanks separate: one sample a line. What is guessed
 * is guessed by the rules of docs/data.md.
 * @throws CtreError `E_FORMAT` naming the line.
 */
export const csvFormat: TableFormat = {
  fileNames: '.csv, .tsv, .txt',
  extensions: ['csv', 'tsv'],
  isContent: (bytes, extension) =>
    firstLine(bytes) !== undefined &&
    (extension === 'txt' || extension === 'data' || /[,;\t| ]/.test(latin1(bytes.subarray(0, 128)))),
  readTable([{ name, bytes }], options, budget) {
    const usual = extensionOf(name) === 'tsv' ? '\t' : undefined;
    const table = readCsv(bytes, { ...options, delimiter: options.delimiter ?? usual }, budget);
    const labels = options.unlabelled || options.label !== undefined ? undefined : missingLabelsFile(name);
    // UCI's .data files have their labels in them, and separate fields by commas.
    const isOwn = table.names !== undefined || (extensionOf(name) === 'data' && table.delimiter !== ' ');
    if (labels === undefined || isOwn) return table;
    throw new CtreError(
      'E_FORMAT',
      `by its name, this file holds features only; give its labels beside it, as ${show(labels)}, or ` +
        'name the column of the labels with the option label',
    );
  },
};

/** The table of a text file. @throws as `csvFormat`. */
export function readCsv(bytes: Uint8Array, options: ReadOptions, budget: Budget): RawTable {
  const before = budget.left;
  const encoding = characterEncoding(bytes);
  const makeTable = (): TextTable => {
    const table = new TextTable('CSV', options, budget);
    if (encoding === 'windows-1252') table.warn(NO_UTF8);
    return table;
  };
  const quoted = makeTable();
  try {
    return readLines(bytes, options, budget, quoted, { quoteChar: '"', encoding });
  } catch (error) {
    // Fields that tabs separate need no quotes, and text in them may hold some of its own.
    if (!(error instanceof QuoteError) || quoted.delimiter !== '\t') throw error;
    budget.release(before - budget.left);
    const plain = makeTable();
    plain.warn(`the quotes of line ${error.line} are not in pairs, so all quotes are taken as they stand`);
    return readLines(bytes, options, budget, plain, { quoteChar: NO_QUOTE, encoding });
  }
}

/** Text with it is refused before. */
const NO_QUOTE = '\0';

function readLines(
  bytes: Uint8Array,
  options: ReadOptions,
  budget: Budget,
  table: TextTable,
  { quoteChar, encoding }: { readonly quoteChar: string; readonly encoding: CharacterEncoding },
): RawTable {
  let delimiter = options.delimiter;
  let line = 1;
  const onPiece = (whole: string, isLast: boolean): number => {
    // Comments before the first row may hold anything, also quotes.
    let start = 0;
    if (table.isEmpty) {
      for (;;) {
        const end = whole.indexOf('\n', start);
        const text = whole.slice(start, end < 0 ? whole.length : end);
        const isSkipped = isSkippable(text);
        if (!isSkipped || (end < 0 && !isLast)) break;
        delimiter ??= /^sep=(.)$/.exec(text.trim())?.[1];
        if (text.trim() !== '' && !/^sep=/.test(text)) table.addComment(text);
        line++;
        start = end < 0 ? whole.length : end + 1;
        if (end < 0) break;
      }
      if (start === whole.length) return start;
      // The first row is there whole, or all that is there of it.
      if (!isLast && whole.indexOf('\n', start) < 0) return start;
    }
    const text = start === 0 ? whole : whole.slice(start);
    delimiter ??= guessDelimiter(text, isLast);
    table.delimiter = delimiter;
    const isBlanks = delimiter === ' ';
    const even = isBlanks && text.includes('\t') ? text.replaceAll('\t', ' ') : text;
    const ready = quoteChar === NO_QUOTE ? even : quotesAtFieldStarts(even, delimiter);
    const isQuoted = ready.includes(quoteChar);
    const parser = new Papa.Parser({
      delimiter,
      quoteChar,
      newline: '\n',
      step({ data: [data], errors }: Papa.ParseResult<string[]>) {
        const begin = line;
        line++;
        if (isQuoted) for (const field of data) line += countNewlines(field);
        if (errors.length > 0) throw new QuoteError(begin);
        // Files that blanks separate are often aligned by more than one.
        const fields = isBlanks ? data.filter((field) => field !== '') : data;
        table.add(fields, begin);
      },
    } as Papa.ParseConfig);
    const { errors, meta }: Papa.ParseResult<string[]> = parser.parse(ready, 0, !isLast);
    // Where the text is cut off, a sound quote may look wrong. A file of nothing but quotes has many errors.
    if (errors.length > 1) throw new QuoteError(line);
    return start + meta.cursor;
  };
  eachPiece(bytes, budget, onPiece, encoding);
  return table.finish();
}

/** Whether a line before the first row is none: blank, a comment, or Excel's `sep=;`. */
function isSkippable(text: string): boolean {
  const content = text.trim();
  return content === '' || /^[#%]/.test(content) || /^sep=.$/.test(content);
}

class QuoteError extends CtreError {
  readonly line: number;

  constructor(line: number) {
    super(
      'E_FORMAT',
      `line ${line} has a quote that is not closed, or text after a closed one; double the quotes in a field`,
    );
    this.line = line;
  }
}

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
