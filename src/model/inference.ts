import { TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import type { Loss, Score } from '../nn/loss.ts';
import { crossEntropy } from '../nn/losses/crossEntropy.ts';
import { loadRows, loadSamples, noTargets, RowList } from '../nn/rows.ts';
import { answersInUnits, scoreInUnits } from '../nn/targetUnits.ts';
import type { Workspace } from '../nn/workspace.ts';
import { runNow } from '../run/turns.ts';
import { allocateWorkspaces, evaluateRows, predictRows } from '../train/score.ts';
import { checkDataSet, inUnits } from './checkTraining.ts';
import type { ModelCore } from './core.ts';
import { checkSamples } from './inputs.ts';

/** Mean loss, and what else the loss scores by. @throws CtreError as `SparseMLP.evaluate`. */
export function evaluateModel(core: ModelCore, x: unknown, y: unknown): Score {
  const { loss, ...given } = checkDataSet(core, x, y, core.model.loss);
  const units = loss.targets === 'numbers' ? core.model.units : undefined;
  const set = inUnits(given, units);
  // Whoever was asked for the samples may have disposed of the model.
  const { network, executor } = core.alive;
  const region = new Region(network.engine.arena);
  try {
    const rows = loadRows(region, set);
    const measured = units === undefined ? loss : (loss.inUnits?.(units.scale) ?? loss);
    const workspaces = workspacesFor(core, region, measured, rows.length);
    return scoreInUnits(runNow(evaluateRows(executor, network, workspaces, rows)), units);
  } finally {
    region.free();
  }
}

/** What the network answers, rows × outputs. @throws CtreError as `SparseMLP.predict`. */
export function predictModel(core: ModelCore, x: unknown): Float32Array {
  const samples = checkSamples(x, core.network.dims[0]);
  const { network, executor } = core.alive;
  const region = new Region(network.engine.arena);
  try {
    const order = Int32Array.from({ length: samples.rows }, (_, r) => r);
    const rows = new RowList(region, loadSamples(region, samples), noTargets, order);
    const out = region.f32(samples.rows * network.outputs);
    const loss = core.model.loss ?? crossEntropy();
    const workspaces = workspacesFor(core, region, loss, samples.rows);
    runNow(predictRows(executor, network, workspaces, rows, out));
    return answersInUnits(out.view.slice(), loss.targets === 'numbers' ? core.model.units : undefined);
  } finally {
    region.free();
  }
}

function workspacesFor({ alive }: ModelCore, region: Region, loss: Loss, rows: number): Workspace[] {
  return allocateWorkspaces(alive.network, region, loss, alive.executor, Math.ceil(rows / TILE), false);
}
