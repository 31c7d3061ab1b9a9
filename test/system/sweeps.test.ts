// The promises of docs/sweeps.md, on a real server.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../support/packed.ts';
import { RunningProgram } from '../support/programs.ts';
import { hasRedis, NO_REDIS, RedisServer } from '../support/redisServer.ts';
import { jsonLines, PROGRAM, temporaryFolder } from '../unit/cli/harness.ts';

const folder = temporaryFolder();
const here = folder.path('');
const SMALL = ['--hidden', '8,6', '--batch-size', '16', '--epochs', '3'];
/** Epochs enough to die in the middle. */
const LONG = ['--hidden', '60,50', '--batch-size', '4', '--epochs', '150', '--methods', 'ctre-sim'];

let files = 0;
const newFile = (): string => folder.path(`results-${files++}.jsonl`);

const timeless = (path: string): string =>
  readFileSync(path, 'utf8').replaceAll(
    /"(seconds|trainSeconds|startSeconds|evolveSeconds)":[\d.e-]+/g,
    '"$1":0',
  );

/** Points of two classes that no line divides. */
function points(seed: number): string {
  let state = seed;
  const random = (): number => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  };
  const rows = Array.from({ length: 120 }, () => {
    const point = Array.from({ length: 4 }, random);
    return [...point.map((value) => value.toFixed(4)), point[0] * point[1] > 0 ? 1 : 0].join(',');
  });
  return `a,b,c,d,label\n${rows.join('\n')}\n`;
}

beforeAll(() => {
  for (const name of ['data', 'data/deep', 'other', 'empty']) mkdirSync(folder.path(name));
  writeFileSync(folder.path('points.csv'), points(1));
  writeFileSync(folder.path('data/deep/renamed.csv'), points(1));
  writeFileSync(folder.path('second.csv'), points(2));
  writeFileSync(folder.path('other/points.csv'), points(3));
});
afterAll(folder.remove);

/** A comparison without a queue. */
async function local(...argv: string[]): Promise<string> {
  const results = newFile();
  const { code, stderr } = await new RunningProgram(['compare', ...argv, '--results', results], here).ended;
  expect([code, stderr]).toEqual([0, '']);
  return timeless(results);
}

