import { checkChoice, checkNumber } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkPattern } from '../matrix/canonical.ts';
import { addPositions, type CsrPattern, emptyPattern, type Positions } from '../matrix/pattern.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import type { Likelihood, Neurons, ScoreKind, Wanted } from '../topology/topology.ts';

// What methods ask with leads kernels through their memory, so it is checked.

/** @throws CtreError `E_ARGUMENT` unless there is an entry for every layer. */
export function checkByLayer(what: string, list: { readonly length: number }, layers: number): void {
  if (Array.isArray(list) && list.length === layers) return;
  throw new CtreError('E_ARGUMENT', `${what} is ${show(list)}; expected a list with an entry for each layer`);
}

/** Listed positions as a pattern. @throws CtreError `E_ARGUMENT` unless they are in row-major order. */
export function checkListed({ rows, cols }: Positions, { inDim, outDim, index }: LayerShape): CsrPattern {
  const isList = rows instanceof Int32Array && cols instanceof Int32Array && rows.length === cols.length;
  let isOrdered = isList;
  for (let e = 0; isOrdered && e < rows.length; e++) {
    const isWithin = rows[e] >= 0 && rows[e] < outDim && cols[e] >= 0 && cols[e] < inDim;
    const isLater = e === 0 || rows[e] > rows[e - 1] || (rows[e] === rows[e - 1] && cols[e] > cols[e - 1]);
    isOrdered = isWithin && isLater;
  }
  if (isOrdered) return addPositions(emptyPattern(outDim, inDim), { rows, cols });
  throw new CtreError(
    'E_ARGUMENT',
    `the positions listed for layer ${index} are not two Int32Arrays of positions within ` +
      `${outDim} × ${inDim}, in row-major order, each once; sort them, and leave out what comes twice`,
  );
}

/** @throws CtreError `E_ARGUMENT` or `E_SHAPE` for a wish that cannot be met. */
export function checkWanted(wanted: Wanted, { inDim, outDim, index }: LayerShape): Wanted {
  const patternOf = (what: string, given: CsrPattern): CsrPattern => {
    const pattern = checkPattern(what, given);
    if (pattern.rows === outDim && pattern.cols === inDim) return pattern;
    throw new CtreError(
      'E_SHAPE',
      `${what} are of ${pattern.rows} × ${pattern.cols}; expected ${outDim} × ${inDim}`,
    );
  };
  const kept = patternOf(`the positions kept in layer ${index}`, wanted.kept);
  const free = inDim * outDim - kept.indices.length;
  const { count, least } = wanted;
  if (!Number.isInteger(count) || count < 0 || count > free) {
    throw new CtreError(
      'E_ARGUMENT',
      `${show(count)} positions are wanted in layer ${index}; expected at most ${free}, as are free`,
    );
  }
  const { along } = wanted;
  return {
    kept,
    count,
    along: along && patternOf(`the connections to go along in layer ${index}`, along),
    least: least === undefined ? undefined : checkNumber('least', least, { least: 0 }),
  };
}

export function checkScoreKind(by: ScoreKind): ScoreKind {
  return checkChoice('by', by, ['cosine', 'gradient']);
}

/** @throws CtreError `E_ARGUMENT`. */
export function checkLikelihood(how: Likelihood, layers: readonly LayerShape[]): Likelihood {
  if (typeof how !== 'object' || how === null) {
    throw new CtreError('E_ARGUMENT', `how to search is ${show(how)}; expected { search, pairs }`);
  }
  const { search, pairs, guided, among } = how;
  if (among !== undefined) {
    checkByLayer('among', among, layers.length);
    among.forEach((neurons, l) => {
      if (neurons !== undefined) checkNeurons(neurons, layers[l]);
    });
  }
  return {
    search: checkChoice('search', search, ['auto', 'exact']),
    pairs: checkNumber('pairs', pairs, { least: 0 }),
    guided: guided === undefined ? undefined : checkNumber('guided', guided, { least: 0, most: 1 }),
    among,
  };
}

/** @throws CtreError `E_ARGUMENT` unless there is a flag for every neuron. */
function checkNeurons(neurons: Neurons, { inDim, outDim, index }: LayerShape): void {
  const isFlags = (flags: unknown, length: number): boolean =>
    flags instanceof Uint8Array && flags.length === length;
  if (isFlags(neurons?.inputs, inDim) && isFlags(neurons?.outputs, outDim)) return;
  throw new CtreError(
    'E_ARGUMENT',
    `the neurons of layer ${index} to draw among are ${show(neurons)}; expected two Uint8Arrays, inputs of ` +
      `${inDim} and outputs of ${outDim}`,
  );
}
