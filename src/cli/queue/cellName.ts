import { createHash } from 'node:crypto';
import { isRecord } from '../../base/json.ts';
import type { CellRecord } from '../../compare/cell.ts';
import { camelCase } from '../args.ts';
import type { CellTask } from '../cellTask.ts';
import { WITHOUT_BITS } from '../compareSyntax.ts';

/** The name of a cell: a hash of all that decides the bits of its record. */
export function cellNameOf(version: string, { cell, data, args, picture }: CellTask): string {
  const bitless = new Set(WITHOUT_BITS.map(camelCase));
  const options = Object.entries(args.options).filter(([name]) => !bitless.has(name));
  return `cell-${hashOf([version, data, cell, Object.fromEntries(options), picture ?? null])}`;
}

/** The name of the queue of all cells that the same workers can serve. */
export function queueNameOf(version: string, { cell, data }: CellTask): string {
  return ['cells', version, data, ...(cell.module === undefined ? [] : [cell.module])].join('-');
}

/** What a clock says in a record. */
const TIMES: readonly string[] = ['seconds', 'trainSeconds', 'startSeconds', 'evolveSeconds'];

/** A hash that is equal for two records of the same bits. */
export function digestOf(record: CellRecord): string {
  return hashOf(Object.fromEntries(Object.entries(record).filter(([name]) => !TIMES.includes(name))));
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('hex').slice(0, 40);
}

/** Objects of the same members are the same, in whatever order these are. */
function sorted(_key: string, value: unknown): unknown {
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
}
