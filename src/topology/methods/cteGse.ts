import {
  type CosineThenGradientOptions,
  cosineThenGradient,
  cosineThenGradientOptions,
} from '../cosineThenGradient.ts';
import { type Method, type MethodPreset, readMethodOptions } from '../method.ts';
import type { Topology } from '../topology.ts';

/** The default. Why: docs/results.md. */
export const cteGse = {
  name: 'cte-gse',
  about: 'Wired by what fires together, then grown by gradient.',
  source: 'this package, after CTE, RigL and GSE (docs/results.md)',
  options: cosineThenGradientOptions,
  create: createCteGse,
} as const satisfies Method;

/**
 * The default: wires and grows by cosine as CTE does, later grows by gradient, and scores no more pairs of
 * neurons than a few for each neuron, as guided stochastic exploration does. So its cost is linear in the
 * neurons. Measured in docs/results.md.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCteGse(options: CosineThenGradientOptions & MethodPreset = {}): Topology<null> {
  return cosineThenGradient(
    'cte-gse',
    readMethodOptions<CosineThenGradientOptions>('topology.cteGse', cosineThenGradientOptions, options),
  );
}
