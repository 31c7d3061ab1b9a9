import { newArray } from '../base/arrays.ts';
import { TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import { isByteMatrix, toNumbers } from '../matrix/byteMatrix.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { CheckedSamples } from '../matrix/samples.ts';
import { measureClasses } from '../metrics/classification.ts';
import type { ModelMetrics } from '../metrics/modelMetrics.ts';
import { measureLabels } from '../metrics/multilabel.ts';
import { measureNumbers } from '../metrics/regression.ts';
import type { Loss, Score } from '../nn/loss.ts';
import { crossEntropy } from '../nn/losses/crossEntropy.ts';
import { type DataSet, loadRows, loadSamples, noTargets, RowList } from '../nn/rows.ts';
import { answersInUnits, lossInUnits, scoreInUnits } from '../nn/targetUnits.ts';
import type { Workspace } from '../nn/workspace.ts';
import { runNow } from '../run/turns.ts';
import { allocateWorkspaces, evaluateRows, predictRows } from '../train/score.ts';
import { checkDataSet, inUnits } from './checkTraining.ts';
import type { ModelCore } from './core.ts';
import { labelNamesOf } from './labelNames.ts';
import { rowsToAnswer } from './modelSamples.ts';

/** Mean loss, and what else the loss scores by. @throws CtreError as `SparseMLP.evaluate`. */
export function evaluateModel(core: ModelCore, x: unknown, y: unknown): Score {
  return scoreSet(core, checkDataSet(core, x, y, core.model.loss), undefined);
}

/** What the answers for the rows are measured by. @throws CtreError as `SparseMLP.metrics`. */
export function measureModel(core: ModelCore, x: unknown, y: unknown): ModelMetrics {
  const set = checkDataSet(core, x, y, core.model.loss);
  const names = labelNamesOf(core);
  const { targets } = set;
  const answers = newArray(set.x.rows * names.length, Float32Array, 'the answers for x');
  const { loss } = scoreSet(core, set, answers);
  if (targets instanceof Int32Array) return measureClasses(targets, answers, names, loss);
  const measure = set.loss.targets === 'flags' ? measureLabels : measureNumbers;
  return measure(toDense(targets), answers, names, loss);
}

function toDense(targets: CheckedSamples): DenseMatrix {
  if (isByteMatrix(targets)) return toNumbers(targets);
  return targets instanceof CsrMatrix ? targets.toDense() : targets;
}

/** @param answers where what the network answers is written to, if it is wanted: rows × outputs. */
function scoreSet(
  core: ModelCore,
  { loss, ...given }: DataSet & { readonly loss: Loss },
  answers: Float32Array | undefined,
): Score {
  const units = loss.targets === 'numbers' ? core.model.units : undefined;
  const set = inUnits(given, units);
  // Whoever was asked for the samples may have disposed of the model.
  const { network, executor } = core.alive;
  const region = new Region(network.engine.arena);
  try {
    const rows = loadRows(region, set);
    const out = answers && region.f32(answers.length);
    const workspaces = workspacesFor(core, region, lossInUnits(loss, units), rows.length);
    const score = scoreInUnits(runNow(evaluateRows(executor, network, workspaces, rows, out)), units);
    if (out !== undefined) answers?.set(answersInUnits(out.view, units));
    return score;
  } finally {
    region.free();
  }
}

/** What the network answers, rows × outputs. @throws CtreError as `SparseMLP.predict`. */
export function predictModel(core: ModelCore, x: unknown): Float32Array {
  const samples = rowsToAnswer(core, x);
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
