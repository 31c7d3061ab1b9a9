import type { MethodOptions } from './method.ts';
import type { Progress } from './topology.ts';

/** The factor of ζ at t, the share of the time until the last update that is over. */
const annealings = {
  constant: () => 1,
  cosine: halfCosine,
  polynomial: (t: number) => (1 - t) * (1 - t) * (1 - t),
};

/** When updates are due. */
export interface UpdateOptions {
  /** Steps from one update to the next; 0, an update after every epoch. */
  readonly every?: number;
  /** Share of the training after which no update is made; 1. */
  readonly until?: number;
}

/** Options of every method that replaces connections. */
export interface PruneOptions extends UpdateOptions {
  /** ζ, the share of a layer's connections replaced at each update; 0.2. */
  readonly pruneFraction?: number;
  /** ζ stays (`constant`, the default), falls to 0 as half a cosine, or as (1 − t)³ (`polynomial`). */
  readonly annealing?: keyof typeof annealings;
}

/** What UpdateOptions are on the command line. */
export const updateOptions = {
  every: {
    flag: 'update-every',
    value: 'steps',
    help: 'steps between two updates; 0: after every epoch',
    default: 0,
    kind: 'integer',
    bounds: { least: 0 },
  },
  until: {
    flag: 'update-until',
    value: 's',
    help: 'share of the training after which nothing is replaced',
    default: 1,
    kind: 'number',
    bounds: { least: 0, most: 1 },
  },
} as const satisfies MethodOptions<UpdateOptions>;

/** What PruneOptions are on the command line. */
export const pruneOptions = {
  pruneFraction: {
    flag: 'prune-fraction',
    value: 'f',
    help: 'share of connections replaced at an update',
    default: 0.2,
    kind: 'number',
    bounds: { least: 0, most: 1 },
  },
  annealing: {
    flag: 'annealing',
    value: 'kind',
    help: 'of the prune fraction: constant, cosine or polynomial',
    default: 'constant',
    kind: 'choice',
    choices: Object.keys(annealings),
  },
  ...updateOptions,
} as const satisfies MethodOptions<PruneOptions>;

/** Share of the training that is over. */
export function shareDone({ step, steps }: Progress): number {
  return steps === 0 ? 1 : Math.min(1, step / steps);
}

/** `isDue` of checked options. */
export function updateIsDue({ every, until }: Required<UpdateOptions>): (progress: Progress) => boolean {
  return (progress) =>
    shareDone(progress) <= until && (every === 0 ? progress.isEpochEnd : progress.step % every === 0);
}

/** ζ of checked options. It is annealed over the time in which updates are made. */
export function pruneShare(
  { pruneFraction, annealing, until }: Required<PruneOptions>,
  progress: Progress,
): number {
  const t = until === 0 ? 1 : Math.min(1, shareDone(progress) / until);
  return pruneFraction * annealings[annealing](t);
}

/**
 * (1 + cos πt) / 2 for t in [0, 1], by the cosine's series about ½: the host's own differs between engines.
 */
function halfCosine(t: number): number {
  const x = Math.PI * (t - 0.5);
  const z = x * x;
  const sine =
    x * (1 - (z / 6) * (1 - (z / 20) * (1 - (z / 42) * (1 - (z / 72) * (1 - (z / 110) * (1 - z / 156))))));
  return Math.max(0, (1 - sine) / 2);
}
