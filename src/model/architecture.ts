import { copyNumbers } from '../base/arrays.ts';
import { checkInteger, checkList, readField } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkPattern } from '../matrix/canonical.ts';
import { checkSparse } from '../matrix/check.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { CsrPattern } from '../matrix/pattern.ts';

/** Neurons of a layer: a tile has a row of 128 bytes for each, and 4 GiB can be addressed. */
export const MAX_NEURONS = 2 ** 25;

/** Layers: more than anybody trains, and few enough to check each. */
const MAX_LAYERS = 2 ** 16;

export function checkDims(layers: unknown): number[] {
  const given = checkList('layers', layers, MAX_LAYERS);
  if (given.length < 2) {
    throw new CtreError('E_ARGUMENT', `layers is ${show(layers)}; expected at least [inputs, classes]`);
  }
  return given.map((neurons, l) => checkInteger(`layers[${l}]`, neurons, { least: 1, most: MAX_NEURONS }));
}

export function checkPatterns(patterns: unknown, dims: readonly number[]): CsrPattern[] {
  const given = checkList('pattern', patterns, MAX_LAYERS);
  if (given.length !== dims.length - 1) {
    throw new CtreError(
      'E_SHAPE',
      `pattern is ${show(patterns)}; expected one pattern for each of ${dims.length - 1} layers`,
    );
  }
  return given.map((value, l) => {
    const pattern = checkPattern(`pattern[${l}]`, value);
    if (pattern.rows !== dims[l + 1] || pattern.cols !== dims[l]) {
      throw new CtreError(
        'E_SHAPE',
        `pattern[${l}] is ${pattern.rows} × ${pattern.cols}; expected ${dims[l + 1]} × ${dims[l]}`,
      );
    }
    if (pattern.indices.length === 0) throw new CtreError('E_ARGUMENT', `pattern[${l}] has no connection`);
    return pattern;
  });
}

export function checkLayers(layers: unknown): { weights: CsrMatrix; bias: Float32Array }[] {
  const given = checkList('layers', layers, MAX_LAYERS);
  if (given.length === 0) {
    throw new CtreError('E_ARGUMENT', `layers is ${show(layers)}; expected an array of { weights, bias }`);
  }
  const checked = given.map((layer, l) => {
    const name = `layers[${l}]`;
    const weights = checkSparse(`${name}.weights`, readField(name, layer, 'weights'));
    const bias = Float32Array.from(copyNumbers(`${name}.bias`, readField(name, layer, 'bias'), weights.rows));
    for (const [part, values] of Object.entries({ weights: weights.values, bias })) {
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new CtreError('E_NOT_FINITE', `${name}.${part} holds ${values[bad]}; expected finite numbers`);
      }
    }
    return { weights, bias };
  });
  const dims = checkDims([checked[0].weights.cols, ...checked.map(({ weights }) => weights.rows)]);
  checked.forEach(({ weights }, l) => {
    if (weights.cols !== dims[l]) {
      throw new CtreError(
        'E_SHAPE',
        `layers[${l}].weights has ${weights.cols} columns; expected ${dims[l]}, ` +
          `as layers[${l - 1}].weights has rows`,
      );
    }
    if (weights.nnz === 0) throw new CtreError('E_ARGUMENT', `layers[${l}].weights has no connection`);
  });
  return checked;
}
