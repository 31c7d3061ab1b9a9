import { lossByName } from '../nn/losses.ts';
import type { FinishedCell } from './cell.ts';

/** What trainings are compared by: the share of rows that are right; of numbers R². */
export type Measure = 'accuracy' | 'R²';

export function measureOfCell({ loss }: Pick<FinishedCell, 'loss'>): Measure {
  return loss !== undefined && lossByName(loss).targets === 'numbers' ? 'R²' : 'accuracy';
}

/** What methods are compared by; all have learnt the same. */
export function measureOf(methods: readonly { readonly finished: readonly FinishedCell[] }[]): Measure {
  const [first] = methods.flatMap(({ finished }) => finished);
  return first === undefined ? 'accuracy' : measureOfCell(first);
}
