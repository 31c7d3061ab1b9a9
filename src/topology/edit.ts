import { CtreError } from '../base/errors.ts';
import type { CsrPattern, Positions } from '../matrix/pattern.ts';
import { noPositions, positionsInside, positionsOf, positionsOutside } from '../matrix/pattern.ts';
import type { Edit } from './topology.ts';

/** A layer whose structure can be changed. */
export interface EditTarget {
  /** Writes a pattern. Where it has more or fewer connections, the arrays below get another length. */
  setPattern(pattern: CsrPattern): void;
  /** Weights in CSR order. */
  readonly values: { readonly view: Float32Array };
  /** The optimiser's arrays in CSR order. */
  readonly weightSlots: readonly { readonly view: Float32Array }[];
}

/** What an edit did to a layer. */
export interface EditCounts {
  /** Connections pruned, those grown again at once among them. */
  readonly pruned: number;
  /** Of these, grown again by the same edit. */
  readonly regrown: number;
  /** Connections grown that were not there before. */
  readonly grown: number;
  /** Of all grown, drawn at random. */
  readonly random: number;
}

/**
 * What changed in a layer's connections from the start of an epoch to its end: positions of W, in row-major
 * order.
 */
export interface LayerEdit {
  /** Gone. */
  readonly pruned: Positions;
  /** New. */
  readonly grown: Positions;
  /** Those of the new that were drawn at random. */
  readonly random: Positions;
}

/**
 * What became of a pattern. A connection that was pruned and grown again in the same update counts as kept.
 * O(nnz).
 * @param drawn what updates in between drew at random; some of it may be gone.
 */
export function comparePatterns(
  before: CsrPattern,
  after: CsrPattern,
  drawn: Positions = noPositions,
): LayerEdit {
  return {
    pruned: positionsOutside(after, positionsOf(before)),
    grown: positionsOutside(before, positionsOf(after)),
    random: positionsInside(after, positionsOutside(before, drawn)),
  };
}

/** In place of a CSR position: the connection is new. */
const NEW = -1;

/** An edit that fits its layer. */
export interface PlannedEdit {
  readonly edit: Edit;
  /** The pattern after the edit. */
  readonly pattern: CsrPattern;
  /** For each of its connections the CSR position it had before, or NEW. */
  readonly source: Int32Array;
  readonly regrown: number;
}

/**
 * Checks an edit. Nothing changes yet, so that a network is changed in all layers or in none. O(nnz).
 * @throws CtreError `E_ARGUMENT` for an edit that grows a kept connection, or lists as drawn at random what
 *   it does not grow.
 */
export function planEdit(before: CsrPattern, edit: Edit): PlannedEdit {
  const { grow } = edit;
  if (grow.rows.length !== grow.cols.length) {
    throw new CtreError(
      'E_ARGUMENT',
      `the topology method grows at ${grow.rows.length} rows and ${grow.cols.length} columns; ` +
        'expected one of both for each connection',
    );
  }
  const planned = mergeEdit(before, edit);
  checkAmong(grow, edit.random);
  return { edit, ...planned };
}

/**
 * Makes a planned edit: the one place where a CSR structure changes. Kept connections keep weight and
 * optimiser state bit for bit; new ones get a drawn weight and a state of zero. O(nnz).
 */
export function applyEdit(
  target: EditTarget,
  { edit, pattern, source, regrown }: PlannedEdit,
  drawWeight: () => number,
): EditCounts {
  const { prune, grow } = edit;
  const arrays = (): EditTarget['weightSlots'] => [target.values, ...target.weightSlots];
  const before = arrays().map(({ view }) => view.slice());
  target.setPattern(pattern);
  arrays().forEach((array, a) => {
    move(before[a], array.view, source, a === 0 ? drawWeight : () => 0);
  });
  return {
    pruned: prune.length,
    regrown,
    grown: grow.cols.length - regrown,
    random: edit.random.cols.length,
  };
}

/** The pattern after the edit and, for each of its connections, the CSR position it had before, or NEW. */
function mergeEdit(
  before: CsrPattern,
  { prune, grow }: Edit,
): { pattern: CsrPattern; source: Int32Array; regrown: number } {
  const { rows, cols, indptr, indices } = before;
  const nnz = indices.length - prune.length + grow.cols.length;
  const newIndptr = new Int32Array(rows + 1);
  const newIndices = new Int32Array(nnz);
  const source = new Int32Array(nnz);
  let q = 0;
  let nextPruned = 0;
  let nextGrown = 0;
  let regrown = 0;
  for (let r = 0; r < rows; r++) {
    let last = -1;
    const end = indptr[r + 1];
    // After the last connection of the row come those grown to the right of it.
    for (let p = indptr[r]; p <= end; p++) {
      const column = p < end ? indices[p] : cols;
      for (; grow.rows[nextGrown] === r && grow.cols[nextGrown] < column; nextGrown++) {
        if (grow.cols[nextGrown] <= last) throw misplaced(r, grow.cols[nextGrown]);
        last = grow.cols[nextGrown];
        newIndices[q] = last;
        source[q++] = NEW;
      }
      if (p === end) break;
      const grownHere = grow.rows[nextGrown] === r && grow.cols[nextGrown] === column;
      const prunedHere = prune[nextPruned] === p;
      if (prunedHere) nextPruned++;
      if (grownHere) nextGrown++;
      if (grownHere && !prunedHere) throw misplaced(r, column);
      if (grownHere) regrown++;
      if (!prunedHere || grownHere) {
        newIndices[q] = column;
        source[q++] = p;
      }
      last = column;
    }
    newIndptr[r + 1] = q;
  }
  if (nextPruned !== prune.length || nextGrown !== grow.cols.length) {
    throw new CtreError(
      'E_ARGUMENT',
      'the topology method gave positions out of range or out of order; ' +
        'expected them within the layer, ascending',
    );
  }
  return { pattern: { rows, cols, indptr: newIndptr, indices: newIndices }, source, regrown };
}

function move(from: Float32Array, to: Float32Array, source: Int32Array, fresh: () => number): void {
  for (let q = 0; q < to.length; q++) to[q] = source[q] === NEW ? fresh() : from[source[q]];
}

/** Both lists in row-major order. */
function checkAmong(grown: Positions, drawn: Positions): void {
  let q = 0;
  for (let g = 0; g < grown.cols.length; g++) {
    if (grown.rows[g] === drawn.rows[q] && grown.cols[g] === drawn.cols[q]) q++;
  }
  if (q === drawn.cols.length && q === drawn.rows.length) return;
  throw new CtreError(
    'E_ARGUMENT',
    `the topology method lists ${drawn.cols.length} positions as drawn at random; ` +
      'expected some of those it grows, in the same order',
  );
}

function misplaced(row: number, column: number): CtreError {
  return new CtreError(
    'E_ARGUMENT',
    `the topology method grows the connection (${row}, ${column}), which is kept or listed twice; ` +
      'grow others',
  );
}
