import { columnTitle, type LeftOutColumn, type RawColumn } from './rawTable.ts';

/** Names of columns that only say which row it is. pandas makes `Unnamed: 0` of no name. */
const ROW_NAMES = /^(id|index|unnamed: ?0|row[\W_]?(id|names?|numbers?)|rownames?)$/i;
/** Names of columns that may say it, or may be a feature. R makes `X` of no name. */
const MAYBE_ROW_NAMES = new RegExp(
  `^(${[
    /(?!class|label|target).*[\W_]id/,
    /idx|no|nr|s[\W_]*no|num|number|rows?|row[\W_]?(nr|no|num)/,
    /x|\.\.\.1|obs|observation|case|record|instance|serial[\W_]*(no|number)?|#/,
  ]
    .map(({ source }) => source)
    .join('|')})\\.?$`,
  'i',
);
/** `passengerId`, as tables of camel case have it. */
const CAMEL_ID = /[a-z]I[dD]$/;
/** Rows before a column counts that may be a feature: a few may count by chance. */
const ENOUGH_ROWS = 10;

/** Columns that only say which row it is, and what to tell about them. */
export interface RowNumbers {
  readonly leftOut: readonly LeftOutColumn[];
  readonly warnings: readonly string[];
}

/**
 * The columns that count the rows up by one, and have a name for that. Without a name it is the first one,
 * where others have names, or where there are ten rows. Where ten rows have ten different integers, such a
 * column need not count: rows of a larger table keep their numbers. O(rows of such columns).
 */
export function findRowNumbers(columns: readonly RawColumn[], hasNames: boolean): RowNumbers {
  const leftOut: LeftOutColumn[] = [];
  const warnings: string[] = [];
  for (const [place, column] of columns.entries()) {
    const kind = rowNumberKind(column, place === 0, hasNames);
    // Of two columns, one with a name is the only feature.
    if (kind === undefined || (columns.length < 3 && isNamed(column))) continue;
    const { name, number } = column;
    const title = columnTitle(column);
    if (!countsUp(column)) {
      if (kind === 'maybe' || !looksLikeIds(column, hasNames)) continue;
      const share = hasNames ? 'all' : 'most';
      const why = `looks like ids: ${share} of its ${column.length} integers are different`;
      leftOut.push({ ...(isNamed(column) && { name }), number, why });
      warnings.push(`${title} ${why}, so it is left out; the option rowNumbers can keep it`);
      continue;
    }
    if (kind === 'maybe') {
      warnings.push(`${title} counts the rows up by one; leave it out if that is all it does`);
      continue;
    }
    leftOut.push({ ...(isNamed(column) && { name }), number, why: 'counts the rows' });
    warnings.push(`${title} counts the rows, so it is left out; the option rowNumbers can keep it`);
  }
  return { leftOut, warnings };
}

function isNamed({ name }: RawColumn): boolean {
  return name !== undefined && name !== '';
}

function rowNumberKind(
  column: RawColumn,
  isFirst: boolean,
  hasNames: boolean,
): 'row numbers' | 'maybe' | undefined {
  const isLong = column.length >= ENOUGH_ROWS;
  if (!isNamed(column)) return isFirst && (hasNames || isLong) ? 'row numbers' : undefined;
  const name = (column.name ?? '').trim();
  if (ROW_NAMES.test(name)) return 'row numbers';
  if (!isLong) return undefined;
  if (MAYBE_ROW_NAMES.test(name) || CAMEL_ID.test(name)) return 'row numbers';
  return isFirst ? 'maybe' : undefined;
}

/** Rows that have to be there before a first column without any name may be ids. */
const ENOUGH_IDS = 20;

/**
 * Whether a column holds integers that name the rows: all are different where its name says so; where no
 * column has a name, nine in ten, and they are far larger than the rows are many.
 */
function looksLikeIds(column: RawColumn, hasNames: boolean): boolean {
  const { length } = column;
  if (length < (hasNames ? ENOUGH_ROWS : ENOUGH_IDS)) return false;
  const seen = new Set<number>();
  let largest = 0;
  for (let row = 0; row < length; row++) {
    const value = column.value(row);
    if (value === undefined || !Number.isSafeInteger(value) || value < 0) return false;
    if (hasNames && seen.has(value)) return false;
    seen.add(value);
    largest = Math.max(largest, value);
  }
  return hasNames || (seen.size > 0.9 * length && largest > 10 * length);
}

function countsUp(column: RawColumn): boolean {
  const start = column.value(0);
  if (!Number.isSafeInteger(start)) return false;
  for (let row = 1; row < column.length; row++) {
    if (column.value(row) !== Number(start) + row) return false;
  }
  return true;
}
