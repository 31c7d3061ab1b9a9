// A file of results and a folder of checkpoints have one writer at a time, whoever comes when, and whoever
// was killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { effort } from '../support/effort.ts';
import { ctre, PROGRAM, temporaryFolder } from '../unit/cli/harness.ts';

const { path, remove } = temporaryFolder();
afterAll(remove);

const lockModule = fileURLToPath(new URL('../../dist/cli/lock.js', import.meta.url));

/** A process that takes a lock when it is told to, says so, and leaves it when it is told to. */
const CONTENDER = `
  import { createInterface } from 'node:readline';
  const { lock } = await import(process.argv[1]);
  let held;
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const [what, path, at] = line.split(' ');
    if (what === 'leave') await held?.release();
    else {
      // All at once, as near as a clock can say it.
      while (Date.now() < Number(at));
      held = undefined;
      try { held = await lock(path, 'x'); } catch (error) { if (error.code !== 'E_BUSY') throw error; }
    }
    console.log(what === 'leave' ? 'left' : held ? 'held' : 'busy');
  }`;

interface Contender {
  readonly child: ChildProcess;
  say(line: string): void;
  hear(): Promise<string>;
}

function contender(): Contender {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CONTENDER, lockModule], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    say: (line) => void child.stdin.write(`${line}\n`),
    hear: async () => (await lines.next()).value,
  };
}

const exitOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    child.on('exit', (code) => resolve(code));
  });

describe('a lock that many want at once', () => {
  it('goes to one of them, also where the one before was killed', async () => {
    const rivals = Array.from({ length: 6 }, contender);
    try {
      for (const rival of rivals) expect(await rival.hear()).toBe('ready');
      for (let round = 0; round < effort(20, 1000); round++) {
        const file = path(`race-${round}.lock`);
        // Of every second round, a killed process holds it.
        if (round % 2 === 0) {
          const dead = contender();
          await dead.hear();
          dead.say(`take ${file} 0`);
          expect(await dead.hear()).toBe('held');
          const exit = exitOf(dead.child);
          dead.child.kill('SIGKILL');
          await exit;
          expect(existsSync(file)).toBe(true);
        }
        const at = Date.now() + 15;
        for (const rival of rivals) rival.say(`take ${file} ${at}`);
        const said = await Promise.all(rivals.map((rival) => rival.hear()));
        expect(said.toSorted(), `round ${round}`).toEqual([...Array(5).fill('busy'), 'held']);
        for (const rival of rivals) rival.say('leave');
        for (const rival of rivals) expect(await rival.hear()).toBe('left');
        expect(existsSync(file), `round ${round}`).toBe(false);
      }
    } finally {
      for (const { child } of rivals) child.kill('SIGKILL');
    }
  });
});

describe('ctre train --checkpoint', () => {
  const command = (folder: string, epochs: number, ...more: string[]) => [
    ...['train', '--hidden', '30,30', '--epochs', String(epochs), '--checkpoint', folder],
    ...['--checkpoint-every', '1', '--json', ...more],
  ];
  const start = (argv: readonly string[]) => {
    const child = spawn(process.execPath, [PROGRAM, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    // Should the test fail: nothing else would end it.
    onTestFinished(() => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const begun = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('"event":"epoch"')) resolve();
      });
    });
    return { child, begun, exit: exitOf(child), said: () => stderr };
  };

  it.each([[[]], [['--resume']]])(
    'refuses a folder that another one writes, and names it: %j',
    async (more) => {
      const folder = path(`twice${more.join('')}`);
      const first = start(command(folder, 1_000_000));
      await first.begun;
      const second = start(command(folder, 1_000_000, ...more));
      expect(await second.exit).toBe(2);
      expect(second.said()).toMatch(new RegExp(`^ctre: process ${first.child.pid} is writing [^\\n]+\\n$`));
      // The first one does not notice, and once it is killed the folder is free.
      expect(first.child.exitCode).toBe(null);
      first.child.kill('SIGKILL');
      await first.exit;
      expect(readdirSync(folder)).toContain('checkpoint.lock');
      const third = start(command(folder, 1_000_000, '--resume'));
      await third.begun;
      third.child.kill('SIGINT');
      expect(await third.exit).toBe(130);
      expect(readdirSync(folder).sort()).toEqual([
        'checkpoint.previous.safetensors',
        'checkpoint.safetensors',
      ]);
    },
  );

  it('takes over what a process of its own number left', async () => {
    // In a container every program may be number 1.
    const folder = path('reborn');
    mkdirSync(join(folder, 'checkpoint.lock'), { recursive: true });
    for (const name of [`${process.pid}-1-x`, `${process.pid}-1-x.held`, 'no lock', '7']) {
      writeFileSync(join(folder, 'checkpoint.lock', name), '');
    }
    const { code, stderr } = await ctre(command(folder, 2));
    expect([code, stderr]).toEqual([0, '']);
  });
});