describe.skipIf(!hasRedis())(`a sweep (skipped without a server: ${NO_REDIS})`, () => {
  let server: RedisServer;
  const running: RunningProgram[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.remove());
  beforeEach(() => server.client.flushall());
  afterEach(async () => {
    for (const program of running) program.signal('SIGKILL');
    await Promise.all(running.splice(0).map(({ ended }) => ended));
  });

  const start = (args: readonly string[], more = {}): RunningProgram => {
    const program = new RunningProgram(args, here, more);
    running.push(program);
    return program;
  };
  const worker = (...argv: string[]): RunningProgram => {
    const usual = ['--queue', server.url, '--data', 'data', '--jobs', '1', '--lost-after', '2'];
    return start(['worker', ...usual.filter((_, at) => !argv.includes(usual[at - (at % 2)])), ...argv]);
  };
  const compare = (results: string, ...argv: string[]): RunningProgram =>
    start(['compare', ...argv, '--results', results, '--queue', server.url]);

  it('comes to the file of a comparison without a queue, from data under another name', async () => {
    const grid = ['points.csv', ...SMALL, '--methods', 'set,ctre-sim', '--seeds', '0-2'];
    const results = newFile();
    const own = worker('--jobs', '2', '--lost-after', '60');
    const { code, stdout, stderr } = await compare(results, ...grid, '--json').ended;
    expect([code, stderr]).toEqual([0, '']);
    const lines = jsonLines(stdout);
    expect(lines[0]).toMatchObject({ event: 'start', cells: 6, queue: server.url });
    expect(lines.filter(({ event }) => event === 'cell')).toHaveLength(6);
    expect(lines.at(-1)).toMatchObject({ event: 'result', wastedEpochs: 0, conflicts: [] });
    expect(timeless(results)).toBe(await local(...grid));
    await own.wrote(/trained {2}points\.csv, hidden 8,6/);
    // Another file of results takes what is computed already; nobody is needed for it.
    own.signal('SIGKILL');
    const again = newFile();
    expect((await compare(again, ...grid).ended).code).toBe(0);
    expect(timeless(again)).toBe(timeless(results));
  });

  it('goes on in one folder that has the data, the results and a log', async () => {
    const folderOfAll = folder.path('together');
    mkdirSync(folderOfAll);
    writeFileSync(join(folderOfAll, 'points.csv'), points(1));
    const grid = ['together/points.csv', ...SMALL, '--methods', 'set', '--seeds', '0-2'];
    const own = worker('--data', 'together', '--json');
    const results = join(folderOfAll, 'points.compare.jsonl');
    const coordinator = compare(results, ...grid);
    await own.wrote(/"event":"cell"/);
    writeFileSync(join(folderOfAll, 'log.txt'), 'something else');
    expect((await coordinator.ended).code).toBe(0);
    expect(own.written).not.toContain('"event":"back"');
  });

  it('loses an epoch, not a cell, with a worker that is killed, and says what was wasted', async () => {
    const grid = ['points.csv', ...LONG, '--seeds', '1'];
    const results = newFile();
    const coordinator = compare(results, ...grid, '--json');
    const first = worker();
    await first.wrote(/queue/);
    await untilCheckpoint(server);
    await pause(500);
    first.signal('SIGKILL');
    const second = worker();
    const { code, stdout } = await coordinator.ended;
    expect(code).toBe(0);
    const [, epoch] = /goes on after epoch (\d+) /.exec(second.written) ?? [];
    expect(Number(epoch)).toBeGreaterThan(0);
    expect(timeless(results)).toBe(await local(...grid));
    const { wastedEpochs } = jsonLines(stdout).at(-1) ?? {};
    expect(wastedEpochs).toBeGreaterThanOrEqual(0);
    expect(wastedEpochs).toBeLessThan(150);
    // A checkpoint that nobody needs any more is gone.
    expect(await server.client.keys('ctre:checkpoint:*')).toEqual([]);
  });

  it('keeps checkpoints in a folder', async () => {
    const grid = ['points.csv', ...LONG, '--seeds', '2'];
    const results = newFile();
    const coordinator = compare(results, ...grid);
    const kept = folder.path('checkpoints');
    const first = worker('--checkpoints', kept);
    await first.wrote(/queue/);
    while (spawnSync('ls', [kept]).stdout.toString().trim() === '') await pause(20);
    await pause(500);
    first.signal('SIGKILL');
    const second = worker('--checkpoints', kept);
    expect((await coordinator.ended).code).toBe(0);
    expect(second.written).toMatch(/goes on after epoch [1-9]/);
    expect(await server.client.keys('ctre:checkpoint:*')).toEqual([]);
    expect(timeless(results)).toBe(await local(...grid));
    await second.wrote(/trained/);
    expect(spawnSync('ls', [kept]).stdout.toString()).toBe('');
  });

  it('hands a cell back at SIGTERM, within 10 s, and the next worker goes on', async () => {
    const grid = ['points.csv', ...LONG, '--seeds', '3'];
    const results = newFile();
    const coordinator = compare(results, ...grid, '--json');
    // Nobody counts as dead on a busy machine.
    const first = worker('--lost-after', '60');
    await untilCheckpoint(server);
    const begin = performance.now();
    first.signal('SIGTERM');
    const { code, stdout } = await first.ended;
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(code).toBe(0);
    expect(stdout).toMatch(/given back {2}points\.csv.*: the worker stops\n.*given back 1, lost 0/s);
    const second = worker('--lost-after', '60');
    const end = await coordinator.ended;
    expect(second.written).toMatch(/goes on after epoch [1-9]/);
    // It stopped after an epoch, and with a checkpoint of it.
    expect(jsonLines(end.stdout).at(-1)).toMatchObject({ wastedEpochs: 0 });
    expect(timeless(results)).toBe(await local(...grid));
  });

  it('ends at once at a second SIGTERM', async () => {
    void compare(newFile(), 'points.csv', '--hidden', '4000,4000', '--epochs', '2', '--methods', 'dense');
    const own = worker();
    while ((await server.client.keys('ctre:cells-*:active')).length === 0) await pause(50);
    await pause(500);
    own.signal('SIGTERM');
    await pause(300);
    own.signal('SIGTERM');
    const begin = performance.now();
    const { by } = await own.ended;
    expect(by).toBe('SIGTERM');
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  it('counts each cell once, however often the coordinator dies', async () => {
    const grid = ['points.csv', ...SMALL, '--methods', 'set,static', '--seeds', '0-9'];
    const results = newFile();
    worker('--jobs', '2');
    for (const wait of [1, 4, 9]) {
      const coordinator = compare(results, ...grid);
      await coordinator.wrote(new RegExp(`training +${wait}/`)).catch(() => {});
      coordinator.signal('SIGKILL');
      await coordinator.ended;
    }
    expect((await compare(results, ...grid).ended).code).toBe(0);
    expect(timeless(results)).toBe(await local(...grid));
  });

  it('waits for a server that is gone, says so, and goes on', async () => {
    const grid = ['points.csv', ...SMALL, '--methods', 'set,static', '--seeds', '0-14'];
    const results = newFile();
    const own = worker();
    const coordinator = compare(results, ...grid);
    await coordinator.wrote(/training +3\//);
    await server.kill();
    await coordinator.wrote(/the server at redis:\S+ has closed the connection; waiting for it/);
    await own.wrote(/the server at redis:\S+ has closed the connection; waiting for it/);
    await pause(3000);
    await server.again();
    await coordinator.wrote(/is back after [\d.]+ s/);
    const { code } = await coordinator.ended;
    expect(code).toBe(0);
    expect(timeless(results)).toBe(await local(...grid));
  });

  it('fills the queue again where the server has forgotten everything', async () => {
    const grid = ['points.csv', ...SMALL, '--methods', 'set,static', '--seeds', '0-9'];
    const results = newFile();
    const coordinator = compare(results, ...grid);
    await coordinator.wrote(/kept in/);
    while ((await server.client.keys('ctre:queues')).length === 0) await pause(50);
    await server.client.flushall();
    // It is asked to look when the connection is back.
    await server.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    worker();
    expect((await coordinator.ended).code).toBe(0);
    expect(timeless(results)).toBe(await local(...grid));
  });

  it('leaves cells of data that are not there, or have another content, and trains the others', async () => {
    const results = newFile();
    const coordinator = compare(results, 'points.csv', 'second.csv', ...SMALL, '--methods', 'set');
    const own = worker('--data', 'other');
    await own.wrote(/cells on points\.csv are left to other workers: .* has another content here/);
    await own.wrote(
      /cells on second\.csv are left to other workers: "second\.csv" \(fingerprint \w+\) is in/,
    );
    // The missing one comes later.
    writeFileSync(folder.path('other/second.csv'), points(2));
    onTestFinished(() => rmSync(folder.path('other/second.csv')));
    const second = worker('--data', 'other');
    await second.wrote(/trained {2}second\.csv.*seed 2/);
    expect(second.written).not.toMatch(/trained {2}points\.csv/);
    worker();
    expect((await coordinator.ended).code).toBe(0);
    expect(timeless(results)).toBe(await local('points.csv', 'second.csv', ...SMALL, '--methods', 'set'));
  });

  it('leaves cells of another release to workers of that release', async () => {
    const other = folder.path('release');
    mkdirSync(join(other, 'dist'), { recursive: true });
    cpSync(join(root, 'dist/bundle'), join(other, 'dist/bundle'), { recursive: true });
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    writeFileSync(join(other, 'package.json'), JSON.stringify({ ...manifest, version: '0.0.9' }));
    symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'));
    const results = newFile();
    const coordinator = compare(results, 'points.csv', ...SMALL, '--methods', 'set', '--seeds', '0');
    const usual = ['--queue', server.url, '--data', 'data', '--jobs', '1'];
    const old = start(['worker', ...usual], { program: join(other, 'dist/bundle/cli.js') });
    await old.wrote(/left to other workers: they are of ctre \S+, and this is 0\.0\.9; start that release/);
    expect(old.written).not.toMatch(/trained/);
    worker();
    expect((await coordinator.ended).code).toBe(0);
  });

  it('trains a method of one’s own where a worker has the same file', async () => {
    const module = (times: number): string => `import { topology } from ${JSON.stringify(
      join(root, 'dist/bundle/ctre.js'),
    )};
const usual = topology.set();
export default { name: 'mine', create: () => ({ ...usual, name: 'mine' }) }; // ${times}
`;
    writeFileSync(folder.path('mine.mjs'), module(1));
    writeFileSync(folder.path('other.mjs'), module(2));
    const grid = ['points.csv', ...SMALL, '--seeds', '0-1', '--methods', 'mine,set'];
    const own = ['--method-module', 'mine.mjs'];
    const results = newFile();
    const coordinator = compare(results, ...grid, ...own);
    const wrong = worker('--method-module', 'other.mjs');
    await wrong.wrote(/its method mine is of a module that is not here; give the same file/);
    await wrong.wrote(/trained.*set, seed 1/);
    worker(...own);
    expect((await coordinator.ended).code).toBe(0);
    expect(timeless(results)).toBe(await local(...grid, ...own));
  });

  it('finds two machines that do not come to the same bits, and tells of it', async () => {
    const grid = ['points.csv', ...LONG, '--seeds', '5'];
    const one = newFile();
    const { code } = await new RunningProgram(['compare', ...grid, '--results', one], here).ended;
    expect(code).toBe(0);
    const coordinator = compare(newFile(), ...grid);
    const own = worker();
    await untilCheckpoint(server);
    const [key] = await server.client.keys('ctre:checkpoint:*');
    // Another machine was first, with another result.
    const record = JSON.parse(readFileSync(one, 'utf8').trim().split('\n')[1]);
    const name = key.slice('ctre:checkpoint:'.length);
    const result = { record: { ...record, testAccuracy: 0.123 }, digest: 'other', machine: 'elsewhere' };
    await server.client.set(`ctre:result:${name}`, JSON.stringify(result));
    await own.wrote(/a cell came out differently on elsewhere and on /);
    const end = await coordinator.ended;
    expect(end.code).toBe(2);
    expect(end.stderr).toMatch(
      /two machines do not come to the same bits: ctre-sim, seed 5 on elsewhere and on/,
    );
  });

  it('compares a second computation with the first, and counts it as waste', async () => {
    const grid = ['points.csv', ...LONG, '--seeds', '6'];
    const results = newFile();
    const coordinator = compare(results, ...grid);
    const first = worker();
    await untilCheckpoint(server);
    // It is away for so long that it counts as dead, and comes back.
    first.signal('SIGSTOP');
    const second = worker();
    await second.wrote(/goes on after epoch/);
    first.signal('SIGCONT');
    expect((await coordinator.ended).code).toBe(0);
    expect(timeless(results)).toBe(await local(...grid));
    await Promise.all([first.wrote(/trained {2}/), second.wrote(/trained {2}/)]);
    const wasted = await server.client.hvals('ctre:wasted');
    expect(wasted.reduce((sum, count) => sum + Number(count), 0)).toBeGreaterThan(0);
    expect(await server.client.exists('ctre:conflicts')).toBe(0);
  });

  it('takes a training that diverged as a result, and never tries it again', async () => {
    const grid = ['points.csv', ...SMALL, '--methods', 'set', '--seeds', '0', '--lr', '1e30'];
    const results = newFile();
    const own = worker();
    const { code } = await compare(results, ...grid).ended;
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(results, 'utf8').trim().split('\n')[1])).toHaveProperty('failed');
    await own.wrote(/trained.*diverged/);
    expect(own.written.match(/diverged/g)).toHaveLength(1);
  });

  it('gives a cell up whose workers die more often than was asked', async () => {
    const coordinator = compare(newFile(), 'points.csv', ...LONG, '--seeds', '7', '--retries', '1');
    for (let death = 0; death < 2; death++) {
      const own = worker();
      await own.wrote(/queue/);
      while ((await server.client.keys('ctre:cells-*:lock')).length === 0) await pause(20);
      own.signal('SIGKILL');
      await own.ended;
      // The next one comes when the cell counts as lost.
      while ((await server.client.keys('ctre:cells-*:lock')).length > 0) await pause(50);
    }
    worker();
    const { code, stderr } = await coordinator.ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/ctre-sim, seed 7: its worker was lost 2 times; a larger --retries tries on/);
  });

  it('waits where the server has no memory left, and says so', async () => {
    await server.client.config('SET', 'maxmemory', '1mb');
    onTestFinished(() => server.client.config('SET', 'maxmemory', '0').then(() => {}));
    const results = newFile();
    const coordinator = compare(results, 'points.csv', ...SMALL, '--methods', 'set', '--seeds', '0');
    await coordinator.wrote(/the server at \S+ refuses: OOM .*; trying on/);
    await server.client.config('SET', 'maxmemory', '0');
    worker();
    expect((await coordinator.ended).code).toBe(0);
  });

  it('loses nothing where the disk of the results is full', async () => {
    const grid = ['points.csv', ...SMALL, '--methods', 'set', '--seeds', '0-2'];
    const results = newFile();
    worker();
    const script = `ulimit -f 2; exec "$0" "$@"`;
    const full = spawnSync(
      'bash',
      [
        '-c',
        script,
        process.execPath,
        PROGRAM,
        'compare',
        ...grid,
        '--results',
        results,
        '--queue',
        server.url,
      ],
      { cwd: here, encoding: 'utf8' },
    );
    expect(full.status).toBe(2);
    expect(full.stderr).toMatch(/results-\d+\.jsonl" cannot be written/);
    expect((await compare(results, ...grid).ended).code).toBe(0);
    expect(timeless(results)).toBe(await local(...grid));
  });

  it('trains without checkpoints where their disk is full, and says so', async () => {
    writeFileSync(folder.path('file'), '');
    const results = newFile();
    const own = worker('--checkpoints', 'file');
    const grid = ['points.csv', ...LONG, '--seeds', '7'];
    const { code, stderr } = await compare(results, ...grid).ended;
    expect([code, stderr]).toEqual([0, '']);
    await own.wrote(/no checkpoints?/);
  });

  it('ends a worker that has had nothing to do for long', async () => {
    const { code, stdout } = await worker('--idle', '0.02').ended;
    expect([code, stdout.split('\n').at(-2)]).toEqual([0, 'trained 0, given back 0, lost 0']);
  });

  it('goes on with its file when it is stopped, and workers go on, too', async () => {
    const grid = ['points.csv', ...SMALL, '--methods', 'set', '--seeds', '0-5'];
    const results = newFile();
    const coordinator = compare(results, ...grid);
    await coordinator.wrote(/kept in/);
    while ((await server.client.keys('ctre:queues')).length === 0) await pause(50);
    coordinator.signal('SIGINT');
    const { code, stderr } = await coordinator.ended;
    expect([code, stderr]).toEqual([
      130,
      'ctre: stopped with 0 of 6 trainings done; workers go on, and the same command goes on from there\n',
    ]);
    await worker('--idle', '0.05').ended;
    const again = await compare(results, ...grid).ended;
    expect(again.code).toBe(0);
    expect(timeless(results)).toBe(await local(...grid));
  });
});

/** Waits until a worker has put a checkpoint on the server. */
async function untilCheckpoint(server: RedisServer): Promise<void> {
  while ((await server.client.keys('ctre:checkpoint:*')).length === 0) await pause(20);
}

describe.skipIf(!hasRedis())(`a server (skipped without one: ${NO_REDIS})`, () => {
  const run = (args: readonly string[], more = {}): Promise<{ code: number | null; stderr: string }> =>
    new RunningProgram(args, here, more).ended;
  const grid = ['compare', 'points.csv', ...SMALL, '--methods', 'set', '--seeds', '0', '--results', 'none'];

  it('with a password is used with it, and nothing tells the password', async () => {
    const server = await RedisServer.start(['--appendonly', 'yes', '--requirepass', 's3cret:w@rd']);
    onTestFinished(() => server.remove());
    const password = encodeURIComponent('s3cret:w@rd');
    const url = `redis://:${password}@127.0.0.1:${server.port}/0`;
    const results = newFile();
    const report = folder.path('report.html');
    const own = new RunningProgram(['worker', '--queue', url, '--data', 'data', '--jobs', '1'], here);
    const argv = ['compare', 'points.csv', ...SMALL, '--methods', 'set', '--report', report];
    const end = await new RunningProgram([...argv, '--queue', url, '--results', results], here).ended;
    own.signal('SIGTERM');
    const { stdout, stderr } = await own.ended;
    expect([end.code, end.stderr]).toEqual([0, '']);
    const all = [end.stdout, stdout, stderr, readFileSync(results, 'utf8'), readFileSync(report, 'utf8')];
    for (const text of all) {
      expect(text).not.toContain('s3cret');
      expect(text).not.toContain(password);
    }
    // From the environment, where lists of processes do not show it.
    const plain = `redis://127.0.0.1:${server.port}/0`;
    const environment = { CTRE_QUEUE_PASSWORD: 's3cret:w@rd' };
    const idle = ['worker', '--queue', plain, '--idle', '0'];
    expect(await run(idle, { environment })).toMatchObject({ code: 0 });
    const missing = await run(idle);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/^ctre: no queue at redis:\S+: NOAUTH/);
    const wrong = await run(['worker', '--queue', `redis://:wr0ng@127.0.0.1:${server.port}/0`]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/WRONGPASS/);
    expect(wrong.stderr).not.toContain('wr0ng');
  });

  it('with TLS is reached by rediss://', async () => {
    const make = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', folder.path('key.pem'), '-out', folder.path('cert.pem')],
    ]);
    expect(make.status).toBe(0);
    const { freePort } = await import('../support/redisServer.ts');
    const port = await freePort();
    const server = await RedisServer.start([
      ...['--port', '0', '--tls-port', String(port), '--appendonly', 'yes', '--tls-auth-clients', 'no'],
      ...['--tls-cert-file', folder.path('cert.pem'), '--tls-key-file', folder.path('key.pem')],
    ]);
    onTestFinished(() => server.remove());
    const idle = ['worker', '--queue', `rediss://localhost:${port}/0`, '--idle', '0'];
    const trusted = { environment: { NODE_EXTRA_CA_CERTS: folder.path('cert.pem') } };
    expect(await run(idle, trusted)).toMatchObject({ code: 0, stderr: '' });
    expect(await run(idle)).toMatchObject({ code: 2, stderr: expect.stringMatching(/certificate/) });
  });

  it('that throws keys away is refused', async () => {
    const server = await RedisServer.start([
      ...['--appendonly', 'yes', '--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'],
    ]);
    onTestFinished(() => server.remove());
    const { code, stderr } = await run([...grid, '--queue', server.url]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/throws cells away when its memory is full \(allkeys-lru\); expected noeviction/);
    await server.client.config('SET', 'maxmemory', '0');
    const idle = await run(['worker', '--queue', server.url, '--idle', '0']);
    expect(idle.code).toBe(0);
    expect(idle.stderr).toMatch(/would throw cells away if its memory had a limit/);
  });

  it('without an append-only file is warned of', async () => {
    const server = await RedisServer.start([]);
    onTestFinished(() => server.remove());
    const { code, stderr } = await run(['worker', '--queue', server.url, '--idle', '0']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^ctre: the server keeps no append-only file, so a restart of it forgets/);
  });
});

