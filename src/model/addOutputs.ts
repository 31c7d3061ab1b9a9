import { checkInteger, checkList, checkOptions } from '../base/checks.ts';
import { type Random, randomStream } from '../base/random.ts';
import { type CsrPattern, fullPattern } from '../matrix/pattern.ts';
import { randomPattern } from '../matrix/sampling.ts';
import { drawWeight } from '../nn/initializer.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import { MAX_NEURONS } from './architecture.ts';
import type { ModelCore } from './core.ts';
import { metadataWithMore } from './labelNames.ts';
import { ADD_OUTPUTS_OPTIONS, type AddOutputsOptions } from './options.ts';
import { NEW_EPOCH } from './partialFit.ts';
import { alreadyTraining } from './runTraining.ts';

/** Gives the last layer more outputs. @throws CtreError as `SparseMLP.addOutputs`. */
export function addOutputs(core: ModelCore, count: unknown, options: AddOutputsOptions): void {
  const { labelNames } = checkOptions('addOutputs', options, ADD_OUTPUTS_OPTIONS);
  const names = labelNames === undefined ? undefined : checkList('labelNames', labelNames, MAX_NEURONS);
  const model = core.alive;
  const { network, topology, initializer, seed } = model;
  const { outputs } = network;
  const added = checkInteger('count', count, { least: 1, most: MAX_NEURONS - outputs });
  const metadata = metadataWithMore(core, added, names);
  if (core.run !== undefined) throw alreadyTraining();
  const last = network.layers[network.layers.length - 1];
  const { index, inDim, outDim, nnz, inputSlope } = last;
  const pattern =
    last.structure === undefined
      ? fullPattern(outDim + added, inDim)
      : appendRows(last.pattern(), added, randomStream(seed, `outputs/${outputs}`));
  const before: LayerShape = { index, inDim, outDim, nnz, inputSlope };
  const after: LayerShape = { ...before, outDim: outDim + added, nnz: pattern.indices.length };
  const bound = initializer.bound(after);
  const state = model.states[index];
  const grown = topology.resize === undefined ? state : topology.resize(state, before, after);
  const random = randomStream(seed, `outputs/${outputs}/weights`);
  // What the caller wrote was asked above, and may have disposed of the model or trained it.
  void core.alive;
  if (core.run !== undefined) throw alreadyTraining();
  core.closePieces();
  network.addOutputs(pattern, () => drawWeight(bound, random));
  model.states = model.states.map((each, l) => (l === index ? grown : each));
  const { units } = model;
  model.units = units && { ...units, center: [...units.center, ...Array<number>(added).fill(0)] };
  core.metadata = metadata;
  // A training before was of another network: nothing of it can be taken up.
  core.endPieceEpoch();
  core.resumed = undefined;
  model.best = undefined;
  model.isRestored = false;
  if (core.lastTraining === undefined) return;
  core.lastTraining = { ...core.lastTraining, conditions: {} };
  core.piecePosition = NEW_EPOCH;
}

/** The pattern with rows after its last one, each with as many entries as those before have on average. */
function appendRows({ rows, cols, indptr, indices }: CsrPattern, added: number, random: Random): CsrPattern {
  const total = Math.max(added, Math.round((added * indices.length) / rows));
  const more = Array.from({ length: added }, (_, r) => {
    const share = Math.floor(((r + 1) * total) / added) - Math.floor((r * total) / added);
    return randomPattern(1, cols, share, random).indices;
  });
  const allOffsets = new Int32Array(rows + added + 1);
  allOffsets.set(indptr);
  const allIndices = new Int32Array(indices.length + total);
  allIndices.set(indices);
  more.forEach((row, r) => {
    const begin = allOffsets[rows + r];
    allIndices.set(row, begin);
    allOffsets[rows + r + 1] = begin + row.length;
  });
  return { rows: rows + added, cols, indptr: allOffsets, indices: allIndices };
}
