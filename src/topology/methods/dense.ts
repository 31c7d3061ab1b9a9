import { fullPattern } from '../../matrix/pattern.ts';
import { type Method, type MethodPreset, readMethodOptions } from '../method.ts';
import type { Topology } from '../topology.ts';

/** The dense baseline. */
export const dense = {
  name: 'dense',
  about: 'Has every connection; ε does not matter.',
  source: 'the dense baseline',
  options: {},
  create: createDense,
} as const satisfies Method;

/**
 * Every connection, whatever the density asked for: the dense baseline.
 * @throws CtreError `E_ARGUMENT` for any option.
 */
export function createDense(options: MethodPreset = {}): Topology<null> {
  return Object.freeze<Topology<null>>({
    name: 'dense',
    options: readMethodOptions<object>('topology.dense', {}, options) as Topology['options'],
    startsFull: true,
    init: ({ outDim, inDim }) => ({ pattern: fullPattern(outDim, inDim), state: null }),
  });
}
