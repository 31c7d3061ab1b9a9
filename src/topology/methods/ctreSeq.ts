import { CtreError, show } from '../../base/errors.ts';
import { type CosineOptions, cosineOptions } from '../cosineOptions.ts';
import { growAtRandom } from '../growAtRandom.ts';
import { growCandidates } from '../growCandidates.ts';
import { type Method, type MethodOptions, readMethodOptions } from '../method.ts';
import { pruneSchedule } from '../pruneOptions.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Progress, Topology } from '../topology.ts';

/** Options of ctreSeq. */
export interface CtreSeqOptions extends CosineOptions {
  /** Epochs without better validation accuracy before growth is at random; 40, as published. */
  readonly patience?: number;
}

/** How long the accuracy has not improved, and whether growth is random by now. */
export interface SeqState {
  readonly best: number;
  /** Epochs since the best one. */
  readonly waited: number;
  readonly atRandom: boolean;
}

const seqOptions = {
  ...cosineOptions,
  patience: {
    flag: 'seq-patience',
    value: 'n',
    help: 'epochs without improvement before it grows at random',
    default: 40,
    kind: 'integer',
    bounds: { least: 1 },
  },
} as const satisfies MethodOptions<CtreSeqOptions>;

/** CTRE-seq, as published. */
export const ctreSeq = {
  name: 'ctre-seq',
  about: 'Grows by cosine, and at random once that no longer helps.',
  source: 'Atashgahi et al., Machine Learning 2022',
  options: seqOptions,
  create: createCtreSeq,
} as const satisfies Method;

/**
 * CTRE-seq: grows by |cosine| until the validation accuracy has not improved for `patience` epochs, and
 * from then on at random (Atashgahi et al., Machine Learning 2022).
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCtreSeq(options: CtreSeqOptions = {}): Topology<SeqState> {
  const checked = readMethodOptions<CtreSeqOptions>('topology.ctreSeq', seqOptions, options);
  const { patience } = checked;
  const advance = (state: SeqState, { accuracy }: Progress): SeqState => {
    if (state.atRandom) return state;
    if (accuracy > state.best) return { best: accuracy, waited: 0, atRandom: false };
    const waited = state.waited + 1;
    return { best: state.best, waited, atRandom: waited >= patience };
  };
  return Object.freeze<Topology<SeqState>>({
    name: 'ctre-seq',
    options: checked,
    schedule: pruneSchedule(checked),
    search: checked.search,
    needs: ['activations'],
    init: (layer, random) => ({
      ...startAtRandom(layer, random),
      state: { best: -1, waited: 0, atRandom: false },
    }),
    restore: restoreSeqState,
    candidatesBy: (state, progress) => (advance(state, progress).atRandom ? undefined : 'activations'),
    evolve(layer, before, random) {
      const state = advance(before, layer.progress);
      return { edit: state.atRandom ? growAtRandom(layer, random) : growCandidates(layer), state };
    },
  });
}

function restoreSeqState(state: unknown): SeqState {
  const { best, waited, atRandom }: Partial<Record<keyof SeqState, unknown>> = Object(state);
  if (typeof best === 'number' && typeof waited === 'number' && typeof atRandom === 'boolean') {
    return { best, waited, atRandom };
  }
  throw new CtreError(
    'E_FORMAT',
    `the state of ctre-seq is ${show(state)}; expected { best, waited, atRandom }`,
  );
}
