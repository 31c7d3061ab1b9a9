import { checkChoice } from '../base/checks.ts';
import type { Method } from './method.ts';
import { cht } from './methods/cht.ts';
import { chts } from './methods/chts.ts';
import { cte } from './methods/cte.ts';
import { cteGse } from './methods/cteGse.ts';
import { cteRigl } from './methods/cteRigl.ts';
import { ctreSeq } from './methods/ctreSeq.ts';
import { ctreSim } from './methods/ctreSim.ts';
import { dense } from './methods/dense.ts';
import { detachment } from './methods/detachment.ts';
import { fixed } from './methods/fixed.ts';
import { gse } from './methods/gse.ts';
import { mest } from './methods/mest.ts';
import { momentum } from './methods/momentum.ts';
import { prune } from './methods/prune.ts';
import { rigl } from './methods/rigl.ts';
import { set } from './methods/set.ts';
import { snip } from './methods/snip.ts';
import type { Topology } from './topology.ts';

/**
 * The one table of methods, in the order of every list. A method is a file in methods/ and its line here: the
 * public `topology`, the command line, the playground, reports and tests read the table.
 */
const METHOD_TABLE = {
  cteGse,
  cteRigl,
  ctreSim,
  ctreSeq,
  cte,
  set,
  rigl,
  gse,
  detachment,
  momentum,
  mest,
  cht,
  chts,
  snip,
  prune,
  fixed,
  dense,
} satisfies Record<string, Method>;

/** The name of a method on the command line and in files. */
export type MethodName = (typeof METHOD_TABLE)[keyof typeof METHOD_TABLE]['name'];

/** The command line's options for methods. */
export type MethodFlag = {
  [K in keyof typeof METHOD_TABLE]: FlagOf<(typeof METHOD_TABLE)[K]['options']>;
}[keyof typeof METHOD_TABLE];

type FlagOf<Options> = {
  [K in keyof Options]: Options[K] extends { flag: infer F } ? F : never;
}[keyof Options];

/** Every method by its name on the command line and in files: what it does, and the options it takes. */
export const methods = freezeAll(
  Object.fromEntries(Object.values<Method>(METHOD_TABLE).map((method) => [method.name, method])),
) as Readonly<Record<MethodName, Method>>;

/** The names of all methods, in the order of lists. */
export const METHOD_NAMES = Object.keys(methods) as MethodName[];

/** The factories of the methods: where connections are, and how they move. */
export const topology = Object.freeze(
  Object.fromEntries(Object.entries<Method>(METHOD_TABLE).map(([key, { create }]) => [key, create])),
) as { readonly [K in keyof typeof METHOD_TABLE]: (typeof METHOD_TABLE)[K]['create'] };

/**
 * The method of a name; `options` are those its factory takes.
 * @throws CtreError `E_ARGUMENT` for a name that is none, or options out of their range.
 */
export function topologyByName(name: string, options: unknown = {}): Topology {
  const known = checkChoice('method', name, METHOD_NAMES);
  // The options come from a file or a command line: the factories check them.
  return methods[known].create(options as never);
}

/**
 * The method that a file names. Options of earlier releases get what is in their place now: a search over a
 * sample of rows is the one among listed pairs.
 * @throws CtreError as `topologyByName`.
 */
export function savedTopology(name: string, options: Readonly<Record<string, unknown>>): Topology {
  const { search } = options;
  const isSample = typeof search === 'object' && search !== null;
  return topologyByName(name, isSample ? { ...options, search: 'auto' } : options);
}

function freezeAll<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(Object.freeze(value))) freezeAll(part);
  }
  return value;
}
