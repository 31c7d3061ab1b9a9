import type { Random } from '../base/random.ts';
import { type CsrPattern, transposePattern } from '../matrix/pattern.ts';
import { firstFree } from '../matrix/sampling.ts';
import { PositionList } from './positionList.ts';

// Which positions are worth a score, found without looking at all of them.

/**
 * About `count` distinct free positions of a layer, in row-major order as a pattern; all of them where there
 * are no more. Part of them are drawn uniformly; the others are neighbours of neighbours: from a connection
 * (j, a) to another output neuron of input a, and on to another input b of that one. What is like my
 * neighbour is often like me (Dong et al. 2011), and so what one good pair finds, its neighbours find.
 * @param kept positions that are not free.
 * @param pattern whose connections are gone along.
 * @param guided share of the positions that are neighbours of neighbours.
 */
export function proposePositions(
  kept: CsrPattern,
  pattern: CsrPattern,
  count: number,
  guided: number,
  random: Random,
): CsrPattern {
  const { rows, cols } = kept;
  const free = rows * cols - kept.indices.length;
  if (count >= free) {
    const all = firstFree(kept, free);
    const list = new PositionList(kept, free);
    all.rows.forEach((row, e) => {
      list.add(row, all.cols[e]);
    });
    return list.pattern();
  }
  const list = new PositionList(kept, count);
  const neighbours = pattern.indices.length === 0 ? 0 : Math.floor(guided * count);
  for (let e = neighbours; e < count; e++) list.add(random.below(rows), random.below(cols));
  if (neighbours > 0) addNeighbours(list, pattern, neighbours, random);
  return list.pattern();
}

function addNeighbours(list: PositionList, pattern: CsrPattern, count: number, random: Random): void {
  const { rows, indptr, indices } = pattern;
  const byInput = transposePattern(pattern);
  const rowOf = new Int32Array(indices.length);
  for (let r = 0; r < rows; r++) rowOf.fill(r, indptr[r], indptr[r + 1]);
  for (let e = 0; e < count; e++) {
    const p = random.below(indices.length);
    const input = indices[p];
    const first = byInput.indptr[input];
    const other = byInput.indices[first + random.below(byInput.indptr[input + 1] - first)];
    const begin = indptr[other];
    list.add(rowOf[p], indices[begin + random.below(indptr[other + 1] - begin)]);
  }
}
