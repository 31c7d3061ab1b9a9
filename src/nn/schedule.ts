import { checkChoice, checkInteger, checkNumber, checkOptions } from '../base/checks.ts';
import { power } from '../base/power.ts';

/** A schedule of the learning rate: how it changes from step to step. */
export interface Schedule {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * Whether the factor does not go by the end of the training; `steps` may be Infinity then, where samples
   * come in pieces and nobody says how many. Absent: such a training refuses the schedule.
   */
  readonly takesOpenEnd?: boolean;
  /**
   * What the optimiser's learning rate is multiplied by, from 0 up.
   * @param step steps of the model before this one.
   * @param steps steps of the model in all, as a topology method's `Progress` has them.
   */
  factor(step: number, steps: number): number;
}

/** What every schedule takes. */
export interface ScheduleOptions {
  /**
   * The steps at the start over which the factor grows evenly: it is 1/n in the first of n steps, and 1 in
   * the last. From 1 up a number of steps, below 1 a share of all steps. Default 0.
   */
  readonly warmup?: number;
}

/** Options of `schedule.step`. */
export interface StepScheduleOptions extends ScheduleOptions {
  /** Steps after which the factor falls. From 1 up a number of steps, below 1 a share of all steps; 0.25. */
  readonly stepSize?: number;
  /** What the factor is multiplied by when it falls; 0.1. */
  readonly gamma?: number;
}

/** Options of `schedule.cosine` and `schedule.linear`. */
export interface DecayScheduleOptions extends ScheduleOptions {
  /** The factor that the end of the training comes to; 0. */
  readonly endFactor?: number;
}

/** The schedule of a training that is given none. */
export const unchanged: Schedule = Object.freeze({
  name: 'constant',
  options: { warmup: 0 },
  takesOpenEnd: true,
  factor: () => 1,
});

/**
 * The learning rate stays as it is. Without a warm-up it is what a training has by default.
 * @throws CtreError `E_ARGUMENT` for a number out of its range.
 */
export function constant(options: ScheduleOptions = {}): Schedule {
  const { warmup = 0 } = checkOptions('schedule.constant', options, ['warmup']);
  return warmup === 0 ? unchanged : scheduleOf('constant', warmup, {}, true, () => 1);
}

/**
 * The learning rate falls by `gamma` after every `stepSize` steps, as PyTorch's StepLR. The steps of a
 * warm-up count: the first fall is at step number `stepSize`, or after the warm-up where that is longer.
 * @throws CtreError `E_ARGUMENT` for a number out of its range.
 */
export function step(options: StepScheduleOptions = {}): Schedule {
  const given = checkOptions('schedule.step', options, ['stepSize', 'gamma', 'warmup']);
  const stepSize = checkSteps('stepSize', given.stepSize ?? 0.25);
  const gamma = checkNumber('gamma', given.gamma ?? 0.1, { least: 0, most: 1 });
  return scheduleOf('step', given.warmup, { stepSize, gamma }, !isShare(stepSize), (_, done, steps) =>
    power(gamma, Math.floor(done / Math.max(1, stepsOf(stepSize, steps)))),
  );
}

/**
 * The learning rate falls from 1 to `endFactor` times itself as half a cosine does (Loshchilov and Hutter
 * 2017), over the steps after the warm-up: e + (1 − e)·(1 + cos πt) / 2. As PyTorch's CosineAnnealingLR, it
 * would reach its end one step after the last.
 *
 * ```ts
 * await model.fit(x, y, { epochs: 50, schedule: schedule.cosine({ warmup: 0.05 }) });
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for a number out of its range.
 */
export function cosine(options: DecayScheduleOptions = {}): Schedule {
  return decayOf('cosine', options, (t) => (1 + cosineOfHalfTurns(t)) / 2);
}

/**
 * The learning rate falls evenly from 1 to `endFactor` times itself over the steps after the warm-up, as
 * PyTorch's LinearLR.
 * @throws CtreError `E_ARGUMENT` for a number out of its range.
 */
export function linear(options: DecayScheduleOptions = {}): Schedule {
  return decayOf('linear', options, (t) => 1 - t);
}

/** The schedules by their names on the command line and in files. */
export const schedules = Object.freeze({ constant, cosine, linear, step });

/**
 * The schedule of a name.
 * @throws CtreError `E_ARGUMENT` for a name that is none, or options out of their range.
 */
export function scheduleByName(name: string, options: unknown = {}): Schedule {
  const known = checkChoice('schedule', name, Object.keys(schedules) as (keyof typeof schedules)[]);
  // The options come from a file or a command line: the factories check them.
  const make: (options: never) => Schedule = schedules[known];
  return make(options as never);
}

/** @param shape from 1 to 0, by the share of the steps after the warm-up that is over. */
function decayOf(name: string, options: DecayScheduleOptions, shape: (t: number) => number): Schedule {
  const given = checkOptions(`schedule.${name}`, options, ['endFactor', 'warmup']);
  const endFactor = checkNumber('endFactor', given.endFactor ?? 0, { least: 0, most: 1 });
  const after = (t: number): number => endFactor + (1 - endFactor) * shape(t);
  return scheduleOf(name, given.warmup, { endFactor }, false, after);
}

/**
 * @param takesOpenEnd whether the factor after the warm-up does not go by the end.
 * @param after the factor after the warm-up, by the share that is over, the steps done, and all steps.
 */
function scheduleOf(
  name: string,
  warmupOption: unknown,
  options: Schedule['options'],
  takesOpenEnd: boolean,
  after: (t: number, done: number, steps: number) => number,
): Schedule {
  const warmup = checkSteps('warmup', warmupOption ?? 0);
  return Object.freeze<Schedule>({
    name,
    options: { ...options, warmup },
    takesOpenEnd: takesOpenEnd && !isShare(warmup),
    factor(done, steps) {
      const first = stepsOf(warmup, steps);
      if (done < first) return (done + 1) / first;
      return after(steps > first ? Math.min(1, (done - first) / (steps - first)) : 1, done, steps);
    },
  });
}

/** A share of all steps below 1, or a number of steps. */
function checkSteps(name: string, value: unknown): number {
  const number = checkNumber(name, value, { least: 0 });
  return number < 1 ? number : checkInteger(name, number, { least: 1 });
}

function stepsOf(count: number, steps: number): number {
  return isShare(count) ? Math.round(count * steps) : count;
}

/** Whether it takes all steps to tell how many these are. */
function isShare(count: number): boolean {
  return count > 0 && count < 1;
}

/**
 * cos πt for t in [0, 1], error below 1e-15, exact at both ends: the host's own differs between engines. It
 * is the series about the nearer end, up to the 22nd power.
 */
function cosineOfHalfTurns(t: number): number {
  const x = Math.PI * Math.min(t, 1 - t);
  let series = 1;
  for (let n = 22; n > 0; n -= 2) series = 1 - (series * x * x) / (n * (n - 1));
  return t > 0.5 ? -series : series;
}
