import { TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import { loadRows, loadSamples, RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import { runNow } from '../run/turns.ts';
import { allocateWorkspaces, evaluateRows, predictRows, type Score } from '../train/score.ts';
import { checkLabelled } from './checkTraining.ts';
import type { ModelCore } from './core.ts';
import { checkSamples } from './inputs.ts';

/** Mean cross-entropy and accuracy. @throws CtreError as `SparseMLP.evaluate`. */
export function evaluateModel(core: ModelCore, x: unknown, y: unknown): Score {
  const { x: samples, labels } = checkLabelled(core, x, y);
  // Whoever was asked for the samples may have disposed of the model.
  const { network, executor } = core.alive;
  const region = new Region(network.engine.arena);
  try {
    const rows = loadRows(region, samples, labels);
    return runNow(evaluateRows(executor, network, workspacesFor(core, region, samples.rows), rows));
  } finally {
    region.free();
  }
}

/** Class probabilities, rows × classes. @throws CtreError as `SparseMLP.predict`. */
export function predictModel(core: ModelCore, x: unknown): Float32Array {
  const samples = checkSamples(x, core.network.dims[0]);
  const { network, executor } = core.alive;
  const region = new Region(network.engine.arena);
  try {
    const order = Int32Array.from({ length: samples.rows }, (_, r) => r);
    const rows = new RowList(region, loadSamples(region, samples), region.i32(0), order);
    const out = region.f32(samples.rows * network.classes);
    const workspaces = workspacesFor(core, region, samples.rows);
    runNow(predictRows(executor, network, workspaces, rows, out));
    return out.view.slice();
  } finally {
    region.free();
  }
}

function workspacesFor({ alive }: ModelCore, region: Region, rows: number): Workspace[] {
  return allocateWorkspaces(alive.network, region, alive.executor, Math.ceil(rows / TILE), false);
}