describe('an address', () => {
  it.each([
    ['nonsense', /--queue is no address of a server; expected one like redis:/],
    ['http://host', /--queue starts with http:/],
    ['postgres://me:pass@host/db', /names a PostgreSQL server/],
    ['redis://host/zero', /is no host, port and number of a database/],
    [
      'redis://127.0.0.1:1/0',
      /no queue at redis:\/\/127\.0\.0\.1:1\/0: nothing listens there \(ECONNREFUSED\)/,
    ],
    ['redis://:pass@no.such.host.invalid:1/0', /there is no such host|the host is not found/],
  ])('%s is refused with a sentence', async (url, sentence) => {
    const { code, stderr } = await new RunningProgram(['worker', '--queue', url], here).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('pass@');
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('is needed, and its options are for nothing else', async () => {
    const ended = (...args: string[]) => new RunningProgram(args, here).ended;
    expect((await ended('worker')).stderr).toMatch(/ctre worker needs a queue/);
    expect((await ended('worker', '--queu', 'x')).stderr).toMatch(/ctre worker has no option --queu/);
    expect((await ended('compare', '--retries', '2')).stderr).toMatch(/--retries is for workers/);
    expect((await ended('compare', '--queue', 'redis://h', '--jobs', '2')).stderr).toMatch(
      /exclude each other/,
    );
    expect((await ended('worker', '--queue', 'redis://h', '--data', 'gone')).stderr).toMatch(
      /"gone" of --data/,
    );
  });

  it('needs packages that are not installed with ctre, and says which', async () => {
    const bare = temporaryFolder();
    onTestFinished(bare.remove);
    mkdirSync(bare.path('dist'));
    cpSync(join(root, 'dist/bundle'), bare.path('dist/bundle'), { recursive: true });
    cpSync(join(root, 'package.json'), bare.path('package.json'));
    const program = bare.path('dist/bundle/cli.js');
    const { code, stderr } = await new RunningProgram(['worker', '--queue', 'redis://h'], here, { program })
      .ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/needs the packages bullmq and ioredis.*; run npm install bullmq ioredis where/);
  });
});
