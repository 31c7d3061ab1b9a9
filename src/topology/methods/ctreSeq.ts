import { checkInteger, checkOptions } from '../../base/checks.ts';
import { CtreError, show } from '../../base/errors.ts';
import { growAtRandom, startAtRandom } from '../atRandom.ts';
import { growCandidates } from '../candidates.ts';
import { COSINE_OPTIONS, type CosineOptions, cosineSettings } from '../cosineOptions.ts';
import type { Progress, Topology } from '../topology.ts';

/** How long the accuracy has not improved, and whether growth is random by now. */
export interface SeqState {
  readonly best: number;
  /** Epochs since the best one. */
  readonly waited: number;
  readonly atRandom: boolean;
}

/**
 * CTRE-seq: grows by |cosine| until the validation accuracy has not improved for `patience` epochs, from then on at random
 * (Atashgahi et al., Machine Learning 2022).
 * @param options.patience in epochs; 40, as published.
 */
export function ctreSeq(options: CosineOptions & { readonly patience?: number } = {}): Topology<SeqState> {
  const given = checkOptions('topology.ctreSeq', options, [...COSINE_OPTIONS, 'patience']);
  const { patience: epochs = 40, ...common } = given;
  const patience = checkInteger('patience', epochs, { least: 1 });
  const settings = cosineSettings(common);

  const advance = (state: SeqState, { accuracy }: Progress): SeqState => {
    if (state.atRandom) return state;
    if (accuracy > state.best) return { best: accuracy, waited: 0, atRandom: false };
    const waited = state.waited + 1;
    return { best: state.best, waited, atRandom: waited >= patience };
  };

  return Object.freeze<Topology<SeqState>>({
    name: 'ctre-seq',
    ...settings,
    options: { ...settings.options, patience },
    needs: ['activations'],
    init: (layer, random) => ({
      ...startAtRandom(layer, random),
      state: { best: -1, waited: 0, atRandom: false },
    }),
    restore: restoreState,
    candidatesBy: (state, progress) => (advance(state, progress).atRandom ? undefined : 'activations'),
    evolve(layer, before, random) {
      const state = advance(before, layer.progress);
      return { edit: state.atRandom ? growAtRandom(layer, random) : growCandidates(layer), state };
    },
  });
}

function restoreState(state: unknown): SeqState {
  const { best, waited, atRandom }: Partial<Record<keyof SeqState, unknown>> = Object(state);
  if (typeof best === 'number' && typeof waited === 'number' && typeof atRandom === 'boolean') {
    return { best, waited, atRandom };
  }
  throw new CtreError(
    'E_FORMAT',
    `the state of ctre-seq is ${show(state)}; expected { best, waited, atRandom }`,
  );
}
