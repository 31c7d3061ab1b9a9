import { CtreError, show } from '../../base/errors.ts';
import { type CosineOptions, cosineOptions, cosineRows } from '../cosineOptions.ts';
import { growAtRandom } from '../growAtRandom.ts';
import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { pruneShare, updateIsDue } from '../pruneOptions.ts';
import { growFound, pruneWeakest } from '../replaceWeakest.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Progress, Topology } from '../topology.ts';

/** Options of ctreSeq. */
export interface CtreSeqOptions extends CosineOptions {
  /** Epochs without better validation accuracy before growth is at random; 40, as published. */
  readonly patience?: number;
}

/** The best accuracy so far, and whether growth is random by now. */
export interface SeqState {
  readonly best: number;
  /** The epoch that reached it, from 1; 0 before the first. */
  readonly bestEpoch: number;
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
  published: { search: 'exact', rows: 0 },
  create: createCtreSeq,
} as const satisfies Method;

/**
 * CTRE-seq: grows by |cosine| until the validation accuracy has not improved for `patience` epochs, and
 * from then on at random (Atashgahi et al., Machine Learning 2022).
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCtreSeq(options: CtreSeqOptions & MethodPreset = {}): Topology<SeqState> {
  const checked = readMethodOptions<CtreSeqOptions>(
    'topology.ctreSeq',
    seqOptions,
    options,
    ctreSeq.published,
  );
  const { patience } = checked;
  const advance = (state: SeqState, { accuracy, epoch }: Progress): SeqState => {
    if (state.atRandom) return state;
    if (accuracy > state.best || state.bestEpoch === 0)
      return { best: accuracy, bestEpoch: epoch, atRandom: false };
    return { ...state, atRandom: epoch - state.bestEpoch >= patience };
  };
  return Object.freeze<Topology<SeqState>>({
    name: 'ctre-seq',
    options: checked,
    init: (layer, random) => ({
      ...startAtRandom(layer, random),
      state: { best: -1, bestEpoch: 0, atRandom: false },
    }),
    restore: restoreSeqState,
    isDue: updateIsDue(checked),
    *evolve(network, before, tools) {
      const { progress } = network;
      const states = before.map((state) => advance(state, progress));
      const replaced = pruneWeakest(network, tools, pruneShare(checked, progress));
      // All layers see the same accuracies, so they change to random growth together.
      if (states[0].atRandom) return { edits: growAtRandom(replaced, tools), states };
      const found = yield* tools.likeliest(replaced, 'cosine', cosineRows(tools, checked), checked);
      return { edits: growFound(replaced, found), states, by: 'cosine' };
    },
  });
}

function restoreSeqState(state: unknown): SeqState {
  const { best, bestEpoch, atRandom }: Partial<Record<keyof SeqState, unknown>> = Object(state);
  if (typeof best === 'number' && typeof bestEpoch === 'number' && typeof atRandom === 'boolean') {
    return { best, bestEpoch, atRandom };
  }
  throw new CtreError(
    'E_FORMAT',
    `the state of ctre-seq is ${show(state)}; expected { best, bestEpoch, atRandom }`,
  );
}
