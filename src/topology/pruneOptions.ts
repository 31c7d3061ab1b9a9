import type { MethodOptions } from './method.ts';
import type { Schedule } from './schedule.ts';

/** The factor of ζ at t, the share of the training that is over. */
const annealings = {
  constant: () => 1,
  cosine: halfCosine,
  polynomial: (t: number) => (1 - t) * (1 - t) * (1 - t),
};

/** Options of every method that evolves. */
export interface PruneOptions {
  /** ζ, the share of a layer's connections replaced at each update; 0.2. */
  readonly pruneFraction?: number;
  /** ζ stays (`constant`, the default), falls to 0 as half a cosine, or as (1 − t)³ (`polynomial`). */
  readonly annealing?: keyof typeof annealings;
}

/** What PruneOptions are on the command line. */
export const pruneOptions = {
  pruneFraction: {
    flag: 'prune-fraction',
    value: 'f',
    help: 'share of connections replaced after every epoch',
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
} as const satisfies MethodOptions<PruneOptions>;

/** The schedule of checked options. */
export function pruneSchedule({ pruneFraction, annealing }: Required<PruneOptions>): Schedule {
  const factor = annealings[annealing];
  return Object.freeze({
    fraction: (epoch: number, epochs: number) => pruneFraction * factor(Math.min(1, epoch / epochs)),
  });
}

/** (1 + cos πt) / 2 for t in [0, 1], by the cosine's series about ½: the host's own differs between engines. */
function halfCosine(t: number): number {
  const x = Math.PI * (t - 0.5);
  const z = x * x;
  const sine =
    x * (1 - (z / 6) * (1 - (z / 20) * (1 - (z / 42) * (1 - (z / 72) * (1 - (z / 110) * (1 - z / 156))))));
  return Math.max(0, (1 - sine) / 2);
}
