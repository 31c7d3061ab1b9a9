// The matrix that every kernel and every public product runs over: all combinations of sizes, structures and
// values.
import { effort, runSeed } from '../../support/effort.ts';
import { DENSITIES, type Structure, VALUES, type Values } from './inputs.ts';

/** One combination. A kernel that has no use for an axis ignores it. */
export interface Cell {
  readonly samples: number;
  readonly rows: number;
  readonly cols: number;
  readonly structure: Structure;
  readonly values: Values;
  /** Names the cell's random numbers. */
  readonly name: string;
}

const AXES = {
  samples: [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 129],
  // 4 and 7: a block of four rows without a tail, and with the longest tail.
  rows: [0, 1, 2, 3, 4, 7, 17, 64],
  cols: [0, 1, 2, 3, 4, 7, 17, 64],
  structure: Object.keys(DENSITIES) as Structure[],
  values: VALUES,
};

export type Axis = keyof typeof AXES;

/** No matrix runs more cells than this. */
const MOST = effort(400, 20_000);

/**
 * Every n-th cell over the axes. n and the number of cells have no common factor, so that every value of
 * every axis occurs.
 */
export function* cellsOf(axes: readonly Axis[]): Iterable<Cell> {
  const total = axes.reduce((product, axis) => product * AXES[axis].length, 1);
  let step = Math.ceil(total / MOST);
  while (divisor(step, total) > 1) step++;
  for (let index = 0; index < total; index += step) yield cellAt(axes, index);
}

function cellAt(axes: readonly Axis[], index: number): Cell {
  const cell = { samples: 1, rows: 1, cols: 1, structure: AXES.structure[0], values: AXES.values[0] };
  let rest = index;
  for (const axis of axes) {
    const { [axis]: list } = AXES;
    Object.assign(cell, { [axis]: list[rest % list.length] });
    rest = Math.floor(rest / list.length);
  }
  return { ...cell, name: axes.map((axis) => `${axis} ${cell[axis]}`).join(', ') };
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** The values of the axis that no cell has. */
export function missingValues(cells: readonly Cell[], axis: Axis): unknown[] {
  return AXES[axis].filter((value) => cells.every((cell) => cell[axis] !== value));
}

/**
 * Runs a test on every cell.
 * @throws Error that names the failed cells and how to run them again.
 */
export function runMatrix(axes: readonly Axis[], run: (cell: Cell) => void): number {
  const failures: string[] = [];
  let count = 0;
  for (const cell of cellsOf(axes)) {
    count++;
    try {
      run(cell);
    } catch (error) {
      failures.push(`${cell.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (failures.length === 0) return count;
  const first = failures.slice(0, 5).join('\n');
  throw new Error(
    `${failures.length} of ${count} cells failed; CTRE_SEED=${runSeed} runs them again\n${first}`,
  );
}
