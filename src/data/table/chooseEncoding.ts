import { CtreError, show } from '../../base/errors.ts';
import { columnTitle } from '../rawTable.ts';
import type { Column } from './column.ts';
import { daysOf } from './encodings/date.ts';
import { truthOf } from './encodings/truth.ts';
import type { EncodingName } from './encodings.ts';
import type { Facts } from './facts.ts';
import { numeralStyle } from './numerals.ts';

/** What a column is to become, and what is to be said of it. */
export interface Choice {
  readonly kind: EncodingName;
  /** Why it is left out, where it is. */
  readonly why?: string;
  /** A guess on thin grounds, with the option that decides. */
  readonly warning?: string;
  /** Whether few texts stand among its numbers: somebody has to say what they mean. */
  readonly isMixed?: boolean;
}

/** Words that a column of few rows may have. */
const FEW_WORDS = 20;

/** Words that a column may have at most: each is an input. */
const MOST_WORDS = 1000;

/** Where numbers have so few texts among them, these are mistakes, or mean something of their own. */
const FEW_TEXTS = 0.1;
/** Fewer are mistakes in short tables, too. */
const LEAST_TEXTS = 3;

/** Words of a text that is read as one. */
const WORDS_OF_TEXT = 8;

/** Integers from this size on: float32 does not tell all of them apart. */
const FLOAT32_INTEGERS = 2 ** 24;

/** Names of columns that number the rows or name them. */
const ID_NAMES = /^(|id|index|idx|row(_?(id|names?|number))?|no|nr|#|unnamed: ?\d+|x)$|[_ .-]id$/i;
/** `passengerId`. */
const CAMEL_ID_NAME = /[a-z](Id|ID)$/;

/**
 * What becomes of a column, by rules that docs/data.md writes down.
 * @param keepsIds whether integers that look like ids are numbers as others.
 */
export function chooseEncoding(column: Column, facts: Facts, keepsIds = false): Choice {
  const { rows, missing, numbers, texts, truths, distinct } = facts;
  const known = rows - missing;
  const where = columnTitle(column);
  if (known === 0) return { kind: 'none', why: 'it holds nothing' };
  if (numbers === known) return ofNumbers(column, facts, keepsIds);
  if (distinct === 1 && missing === 0) return { kind: 'none', why: 'every row has the same value' };
  if (truths + texts + numbers === known && isAll(column, (value) => truthOf(value) !== undefined)) {
    return { kind: 'truth' };
  }
  if (texts === known && isAll(column, (value) => daysOf(value) !== undefined)) return { kind: 'date' };
  const style = numbers + texts === known ? numeralStyle(column) : undefined;
  if (style !== undefined) return { kind: 'numeral', ...(style.isOpen && groups()) };
  const others = texts + truths;
  if (others < numbers && others < Math.max(FEW_TEXTS * known, LEAST_TEXTS)) {
    return { kind: 'none', isMixed: true };
  }
  const few = Math.max(FEW_WORDS, known / 5);
  const isMany = distinct > Math.min(few, MOST_WORDS);
  if (facts.words >= WORDS_OF_TEXT && (distinct > known / 2 || isMany)) return { kind: 'text' };
  if (!isMany) return { kind: 'words', ...(numbers > 0 && mixed()) };
  const many = `it has ${distinct > 5000 ? 'more than 5000' : distinct} different texts in ${known} rows`;
  return {
    kind: 'none',
    why: many,
    warning: `${where} is left out: ${many}; the option categorical makes an input of each`,
  };

  function groups(): Pick<Choice, 'warning'> {
    const warning =
      `${where} has commas in its numbers, which are taken for groups of digits (1,234 is 1234); where ` +
      'they separate decimals, write them as points';
    return { warning };
  }

  function mixed(): Pick<Choice, 'warning'> {
    const warning =
      `${where} has ${numbers} numbers and ${texts} texts, and is read as words; where the texts mean ` +
      `missing values, name them: the option missing`;
    return { warning };
  }
}

/** A column of numbers that has few texts. */
export interface MixedColumn {
  readonly column: Column;
  readonly facts: Facts;
}

/** Columns that an error tells of. */
const MOST_TOLD = 8;

/** The error for columns of numbers that have texts: whatever was guessed might ruin the result. */
export function mixedNumbers(mixed: readonly MixedColumn[], columns: number): CtreError {
  const [{ column, facts }, ...others] = mixed;
  const { numbers, texts, firstText } = facts;
  const lineOf = (one: MixedColumn): string =>
    one.column.place?.(one.facts.firstText) ?? `row ${one.facts.firstText + 1}`;
  const line = lineOf(mixed[0]);
  const found = `${line}, ${columnTitle(column)} is ${show(column.value(firstText))}`;
  const isOneLine = mixed.length > 2 && 2 * mixed.length > columns;
  if (isOneLine && mixed.every((one) => one.facts.texts === 1 && lineOf(one) === line)) {
    return new CtreError(
      'E_FORMAT',
      `${found}, and so are ${others.length} more columns in this line, while all else in them are ` +
        'numbers; delete the line if it is a second header; if samples are columns, transpose the table, ' +
        'so that each sample is a row',
    );
  }
  const more = texts === 1 ? '' : `, and ${texts - 1} more are no number`;
  const shown = others
    .slice(0, MOST_TOLD)
    .map(
      (one) =>
        `${columnTitle(one.column)} (${show(one.column.value(one.facts.firstText))} in ${lineOf(one)})`,
    );
  const rest = others.length > MOST_TOLD ? ` and ${others.length - MOST_TOLD} more` : '';
  const also = others.length === 0 ? '' : `; it is the same in ${shown.join(', ')}${rest}`;
  return new CtreError(
    'E_FORMAT',
    `${found}${more}, while ${numbers} others are numbers${also}; where such texts mean missing values, ` +
      'name them (the option missing); where all are words, name the column (the option categorical); the ' +
      'option drop leaves it out',
  );
}

function isIdName(name: string): boolean {
  return ID_NAMES.test(name) || CAMEL_ID_NAME.test(name);
}

function ofNumbers(column: Column, facts: Facts, keepsIds: boolean): Choice {
  const { rows, missing, distinct, integers, largest } = facts;
  const where = columnTitle(column);
  const isNamedSo = column.name !== undefined && isIdName(column.name.trim());
  const isUnique = integers && distinct > 0.9 * Math.min(rows - missing, 5000);
  const looksLikeIds = column.name === undefined && column.number === 1 && largest > 10 * rows;
  if (!keepsIds && isUnique && rows > FEW_WORDS && (isNamedSo || looksLikeIds)) {
    const why = `it looks like ids (${distinct} different integers in ${rows - missing} rows)`;
    return {
      kind: 'none',
      why,
      warning: `${where} is left out: ${why}; the option rowNumbers can keep it`,
    };
  }
  if (isUnique && largest >= FLOAT32_INTEGERS) {
    const warning =
      `${where} holds integers up to ${largest}; as float32, which has 24 bits, near ones are equal unless ` +
      `they are scaled; the option drop leaves ids out`;
    return { kind: 'number', warning };
  }
  return { kind: 'number' };
}

function isAll(column: Column, suits: (value: ReturnType<Column['value']>) => boolean): boolean {
  for (let row = 0; row < column.length; row++) {
    const value = column.value(row);
    if (value !== undefined && !suits(value)) return false;
  }
  return true;
}
