import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { decodeCheckpoint } from '../../src/files/checkpointFile.ts';
import { effort, runRandom, runSeed } from '../support/effort.ts';
import { sha256 } from '../support/problems.ts';
import { PROGRAM, temporaryFolder } from '../unit/cli/harness.ts';

const { path, remove } = temporaryFolder();
afterAll(remove);

const EPOCHS = 120;
const command = (seed: number, out: string) =>
  [
    'train',
    '--hidden',
    '30,30',
    '--epochs',
    EPOCHS,
    '--seed',
    seed,
    '--method',
    'ctre-seq',
    '--out',
    out,
  ].map(String);

const exitOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    child.on('exit', (code) => resolve(code));
  });

async function finish(argv: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, ...argv], { stdio: ['ignore', 'ignore', 'inherit'] });
  expect(await exitOf(child)).toBe(0);
}

const hashOf = async (file: string) => sha256(new Uint8Array(readFileSync(file)));

/**
 * The epoch of the newest whole checkpoint; 0 without one. A broken one among the two names is an error:
 * nobody damaged it.
 */
function newestEpoch(folder: string): number {
  if (!existsSync(folder)) return 0;
  const whole = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  const epochs = whole.map(
    (name) => decodeCheckpoint(new Uint8Array(readFileSync(join(folder, name)))).training.epochs.length,
  );
  return Math.max(0, ...epochs);
}

it(`kill -9 at random moments loses no checkpoint, and the bits stay the same (seed ${runSeed})`, async () => {
  const random = runRandom('kill');
  const kills = effort(12, 1000);
  let made = 0;
  for (let seed = 1; made < kills; seed++) {
    const [folder, out, whole] = [
      path(`run-${seed}`),
      path(`${seed}.safetensors`),
      path(`${seed}.whole.safetensors`),
    ];
    await finish(command(seed, whole));
    const argv = [...command(seed, out), '--checkpoint', folder, '--checkpoint-every', '1', '--resume'];
    let before = 0;
    while (made < kills) {
      const child = spawn(process.execPath, [PROGRAM, ...argv], { stdio: 'ignore' });
      const exit = exitOf(child);
      // From before its first checkpoint to the middle of the training; starting takes most of it.
      const timer = setTimeout(() => child.kill('SIGKILL'), 150 + 350 * random.next());
      const code = await exit;
      clearTimeout(timer);
      if (code !== null) expect(code).toBe(0);
      const now = newestEpoch(folder);
      expect(now, `after kill ${made}`).toBeGreaterThanOrEqual(before);
      before = now;
      if (code !== null) break;
      made++;
    }
    await finish(argv);
    expect(await hashOf(out)).toBe(await hashOf(whole));
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  }
});
