import { checkChoice, checkNumber } from '../base/checks.ts';

const ANNEALINGS = ['constant', 'cosine', 'polynomial'] as const;

/** How ζ, the share of connections replaced at an update, changes over training. */
export interface Schedule {
  /** ζ after `epoch` (from 1) of `epochs`. */
  fraction(epoch: number, epochs: number): number;
}

/** Options of every method that evolves. */
export interface PruneOptions {
  /** ζ, the share of a layer's connections replaced at each update; 0.2. */
  readonly pruneFraction?: number;
  /** ζ stays (`constant`, the default), falls to 0 as half a cosine, or as (1 − t)³ (`polynomial`). */
  readonly annealing?: (typeof ANNEALINGS)[number];
}

/** The names of PruneOptions. */
export const PRUNE_OPTIONS = ['pruneFraction', 'annealing'] as const;

/** For methods whose pattern is fixed. */
export const noPruning: Schedule = Object.freeze({ fraction: () => 0 });

/**
 * The options filled in, and the schedule they mean.
 * @throws CtreError `E_ARGUMENT` for a fraction outside [0, 1] or an unknown annealing.
 */
export function pruneSchedule({
  pruneFraction: fraction = 0.2,
  annealing: name = 'constant',
}: PruneOptions): {
  readonly options: Required<PruneOptions>;
  readonly schedule: Schedule;
} {
  const pruneFraction = checkNumber('pruneFraction', fraction, { least: 0, most: 1 });
  const shapes = {
    constant: () => 1,
    cosine: halfCosine,
    polynomial: (t: number) => (1 - t) * (1 - t) * (1 - t),
  };
  const annealing = checkChoice('annealing', name, ANNEALINGS);
  const shape = shapes[annealing];
  return {
    options: { pruneFraction, annealing },
    schedule: Object.freeze({
      fraction: (epoch: number, epochs: number) => pruneFraction * shape(Math.min(1, epoch / epochs)),
    }),
  };
}

/** (1 + cos πt) / 2 for t in [0, 1], by the cosine's series about ½: the host's own differs between engines. */
function halfCosine(t: number): number {
  const x = Math.PI * (t - 0.5);
  const z = x * x;
  const sine =
    x * (1 - (z / 6) * (1 - (z / 20) * (1 - (z / 42) * (1 - (z / 72) * (1 - (z / 110) * (1 - z / 156))))));
  return Math.max(0, (1 - sine) / 2);
}
