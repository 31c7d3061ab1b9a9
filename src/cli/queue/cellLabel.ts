import type { Cell } from '../../compare/cell.ts';

/** A cell in words, where the grid around it is not known. */
export function cellLabel({ dataset, hidden, epsilon, method, seed }: Cell): string {
  const layers = hidden.length === 0 ? 'none' : hidden.join(',');
  const density = epsilon === null ? [] : [`ε ${epsilon}`];
  return [dataset, `hidden ${layers}`, ...density, method, `seed ${seed}`].join(', ');
}
