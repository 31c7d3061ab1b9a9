interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float32Array;
}
interface Rows {
  readonly x: Matrix;
  readonly y: Int32Array;
}

export function nearestNeighbours(
  columns: readonly number[],
  rows: { readonly train: Rows; readonly validation: Rows; readonly test: Rows },
): { neighbours: number; valAccuracy: number; testAccuracy: number };

export function correlatedColumns(
  x: Matrix,
  count: number,
): { columns: number[]; least: number; next: number };
