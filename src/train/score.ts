import { TILE } from '../engine/abi.ts';
import { lanesFor } from '../engine/lanes.ts';
import type { F32Block, Region } from '../engine/region.ts';
import type { Loss, Score } from '../nn/loss.ts';
import type { Network } from '../nn/network.ts';
import type { RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';

/** What workspaces take together, beyond one tile for each thread. */
const WORKSPACE_BYTES = 64 << 20;

/**
 * Room for as many tiles at a time as keep the threads busy, at most `tiles`. Their number changes no result,
 * because what tiles contribute is added in the order of the tiles.
 */
export function allocateWorkspaces(
  network: Network,
  region: Region,
  loss: Loss,
  { threads }: Executor,
  tiles: number,
  backward: boolean,
): Workspace[] {
  const most = Math.max(1, Math.floor(WORKSPACE_BYTES / network.workspaceBytes(backward)));
  const count = threads === 1 ? 1 : Math.max(threads, Math.min(most, 4 * threads));
  return Array.from({ length: Math.min(count, Math.max(1, tiles)) }, () =>
    network.allocateWorkspace(region, loss, backward),
  );
}

/**
 * The tiles of n rows in waves, each of as many tiles as there are workspaces. `begin` is a wave's first
 * tile.
 */
export function waves(rows: number, workspaces: readonly Workspace[]): { begin: number; count: number }[] {
  const tiles = Math.ceil(rows / TILE);
  const size = workspaces.length;
  return Array.from({ length: Math.ceil(tiles / size) }, (_, wave) => ({
    begin: wave * size,
    count: Math.min(size, tiles - wave * size),
  }));
}

/** Scores the network on the rows. @param out as for `predictRows`, where the answers are wanted, too. */
export function* evaluateRows(
  executor: Executor,
  network: Network,
  workspaces: readonly Workspace[],
  rows: RowList,
  out?: F32Block,
): Work<Score> {
  const { outputs } = network;
  const sums = newSums(network, workspaces);
  for (const { begin, count } of waves(rows.length, workspaces)) {
    yield* executor.run(count, (kernels, t) => {
      const workspace = workspaces[t];
      const position = TILE * (begin + t);
      const tile = rows.pack(kernels, position, rows.length, workspace);
      network.forward(kernels, workspace, lanesFor(tile.count));
      network.score(kernels, workspace, tile);
      if (out !== undefined) {
        kernels.unpackRows(workspace.outputs, outputs, tile.count, out.at(position * outputs));
      }
    });
    addSums(sums, workspaces.slice(0, count));
  }
  return workspaces[0].loss.summarize(sums, rows.length, outputs);
}

/** Room for the sums of all tiles that samples are scored by. */
export function newSums(network: Network, [{ loss }]: readonly Workspace[]): Float64Array {
  return new Float64Array(loss.countSums(network.outputs));
}

/** Adds what the workspaces' tiles were scored by, in the order of the tiles. */
export function addSums(sums: Float64Array, workspaces: readonly Workspace[]): void {
  for (const { sums: tile } of workspaces) {
    const { view } = tile;
    for (let s = 0; s < sums.length; s++) sums[s] += view[s];
  }
}

/** Writes what the network answers for every row to `out` [rows, outputs]. */
export function* predictRows(
  executor: Executor,
  network: Network,
  workspaces: readonly Workspace[],
  rows: RowList,
  out: F32Block,
): Work<void> {
  const { outputs } = network;
  for (const { begin, count } of waves(rows.length, workspaces)) {
    yield* executor.run(count, (kernels, t) => {
      const position = TILE * (begin + t);
      const tile = rows.pack(kernels, position, rows.length, workspaces[t]);
      network.forward(kernels, workspaces[t], lanesFor(tile.count));
      kernels.unpackRows(workspaces[t].outputs, outputs, tile.count, out.at(position * outputs));
    });
  }
}
