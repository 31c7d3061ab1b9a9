import { checkList } from '../../base/checks.ts';
import { CtreError, show } from '../../base/errors.ts';
import { columnChoices, columnTitle } from '../rawTable.ts';
import { type Choice, chooseEncoding, type MixedColumn, mixedNumbers } from './chooseEncoding.ts';
import type { Column } from './column.ts';
import type { Encoding, NumberScale } from './encoding.ts';
import { type EncodingName, encodings } from './encodings.ts';
import { factsOf } from './facts.ts';
import { Pipeline, type TableLabel } from './pipeline.ts';

/** What a pipeline is told instead of guessing. */
export interface ColumnOptions {
  /** Columns to leave out, by name or by index from 0. */
  readonly drop?: readonly (string | number)[];
  /** The columns to take, whatever they look like; no others are. */
  readonly features?: readonly (string | number)[];
  /** Columns whose values are words, also where they are numbers or very many. */
  readonly categorical?: readonly (string | number)[];
  /** Texts that stand for missing values, besides the usual ones. */
  readonly missing?: readonly string[];
  /** Whether columns that count the rows, or look like ids, are kept. Default: 'drop'. */
  readonly rowNumbers?: 'drop' | 'keep';
  /** How numbers are scaled. Default: standard. */
  readonly scale?: NumberScale;
}

/** A pipeline, and what was guessed on thin grounds on the way to it. */
export interface FittedPipeline {
  readonly pipeline: Pipeline;
  readonly warnings: readonly string[];
}

/**
 * Decides what becomes of every column of a table, and learns from its training rows what that takes.
 * @param columns all of them but that of the label.
 * @param rows the training rows.
 * @throws CtreError `E_ARGUMENT` for options that name columns which do not exist, or contradict each other.
 */
export function fitPipeline(
  columns: readonly Column[],
  labels: readonly TableLabel[],
  rows: ArrayLike<number>,
  options: ColumnOptions = {},
): FittedPipeline {
  const { scale = 'standard', missing = [] } = options;
  const named = (name: 'drop' | 'features' | 'categorical'): ReadonlySet<Column> => {
    const given: unknown = options[name] ?? [];
    const list = checkList(name, typeof given === 'string' ? [given] : given, MOST_NAMED);
    return new Set(list.map((column) => findNamed(columns, column, `the option ${name}`)));
  };
  const [dropped, taken, categorical] = [named('drop'), named('features'), named('categorical')];
  const both = columns.find(
    (column) => dropped.has(column) && (taken.has(column) || categorical.has(column)),
  );
  if (both !== undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      `${columnTitle(both)} is to be left out (the option drop) and to be taken`,
    );
  }
  const warnings: string[] = [];
  const mixed: MixedColumn[] = [];
  const encoded = columns.map((column) => {
    const facts = factsOf(column);
    const choice = chooseAs(column, dropped, taken, categorical, () =>
      chooseEncoding(column, facts, options.rowNumbers === 'keep'),
    );
    if (choice.isMixed) mixed.push({ column, facts });
    if (choice.warning !== undefined && !taken.has(column)) warnings.push(choice.warning);
    const kind =
      choice.kind === 'none' && taken.has(column) ? kindOfTaken(facts.numbers, facts) : choice.kind;
    const encoding: Encoding =
      kind === 'none'
        ? { kind, ...(choice.why !== undefined && { why: choice.why }) }
        : encodings[kind].fit(column, { rows, scale }, facts);
    return { ...(column.name !== undefined && { name: column.name }), number: column.number, encoding };
  });
  if (mixed.length > 0) throw mixedNumbers(mixed, columns.length);
  return { pipeline: new Pipeline({ columns: encoded, labels, missing: checkTexts(missing) }), warnings };
}

/** Columns that an option lists at most. */
const MOST_NAMED = 2 ** 20;

function checkTexts(missing: unknown): string[] {
  return checkList('missing', missing, MOST_NAMED).map((text) => {
    if (typeof text === 'string') return text;
    throw new CtreError('E_ARGUMENT', `missing holds ${show(text)}; expected texts`);
  });
}

function chooseAs(
  column: Column,
  dropped: ReadonlySet<Column>,
  taken: ReadonlySet<Column>,
  categorical: ReadonlySet<Column>,
  choose: () => Choice,
): Choice {
  if (dropped.has(column)) return { kind: 'none', why: 'it was asked for' };
  if (categorical.has(column)) return { kind: 'words' };
  if (taken.size > 0 && !taken.has(column)) return { kind: 'none', why: 'it is not among the features' };
  return choose();
}

/** What a column becomes that would be left out, but was asked for. */
function kindOfTaken(numbers: number, { rows, missing }: { rows: number; missing: number }): EncodingName {
  return numbers === rows - missing ? 'number' : 'words';
}

/** @throws CtreError `E_ARGUMENT` for a column that does not exist. */
function findNamed(columns: readonly Column[], given: unknown, option: string): Column {
  const wanted = typeof given === 'number' ? given : typeof given === 'string' ? given : undefined;
  if (wanted === undefined) {
    throw new CtreError('E_ARGUMENT', `${option} names ${show(given)}; expected names, or indices from 0`);
  }
  const found =
    columns.find(({ name }) => name === String(wanted)) ??
    columns.find(({ number }) => /^\d+$/.test(String(wanted)) && number === Number(wanted) + 1);
  if (found !== undefined) return found;
  throw new CtreError(
    'E_ARGUMENT',
    `${option} names ${show(wanted)}, and there is no such feature; expected ${columnChoices(columns)}`,
  );
}
