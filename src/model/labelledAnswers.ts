import { checkInteger } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import type { Label } from '../metrics/classScore.ts';
import { likeliestClasses } from '../metrics/likeliest.ts';
import { LABEL_THRESHOLD } from '../metrics/multilabel.ts';
import type { ModelCore } from './core.ts';
import { predictModel } from './inference.ts';
import { labelNamesOf } from './labelNames.ts';

/** A class, or a label, and how likely the model takes it to be. */
export interface LikelyLabel {
  readonly label: Label;
  readonly probability: number;
}

/** The class of every row, or its labels. @throws CtreError as `SparseMLP.predictLabels`. */
export function predictLabels(core: ModelCore, x: unknown): (Label | Label[])[] {
  const names = checkNames(core, 'predictLabels');
  const { length } = names;
  const answers = predictModel(core, x);
  if (core.model.loss?.targets !== 'flags') {
    return Array.from(likeliestClasses(answers, length), (c) => names[c]);
  }
  return Array.from({ length: answers.length / length }, (_, row) =>
    names.filter((_name, i) => answers[row * length + i] > LABEL_THRESHOLD),
  );
}

/** The k likeliest of every row, the likeliest first. @throws CtreError as `SparseMLP.predictTop`. */
export function predictTop(core: ModelCore, x: unknown, k: unknown): LikelyLabel[][] {
  const names = checkNames(core, 'predictTop');
  const { length } = names;
  const most = checkInteger('k', k, { least: 1, most: length });
  const answers = predictModel(core, x);
  return Array.from({ length: answers.length / length }, (_, row) => {
    const own = answers.subarray(row * length, (row + 1) * length);
    const ranked = [...own.keys()].sort((a, b) => own[b] - own[a] || a - b);
    return ranked.slice(0, most).map((i) => ({ label: names[i], probability: own[i] }));
  });
}

/** @throws CtreError `E_ARGUMENT` for a model that answers numbers. */
function checkNames(core: ModelCore, call: string): Label[] {
  const names = labelNamesOf(core);
  const { loss } = core.model;
  if (loss?.targets !== 'numbers') return names;
  throw new CtreError(
    'E_ARGUMENT',
    `${call}: the loss of this model is ${loss.name}, and it answers numbers, not labels; use predict`,
  );
}
