// npm run check:start: the time in Node from the package's import to the end of the first step, the median of
// 20 processes. It is a property of the machine as much as of the code, so it is no test.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './test-build.mjs';

const LIMIT = 30;
const PROCESSES = 20;

// Of the process's own time, where others have the machine meanwhile.
const program = `
  const [begin, used] = [performance.now(), process.cpuUsage()];
  const { SparseMLP } = await import('ctre');
  const model = await SparseMLP.create({ layers: [64, 100, 100, 10] });
  const x = { rows: 32, cols: 64, data: new Float32Array(2048).fill(0.5) };
  await model.train(x, new Int32Array(32), { epochs: 1, batchSize: 32 }).next();
  const took = performance.now() - begin;
  const { user, system } = process.cpuUsage(used);
  console.log(Math.min(took, (user + system) / 1000));`;

ensureBuilt('package');
const cwd = fileURLToPath(new URL('..', import.meta.url));
const times = Array.from({ length: PROCESSES }, () =>
  Number(execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd, encoding: 'utf8' })),
).sort((a, b) => a - b);
const median = times[PROCESSES / 2];
console.log(`from import to the first step: ${median.toFixed(1)} ms, the median of ${PROCESSES} processes`);
if (median > LIMIT) {
  console.error(`check:start: ${median.toFixed(1)} ms; expected at most ${LIMIT} ms on a machine at rest`);
  process.exit(1);
}
