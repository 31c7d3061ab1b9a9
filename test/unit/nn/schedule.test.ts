import { describe, expect, it } from 'vitest';
import { type Schedule, schedule } from '../../../src/index.ts';
import { scheduleByName, schedules } from '../../../src/nn/schedule.ts';

const STEPS = 97;
const all = Array.from({ length: STEPS }, (_, step) => step);
const factors = ({ factor }: Schedule, steps = STEPS): number[] =>
  Array.from({ length: steps }, (_, step) => factor(step, steps));

function expectNear(got: readonly number[], want: readonly number[], error: number): void {
  expect(got.length).toBe(want.length);
  got.forEach((value, step) => {
    expect(Math.abs(value - want[step]), `at step ${step}: ${value}`).toBeLessThanOrEqual(error);
  });
}

describe('the factor of the learning rate', () => {
  it('constant is 1', () => {
    expect(factors(schedule.constant())).toEqual(all.map(() => 1));
    expect(schedule.constant()).toEqual({ ...schedule.constant(), options: { warmup: 0 } });
  });

  it.each([0, 0.1, 1])('cosine falls to %d as half a cosine', (endFactor) => {
    const want = all.map(
      (step) => endFactor + ((1 - endFactor) * (1 + Math.cos((Math.PI * step) / STEPS))) / 2,
    );
    expectNear(factors(schedule.cosine({ endFactor })), want, 1e-12);
  });

  it('cosine follows the recursion of PyTorch’s CosineAnnealingLR', () => {
    // lr ← (1 + cos(π(t + 1) / T)) / (1 + cos(πt / T)) · (lr − min) + min
    const cosine = (step: number) => 1 + Math.cos((Math.PI * step) / STEPS);
    const want = [1];
    for (let t = 1; t < STEPS; t++) want.push((cosine(t) / cosine(t - 1)) * (want[t - 1] - 0.2) + 0.2);
    expectNear(factors(schedule.cosine({ endFactor: 0.2 })), want, 1e-12);
  });

  it('cosine is as exact as float64 at any place, and exact at its ends', () => {
    const { factor } = schedule.cosine();
    for (const steps of [1, 2, 3, 10, 1000, 99_991]) {
      for (let step = 0; step <= steps; step += Math.max(1, Math.floor(steps / 501))) {
        const want = (1 + Math.cos((Math.PI * step) / steps)) / 2;
        expect(Math.abs(factor(step, steps) - want)).toBeLessThan(1e-15);
      }
      expect([factor(0, steps), factor(steps, steps)]).toEqual([1, 0]);
    }
  });

  it('linear falls evenly', () => {
    expectNear(
      factors(schedule.linear()),
      all.map((step) => (STEPS - step) / STEPS),
      1e-15,
    );
    const want = all.map((step) => ((STEPS - step) * 1 + step * 0.25) / STEPS);
    expectNear(factors(schedule.linear({ endFactor: 0.25 })), want, 1e-15);
  });

  it('step falls after every so many steps, as PyTorch’s StepLR', () => {
    let factor = 1;
    const want = all.map((step) => {
      if (step > 0 && step % 7 === 0) factor *= 0.5;
      return factor;
    });
    expect(factors(schedule.step({ stepSize: 7, gamma: 0.5 }))).toEqual(want);
  });

  it('step has a tenth after every quarter by default, and after one step where there are fewer', () => {
    expectNear(factors(schedule.step(), 8), [1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001], 1e-17);
    expectNear(factors(schedule.step({ gamma: 0.5 }), 1), [1], 0);
    expectNear(factors(schedule.step({ stepSize: 0.01, gamma: 0.5 }), 4), [1, 0.5, 0.25, 0.125], 0);
  });

  it.each<[string, (options: object) => Schedule, (step: number) => number]>([
    ['constant', schedule.constant, () => 1],
    ['linear', schedule.linear, (step) => 1 - (step - 20) / 80],
    ['cosine', schedule.cosine, (step) => (1 + Math.cos((Math.PI * (step - 20)) / 80)) / 2],
    ['step', schedule.step, (step) => 0.1 ** Math.floor(step / 25)],
  ])('%s grows evenly in a warm-up first', (_, make, after) => {
    for (const warmup of [20, 0.2, 0.204]) {
      const want = Array.from({ length: 100 }, (__, step) => (step < 20 ? (step + 1) / 20 : after(step)));
      expectNear(factors(make({ warmup }), 100), want, 1e-12);
    }
  });

  it('grows to the end where the warm-up is longer than the training', () => {
    expect(factors(schedule.cosine({ warmup: 10 }), 4)).toEqual([0.1, 0.2, 0.3, 0.4]);
    expect(factors(schedule.linear({ warmup: 4 }), 4)).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('stays at its end after the last step', () => {
    for (const make of [schedule.cosine, schedule.linear]) {
      for (const step of [50, 51, 1000])
        expect(make({ endFactor: 0.3, warmup: 7 }).factor(step, 50)).toBe(0.3);
    }
  });

  it('is never below 0', () => {
    for (const make of Object.values(schedules))
      expect(Math.min(...factors(make()))).toBeGreaterThanOrEqual(0);
  });
});

describe('a schedule', () => {
  it.each(Object.keys(schedules))('%s is made again by its name and options', (name) => {
    const options = { warmup: 0.25, ...(name === 'step' ? { stepSize: 3 } : {}) };
    const made = scheduleByName(name, options);
    expect(made.name).toBe(name);
    expect(made.options).toMatchObject(options);
    const again = scheduleByName(name, JSON.parse(JSON.stringify(made.options)));
    expect(again.options).toEqual(made.options);
    expect(factors(again)).toEqual(factors(made));
  });

  it.each<[string, () => unknown, RegExp]>([
    ['half a step', () => schedule.cosine({ warmup: 1.5 }), /^warmup is 1.5; expected an integer from 1 up$/],
    ['a negative share', () => schedule.constant({ warmup: -0.1 }), /^warmup is -0.1/],
    ['a text', () => schedule.linear({ warmup: '0.1' as never }), /^warmup is "0.1"/],
    ['NaN', () => schedule.step({ stepSize: Number.NaN }), /^stepSize is NaN/],
    ['a factor that grows', () => schedule.step({ gamma: 2 }), /^gamma is 2; expected a number from 0 to 1$/],
    ['an end above the start', () => schedule.linear({ endFactor: 1.1 }), /^endFactor is 1.1/],
    [
      'an option of another',
      () => schedule.cosine({ gamma: 0.5 } as object),
      /^schedule.cosine has no option "gamma"; expected any of endFactor, warmup$/,
    ],
    [
      'an unknown name',
      () => scheduleByName('polynomial'),
      /^schedule is "polynomial"; expected one of constant, cosine, linear, step$/,
    ],
  ])('is refused: %s', (_, make, sentence) => {
    expect(make).toThrow(
      expect.objectContaining({ code: 'E_ARGUMENT', message: expect.stringMatching(sentence) }),
    );
  });
});
