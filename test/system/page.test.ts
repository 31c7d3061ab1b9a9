// A page with a model in a worker goes on drawing: in a headless Chromium, isolated and not.

import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { findChromium, NO_CHROMIUM } from '../../scripts/pages.mjs';
import { effort, skipTest } from '../support/effort.ts';
import { usePage } from './bits/page.ts';

const chromium = findChromium();

interface Felt {
  readonly tasks: readonly number[];
  readonly turn: number;
  readonly frame: number;
  readonly epochs: number;
  readonly left: number;
}

/** The answer of a function of test/system/bits/watched.mjs. */
async function onPage<T>(isolated: boolean, call: string, watch?: (page: Page) => Promise<void>): Promise<T> {
  let answer: unknown;
  await usePage(chromium ?? '', { isolated, flags: [] }, async (evaluate, page) => {
    await watch?.(page);
    answer = await evaluate(`import('/test/system/bits/watched.mjs').then((it) => it.${call})`);
    await watch?.(page);
  });
  return answer as T;
}

/** An event of the browser's own trace; microseconds by the clock, and of the thread's own time. */
interface Traced {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
}

/**
 * Traces a page from its first call to its second; then `longest` is what the page's longest task between its
 * marks took, in milliseconds: of its own time, where others have the machine meanwhile.
 */
function tracer() {
  const trace = {
    isOn: false,
    longest: Number.NaN,
    async watch(page: Page): Promise<void> {
      const browser = page.context().browser();
      trace.isOn = !trace.isOn;
      if (trace.isOn) {
        const categories = ['toplevel', 'blink.user_timing', 'disabled-by-default-devtools.timeline'];
        await browser?.startTracing(page, { categories });
        return;
      }
      const { traceEvents }: { traceEvents: Traced[] } = JSON.parse(String(await browser?.stopTracing()));
      const [begin, end] = ['begin', 'end'].map((mark) => traceEvents.find(({ name }) => name === mark));
      if (begin === undefined || end === undefined) return;
      const tasks = traceEvents.filter(
        ({ name, pid, tid, ts }) =>
          name === 'RunTask' && pid === begin.pid && tid === begin.tid && ts > begin.ts && ts < end.ts,
      );
      // Not spread into Math.max: there are more than a call takes.
      trace.longest =
        tasks.reduce((longest, { dur = 0, tdur = 0 }) => Math.max(longest, Math.min(dur, tdur)), 0) / 1000;
      expect(tasks.length).toBeGreaterThan(100);
    },
  };
  return trace;
}

// Every page is a process of its own: an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('a page', () => {
  it.for([
    { isolated: true, threads: 1, transfer: false },
    { isolated: true, threads: 2, transfer: true },
    { isolated: false, threads: 1, transfer: true },
  ])('feels nothing of a training in a worker: %o', async ({ isolated, threads, transfer }, context) => {
    if (chromium === undefined) return skipTest(context, NO_CHROMIUM);
    const trace = tracer();
    const felt = await onPage<Felt>(isolated, `feel('worker', ${threads}, ${transfer})`, trace.watch);
    const { tasks, turn, frame, epochs, left } = felt;
    console.log(
      `longest task of the page ${trace.longest.toFixed(1)} ms of its own time; ` +
        `by the clock, with what else the machine does: ${tasks.length} tasks of 50 ms and more, ` +
        `longest turn ${turn.toFixed(1)} ms, longest frame ${frame.toFixed(1)} ms ` +
        `(${threads} threads, ${transfer ? 'transferred' : 'copied'})`,
    );
    expect(epochs).toBe(4);
    expect(left > 0).toBe(!transfer);
    expect(trace.longest).toBeLessThan(50);
  });

  it.for([true, false])('changes its mind (isolated: %s)', async (isolated, context) => {
    if (chromium === undefined) return skipTest(context, NO_CHROMIUM);
    expect(await onPage(isolated, 'changeMind(3)')).toEqual({
      ...{ aborted: 'E_ABORTED', finite: true, tooWide: 'E_SHAPE', probabilities: 10_000, left: 0 },
      ...{ waiting: 'E_DISPOSED', after: 'E_DISPOSED', seconds: expect.any(Number) },
      threads: isolated ? 3 : 1,
      warning: isolated ? undefined : expect.stringMatching(/one thread instead of 3: .*isolated/),
    });
  });

  it('shares its samples with the worker', async (context) => {
    if (chromium === undefined) return skipTest(context, NO_CHROMIUM);
    expect(await onPage(true, 'share()')).toEqual({ left: 200 * 784, same: true });
  });

  it('has no worker left of those it has ended', async (context) => {
    if (chromium === undefined) return skipTest(context, NO_CHROMIUM);
    const count = effort(20, 200);
    let most = 0;
    const noneLeft = async (page: Page): Promise<void> => {
      page.on('worker', () => {
        most = Math.max(most, page.workers().length);
      });
      await expect.poll(() => page.workers().map((worker) => worker.url()), { timeout: 20_000 }).toEqual([]);
    };
    expect(await onPage(true, `comeAndGo(${count})`, noneLeft)).toBe(count);
    expect(most).toBeGreaterThan(0);
  });
});
