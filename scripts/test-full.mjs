// npm run test:full [-- vitest's arguments]: all of what `npm test` does a part of. Then the suite again on a
// memory that moves at every allocation, on one whose blocks lie beyond 2 GiB, and once more to count the
// branches it reaches. The seed is printed: CTRE_SEED=n runs it again.
import { spawnSync } from 'node:child_process';

const seed = process.env.CTRE_SEED ?? String(Date.now() % 1_000_000);
const rest = process.argv.slice(2);
const passes = [
  ['everything', { CTRE_TEST: 'full' }, []],
  ['on a moving memory', { CTRE_ARENA: 'moving' }, []],
  ['beyond 2 GiB', { CTRE_ARENA: 'high' }, []],
  ...(rest.length === 0 ? [['with its branches counted', {}, ['--coverage']]] : []),
];
for (const [name, environment, options] of passes) {
  console.log(`\n# ${name}; CTRE_SEED=${seed}`);
  const { status } = spawnSync('npx', ['vitest', 'run', ...options, ...rest], {
    stdio: 'inherit',
    env: { ...process.env, CTRE_SEED: seed, ...environment },
  });
  if (status !== 0) {
    console.error(`test:full: failed ${name}; CTRE_SEED=${seed} runs it again`);
    process.exit(1);
  }
}
