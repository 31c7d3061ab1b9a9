import type { CellRecord } from './cell.ts';
import type { Group } from './summary.ts';
export interface ReportContext {
  readonly command: string;
  readonly date: Date;
}
export async function renderReport(
  _groups: readonly Group[],
  _records: readonly CellRecord[],
  _context: ReportContext,
): Promise<string> {
  return '';
}
