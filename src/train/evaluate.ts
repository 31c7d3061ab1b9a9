import type { F32Block } from '../memory/arena.ts';
import { TILE } from '../memory/module.ts';
import type { Mlp, Workspace } from '../nn/mlp.ts';
import type { RowList } from './batches.ts';
import type { Work } from './work.ts';

/** Mean cross-entropy and the share of samples classified correctly. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

/** Scores the network on the rows. */
export function* evaluateRows(network: Mlp, workspace: Workspace, rows: RowList): Work<Score> {
  let loss = 0;
  let correct = 0;
  for (let begin = 0; begin < rows.length; begin += TILE) {
    const tile = rows.pack(begin, rows.length, workspace.activations[0]);
    network.forward(workspace);
    network.softmax(workspace);
    const score = network.score(workspace, tile);
    loss += score.loss;
    correct += score.correct;
    yield;
  }
  return { loss: loss / rows.length, accuracy: correct / rows.length };
}

/** Writes every row's class probabilities to `out` [rows, classes]. */
export function* predictRows(network: Mlp, workspace: Workspace, rows: RowList, out: F32Block): Work<void> {
  const { kernels } = network.engine;
  for (let begin = 0; begin < rows.length; begin += TILE) {
    const { count } = rows.pack(begin, rows.length, workspace.activations[0]);
    network.forward(workspace);
    network.softmax(workspace);
    const target = out.pointer + 4 * begin * network.classes;
    kernels.unpackRows(workspace.probabilities, network.classes, count, target);
    yield;
  }
}
