import { type CosineOptions, cosineOptions } from '../cosineOptions.ts';
import { growCandidates } from '../growCandidates.ts';
import { type Method, type MethodOptions, readMethodOptions } from '../method.ts';
import { pruneSchedule } from '../pruneOptions.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** Options of cteRigl. */
export interface CteRiglOptions extends CosineOptions {
  /** Updates before the first step, by what fires together; 20. */
  readonly wiring?: number;
  /** Share of the training in which growth is by cosine; 0.3. */
  readonly cosineShare?: number;
  /** Mini-batches that the dense gradient is the mean of; 5. */
  readonly batches?: number;
}

const cteRiglOptions = {
  ...cosineOptions,
  wiring: {
    flag: 'wiring',
    value: 'n',
    help: 'updates before the first step, by what fires together',
    default: 20,
    kind: 'integer',
    bounds: { least: 0 },
  },
  cosineShare: {
    flag: 'cosine-share',
    value: 's',
    help: 'share of the training in which growth is by cosine',
    default: 0.3,
    kind: 'number',
    bounds: { least: 0, most: 1 },
  },
  batches: {
    flag: 'gradient-batches',
    value: 'n',
    help: 'mini-batches of the dense gradient',
    default: 5,
    kind: 'integer',
    bounds: { least: 1 },
  },
} as const satisfies MethodOptions<CteRiglOptions>;

/** The default. Why: docs/results.md. */
export const cteRigl = {
  name: 'cte-rigl',
  about: 'Wired by what fires together, then grown by gradient.',
  source: 'this package, after CTE and RigL (docs/results.md)',
  options: cteRiglOptions,
  create: createCteRigl,
} as const satisfies Method;

/**
 * The default: connects neurons that fire together before anything is learnt. In the first part of the
 * training it grows by cosine as CTE does; after that it grows by the dense gradient as RigL does, and
 * prunes connections that carry nothing first. Cosines find the inputs that belong together where labels
 * alone tell noise from signal badly; gradients then find what the classes need. New connections begin at
 * 0. Measured in docs/results.md.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCteRigl(options: CteRiglOptions = {}): Topology<null> {
  const checked = readMethodOptions<CteRiglOptions>('topology.cteRigl', cteRiglOptions, options);
  const { wiring, cosineShare, batches, search } = checked;
  return Object.freeze<Topology<null>>({
    name: 'cte-rigl',
    options: checked,
    schedule: pruneSchedule(checked),
    search,
    needs: ['activations', 'denseGradient'],
    wiring,
    gradientBatches: batches,
    growInitializer: 'zeros',
    init: startAtRandom,
    candidatesBy: (_state, { epoch, epochs }) =>
      epoch <= cosineShare * epochs ? 'activations' : 'denseGradient',
    prunesIdle: (_state, { epoch, epochs }) => epoch > cosineShare * epochs,
    evolve: (layer, state) => ({ edit: growCandidates(layer), state }),
  });
}
