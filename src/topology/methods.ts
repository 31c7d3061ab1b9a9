import { checkChoice } from '../base/checks.ts';
import { cte } from './methods/cte.ts';
import { cteRigl } from './methods/cteRigl.ts';
import { ctreSeq } from './methods/ctreSeq.ts';
import { ctreSim } from './methods/ctreSim.ts';
import { dense } from './methods/dense.ts';
import { fixed } from './methods/fixed.ts';
import { momentum } from './methods/momentum.ts';
import { prune } from './methods/prune.ts';
import { rigl } from './methods/rigl.ts';
import { set } from './methods/set.ts';
import { snip } from './methods/snip.ts';
import type { Topology } from './topology.ts';

/** Every method by its name on the command line and in files: whatever holds of all is tested from this table. */
export const methods = Object.freeze({
  'cte-rigl': cteRigl,
  'ctre-sim': ctreSim,
  'ctre-seq': ctreSeq,
  cte,
  set,
  rigl,
  momentum,
  snip,
  prune,
  static: fixed,
  dense,
});

/** The name of a method. */
export type MethodName = keyof typeof methods;

/**
 * The method of a name; `options` are those its factory takes.
 * @throws CtreError `E_ARGUMENT` for a name that is none, or options out of their range.
 */
export function topologyByName(name: string, options: unknown = {}): Topology {
  const known = checkChoice('method', name, Object.keys(methods) as MethodName[]);
  // What a file or a command line gives: the factories check their options themselves.
  const make: (options: never) => Topology = methods[known];
  return make(options as never);
}
