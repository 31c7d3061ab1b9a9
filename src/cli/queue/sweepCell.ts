import { isRecord } from '../../base/json.ts';
import type { CellTask } from '../cellTask.ts';

/** What a job of the queue holds. Its id is the cell's name. */
export interface SweepCell {
  readonly task: CellTask;
  /** How often a cell is tried again whose worker, or whose process, died. */
  readonly retries: number;
}

/** How far a cell is, as workers tell it. */
export interface SweepProgress {
  readonly epoch: number;
}

/** The epoch that a job's progress tells; 0 before any. */
export function epochOf(progress: unknown): number {
  return isRecord(progress) && typeof progress.epoch === 'number' ? progress.epoch : 0;
}
