import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);

function bench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('bench/run.mjs', root)), ...args],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

describe('npm run bench', () => {
  it.each(['--help', '-h'])('%s names every suite and every option', (flag) => {
    const { status, stdout, stderr } = bench(flag);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const suites = readdirSync(new URL('bench/suites/', root)).map((file) => file.replace('.mjs', ''));
    for (const suite of suites) expect(stdout).toMatch(new RegExp(`^  ${suite} +\\S`, 'm'));
    for (const option of ['--quick', '--json', '--node', '--help']) expect(stdout).toContain(option);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it.each([
    [['--hlep'], 'bench: there is no option --hlep; npm run bench -- --help names them all'],
    [['--quick=yes'], 'bench: the option --quick takes no value; npm run bench -- --help names them all'],
    [['--node'], 'bench: the option --node needs a value; npm run bench -- --help names them all'],
    [['--node', '--quick'], 'bench: the option --node needs a value; npm run bench -- --help names them all'],
    [['kernals'], 'bench: there is no suite kernals; npm run bench -- --help names them all'],
    [['kernels', 'toString'], 'bench: there is no suite toString; npm run bench -- --help names them all'],
  ])('%j is one sentence and exit code 2', (args, sentence) => {
    expect(bench(...args)).toEqual({ status: 2, stdout: '', stderr: `${sentence}\n` });
  });
});

describe('a contestant', () => {
  it.each([
    ['while it is asked', 'process.stdin.once("data", () => process.exit(3))', 0],
    ['before it is asked', 'console.error("it lacks a package"); process.exit(3)', 300],
  ])('that ends %s fails at once, in a sentence', (_, source, wait) => {
    const script = `
      import { Program } from ${JSON.stringify(new URL('bench/programs.mjs', root).href)};
      const program = new Program(process.execPath, ['-e', ${JSON.stringify(source)}]);
      await new Promise((resolve) => setTimeout(resolve, ${wait}));
      await program.ask(['run', 'multiply', '1']).then(console.log, (error) => console.log(error.message));
    `;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(stdout).toMatch(/: .*\(3\)\n$/s);
    if (wait > 0) expect(stdout).toContain('it lacks a package');
  });
});
