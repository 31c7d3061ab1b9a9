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
