import {
  type CosineThenGradientOptions,
  cosineThenGradient,
  cosineThenGradientOptions,
} from '../cosineThenGradient.ts';
import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import type { Topology } from '../topology.ts';

const { search, wiring, rows, growthShare } = cosineThenGradientOptions;

const cteRiglOptions = {
  ...cosineThenGradientOptions,
  search: { ...search, default: 'exact' },
  wiring: { ...wiring, default: 20 },
  rows: { ...rows, default: 0 },
  growthShare: { ...growthShare, default: 0 },
} as const satisfies MethodOptions<CosineThenGradientOptions>;

/** As the default, with all pairs of neurons. */
export const cteRigl = {
  name: 'cte-rigl',
  about: 'As cte-gse, with the scores of all pairs of neurons.',
  source: 'this package, after CTE and RigL (docs/results.md)',
  options: cteRiglOptions,
  create: createCteRigl,
} as const satisfies Method;

/**
 * What cte-gse does where all pairs of neurons are scored, by cosine over all rows, and an update comes after
 * every epoch. Its cost grows with the square of the neurons.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCteRigl(options: CosineThenGradientOptions & MethodPreset = {}): Topology<null> {
  return cosineThenGradient(
    'cte-rigl',
    readMethodOptions<CosineThenGradientOptions>('topology.cteRigl', cteRiglOptions, options),
  );
}
