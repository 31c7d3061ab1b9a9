import { type Cell, type CellRecord, isFinished } from '../compare/cell.ts';
import { duration, share } from './format.ts';

/** A cell in words, where the grid around it is not known. */
export function cellLabel({ dataset, hidden, epsilon, method, seed }: Cell): string {
  const layers = hidden.length === 0 ? 'none' : hidden.join(',');
  const density = epsilon === null ? [] : [`ε ${epsilon}`];
  return [dataset, `hidden ${layers}`, ...density, method, `seed ${seed}`].join(', ');
}

/** How a cell's training went, in words. */
export function cellOutcome(record: CellRecord): string {
  return isFinished(record) ? `test ${share(record.testAccuracy)}  ${duration(record.seconds)}` : 'diverged';
}
