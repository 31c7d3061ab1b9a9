import { TILE } from '../engine/abi.ts';
import { lanesFor } from '../engine/lanes.ts';
import type { F32Block, Region } from '../engine/region.ts';
import type { Network } from '../nn/network.ts';
import type { RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';

/** Mean cross-entropy and the share of samples classified correctly. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** What workspaces take together, beyond one tile for each thread. */
const WORKSPACE_BYTES = 64 << 20;

/**
 * Room for as many tiles at a time as keep the threads busy, at most `tiles`. Their number changes no result,
 * because what tiles contribute is added in the order of the tiles.
 */
export function allocateWorkspaces(
  network: Network,
  region: Region,
  { threads }: Executor,
  tiles: number,
  backward: boolean,
): Workspace[] {
  const most = Math.max(1, Math.floor(WORKSPACE_BYTES / network.workspaceBytes(backward)));
  const count = threads === 1 ? 1 : Math.max(threads, Math.min(most, 4 * threads));
  return Array.from({ length: Math.min(count, Math.max(1, tiles)) }, () =>
    network.allocateWorkspace(region, backward),
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

/** Scores the network on the rows. */
export function* evaluateRows(
  executor: Executor,
  network: Network,
  workspaces: readonly Workspace[],
  rows: RowList,
): Work<Score> {
  let loss = 0;
  let correct = 0;
  for (const { begin, count } of waves(rows.length, workspaces)) {
    yield* executor.run(count, (kernels, t) => {
      const workspace = workspaces[t];
      const tile = rows.pack(kernels, TILE * (begin + t), rows.length, workspace.activations[0]);
      network.forward(kernels, workspace, lanesFor(tile.count));
      network.score(kernels, workspace, tile);
    });
    for (let t = 0; t < count; t++) {
      loss += workspaces[t].score.view[0];
      correct += workspaces[t].score.view[1];
    }
  }
  return { loss: loss / rows.length, accuracy: correct / rows.length };
}

/** Writes every row's class probabilities to `out` [rows, classes]. */
export function* predictRows(
  executor: Executor,
  network: Network,
  workspaces: readonly Workspace[],
  rows: RowList,
  out: F32Block,
): Work<void> {
  const { classes } = network;
  for (const { begin, count } of waves(rows.length, workspaces)) {
    yield* executor.run(count, (kernels, t) => {
      const position = TILE * (begin + t);
      const tile = rows.pack(kernels, position, rows.length, workspaces[t].activations[0]);
      network.forward(kernels, workspaces[t], lanesFor(tile.count));
      kernels.unpackRows(workspaces[t].probabilities, classes, tile.count, out.at(position * classes));
    });
  }
}
