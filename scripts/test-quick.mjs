// npm run test:quick [-- vitest's arguments]: the unit tests of src/ without the slow ones (vitest.config.ts
// lists these), for the inner loop.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const workers = `--maxWorkers=${availableParallelism()}`;
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--project', 'unit', workers, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, CTRE_TEST: 'quick' },
  },
);
process.exitCode = status ?? 1;
