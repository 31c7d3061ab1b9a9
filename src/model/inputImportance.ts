import { checkChoice, checkOptions } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { Region } from '../engine/region.ts';
import { likeliestClasses } from '../metrics/likeliest.ts';
import { crossEntropy } from '../nn/losses/crossEntropy.ts';
import type { Network } from '../nn/network.ts';
import { loadRows } from '../nn/rows.ts';
import { runNow } from '../run/turns.ts';
import { attributeRows } from '../train/attribution.ts';
import type { ModelCore } from './core.ts';
import { predictModel } from './inference.ts';
import type { Samples } from './inputs.ts';
import { knownNames } from './labelNames.ts';
import { samplesFor } from './modelSamples.ts';
import { checkTargets, type Labels } from './targets.ts';

/** What the importance of an input is. */
export type ImportanceKind = 'strength' | 'attribution';

/** Options of `inputImportance`. */
export interface ImportanceOptions {
  /** `strength`, the default: Σ|w| of the input's connections. `attribution`: Σ|∂logit/∂input| over rows. */
  readonly by?: ImportanceKind;
  /** `attribution`: the rows, as training takes them. */
  readonly x?: Samples;
  /** `attribution`: whose logit it is, row by row; by default that of the class which the network tells. */
  readonly y?: Labels;
  /** `attribution`: what an earlier call returned, [inputs]; the result is the sum of both. */
  readonly earlier?: Float64Array;
}

export const IMPORTANCE_OPTIONS = ['by', 'x', 'y', 'earlier'] as const satisfies (keyof ImportanceOptions)[];

/** The importance of every input, [inputs]. @throws CtreError as `SparseMLP.inputImportance`. */
export function inputImportance(core: ModelCore, options: ImportanceOptions): Float64Array {
  const wanted = checkOptions('inputImportance', options, IMPORTANCE_OPTIONS);
  const by = checkChoice<ImportanceKind>('by', wanted.by ?? 'strength', ['strength', 'attribution']);
  if (by === 'attribution') return attribution(core, wanted);
  const needless = IMPORTANCE_OPTIONS.find((name) => name !== 'by' && wanted[name] !== undefined);
  if (needless === undefined) return strength(core.network);
  throw new CtreError('E_ARGUMENT', `${needless} is for by: 'attribution'; strength needs the weights only`);
}

/** Σ|w| over the connections of each input, [inputs]. */
function strength({ layers }: Network): Float64Array {
  const [{ inDim, structure, values }] = layers;
  const importance = new Float64Array(inDim);
  const inputs = structure?.indices.view;
  values.view.forEach((weight, p) => {
    importance[inputs?.[p] ?? p % inDim] += Math.abs(weight);
  });
  return importance;
}

/** Σ|∂logit/∂input| over the rows, [inputs]. */
function attribution(core: ModelCore, { x, y, earlier }: ImportanceOptions): Float64Array {
  const { dims, outputs } = core.network;
  const loss = core.model.loss ?? crossEntropy();
  if (loss.targets !== 'labels') {
    throw new CtreError(
      'E_UNSUPPORTED',
      `attribution is of a class's logit, and the loss of this model is ${loss.name}; use by: 'strength'`,
    );
  }
  const samples = samplesFor(core, x);
  const before = earlier === undefined ? new Float64Array(dims[0]) : checkEarlier(earlier, dims[0]);
  const given = y === undefined ? likeliestClasses(predictModel(core, samples), outputs) : y;
  const { targets } = checkTargets(given, samples, outputs, loss, () => knownNames(core));
  // Whoever was asked for the samples may have disposed of the model.
  const { network, executor } = core.alive;
  const region = new Region(network.engine.arena);
  try {
    const rows = loadRows(region, { x: samples, targets });
    const sums = runNow(attributeRows(executor, network, region, loss, rows));
    return sums.map((sum, input) => before[input] + sum);
  } finally {
    region.free();
  }
}

function checkEarlier(earlier: unknown, inputs: number): Float64Array {
  if (!(earlier instanceof Float64Array)) {
    const expected = 'expected the Float64Array that an earlier call returned';
    throw new CtreError('E_ARGUMENT', `earlier is ${show(earlier)}; ${expected}`);
  }
  if (earlier.length !== inputs) {
    throw new CtreError('E_SHAPE', `earlier has ${earlier.length} numbers; the network has ${inputs} inputs`);
  }
  const bad = earlier.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new CtreError('E_NOT_FINITE', `earlier[${bad}] is ${earlier[bad]}; expected a finite number`);
  }
  return earlier.slice();
}
