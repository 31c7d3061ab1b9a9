import { CtreError, megabytes } from '../base/errors.ts';
import { checkDims } from '../model/architecture.ts';
import { networkBytes } from '../nn/network.ts';
import { connectionCounts, type DensityOptions } from '../topology/density.ts';
import type { Topology } from '../topology/topology.ts';
import type { Cell } from './cell.ts';

/** What is compared on one dataset: every combination is a cell. */
export interface GridAxes<M extends string = string> {
  /** Neurons of the hidden layers, one list for each shape. */
  readonly shapes: readonly (readonly number[])[];
  /** ε; null where the density is given in another way. */
  readonly epsilons: readonly (number | null)[];
  readonly methods: readonly M[];
  readonly seeds: readonly number[];
}

/** The cells of a dataset, in the order of shapes, densities, methods, seeds. */
export function cellsOf<M extends string>(
  dataset: string,
  { shapes, epsilons, methods, seeds }: GridAxes<M>,
): (Cell & { readonly method: M })[] {
  return shapes.flatMap((hidden) =>
    epsilons.flatMap((epsilon) =>
      methods.flatMap((method) => seeds.map((seed) => ({ dataset, hidden, epsilon, method, seed }))),
    ),
  );
}

/** A cell by what differs among the cells of its grid. */
export function cellWords(cell: Cell, grid: readonly Cell[]): string {
  const [first] = grid;
  const varies = (name: 'dataset' | 'hidden' | 'epsilon'): boolean =>
    grid.some((other) => String(other[name]) !== String(first[name]));
  return [
    ...(varies('dataset') ? [cell.dataset] : []),
    ...(varies('hidden') ? [`hidden ${cell.hidden.join(',')}`] : []),
    ...(varies('epsilon') ? [`ε ${cell.epsilon}`] : []),
    cell.method,
    `seed ${cell.seed}`,
  ].join(', ');
}

/** What a WebAssembly memory holds. */
const MOST_BYTES = 2 ** 32;

/**
 * Checks that a network can be.
 * @param layers neurons by layer: inputs, hidden layers, classes.
 * @throws CtreError `E_MEMORY` where it is too large, and what `checkDims` and the density throw.
 */
export function checkNetwork(layers: readonly number[], density: DensityOptions, topology: Topology): void {
  const dims = checkDims(layers);
  const counts = topology.startsFull
    ? dims.slice(1).map((outDim, l) => dims[l] * outDim)
    : connectionCounts(dims, density);
  const bytes = networkBytes(dims, counts);
  if (bytes <= MOST_BYTES) return;
  throw new CtreError(
    'E_MEMORY',
    `${topology.name} with hidden layers ${dims.slice(1, -1).join(',')} needs ${megabytes(bytes)}, and a ` +
      `WebAssembly memory holds ${megabytes(MOST_BYTES)}; use fewer neurons or a smaller density`,
  );
}
