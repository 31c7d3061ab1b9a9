// The loop of a contestant in JavaScript. A line names a command and its arguments; the answer is a line of
// JSON.
import { createInterface } from 'node:readline';
import { Bench } from 'tinybench';

/** Answers lines until there are no more. @param commands name → function of the line's other words. */
export async function serve(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...words] = line.split(' ');
    let answer;
    try {
      answer = await commands[name](...words);
    } catch (error) {
      answer = { error: error.message };
    }
    process.stdout.write(`${JSON.stringify(answer ?? 'ok')}\n`);
  }
}

/** The nanoseconds of each of `times` calls. Before several calls another one fills the caches. */
export function time(run, times) {
  if (times > 1) run();
  const bench = new Bench({
    iterations: times,
    time: 0,
    warmup: false,
    retainSamples: true,
    timestampProvider: 'hrtimeNow',
    throws: true,
  });
  bench.add('run', run);
  const [{ result }] = bench.runSync();
  return result.latency.samples.map((milliseconds) => Math.round(1e6 * milliseconds));
}
