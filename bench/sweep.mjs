// node bench/sweep.mjs chaos|cost|madelon [options]: sweeps on a server of its own, of Debian's redis-server,
// in a temporary folder. It needs `npm run build`.
//
//   chaos    a large grid of tiny cells, while workers, the coordinator and the server are killed; what comes
//            out is compared with the same cells trained here, one after another
//   cost     what the queue takes a cell, with trainings that do nothing
//   madelon  real cells, with one worker and with two, beside one local job and two (CTRE_DATA_DIR)
//
// --cells n       chaos and cost: cells of the grid (10000, 1000)
// --epochs n      madelon: epochs (20)
// --kill-every s  chaos: mean seconds between two deaths of workers (4)
// --coordinator n, --server n   chaos: how often these are killed (10, 3)
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const PROGRAM = join(root, 'dist/bundle/cli.js');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cells: { type: 'string' },
    epochs: { type: 'string', default: '20' },
    'kill-every': { type: 'string', default: '4' },
    coordinator: { type: 'string', default: '10' },
    server: { type: 'string', default: '3' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'ctre-sweep-'));
const started = new Set();
const say = (text) =>
  console.log(`${((performance.now() - begin) / 1000).toFixed(0).padStart(5)} s  ${text}`);
const begin = performance.now();

process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  let complaint = '';
  child.stderr?.on('data', (chunk) => {
    complaint = (complaint + chunk).slice(-4000);
  });
  started.add(child);
  child.ended = new Promise((resolve) => {
    child.once('close', (code, by) => {
      started.delete(child);
      resolve({ code, by, complaint });
    });
  });
  return child;
}

const ctre = (args, options = {}) => start(process.execPath, [PROGRAM, ...args], { cwd: folder, ...options });

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server that can be killed, and started again with what its append-only file has. */
async function startServer() {
  const port = await freePort();
  const run = () =>
    start('redis-server', [
      ...['--port', String(port), '--bind', '127.0.0.1', '127.0.0.2', '--dir', folder, '--save', ''],
      ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--loglevel', 'warning'],
    ]);
  const server = { port, child: run() };
  await pause(500);
  server.kill = async (seconds) => {
    server.child.kill('SIGKILL');
    await server.child.ended;
    await pause(1000 * seconds);
    server.child = run();
  };
  return server;
}

/** Points of two classes that no line divides. */
function writePoints() {
  let state = 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  };
  const rows = Array.from({ length: 120 }, () => {
    const point = Array.from({ length: 4 }, random);
    return [...point.map((value) => value.toFixed(4)), point[0] * point[1] > 0 ? 1 : 0].join(',');
  });
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/points.csv'), `a,b,c,d,label\n${rows.join('\n')}\n`);
}

const METHODS = 'set,static,rigl,gse,mest,detachment,ctre-seq,ctre-sim,cte,momentum';

/** The arguments of a grid of about so many tiny cells. */
function tinyGrid(cells) {
  const seeds = Math.max(1, Math.round(cells / 100));
  const epsilons = Array.from({ length: 10 }, (_, at) => 1 + at / 5).join();
  return [
    ...['data/points.csv', '--hidden', '8,6', '--batch-size', '16', '--epochs', '4'],
    ...['--methods', METHODS, '--epsilons', epsilons, '--seeds', `0-${seeds - 1}`],
  ];
}

const timeless = (text) =>
  text.replaceAll(/"(seconds|trainSeconds|startSeconds|evolveSeconds)":[\d.e-]+/g, '"$1":0');

/** The lines of a file of results, as long as the last one is whole. */
function cellsIn(path) {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 2;
  } catch {
    return 0;
  }
}

/** The same cells, trained in this process, one after another, in the order of the grid. */
async function reference(argv, head) {
  const { parseArguments } = await import('../dist/cli/args.js');
  const { compareSyntax } = await import('../dist/cli/compareSyntax.js');
  const { readGrid } = await import('../dist/cli/compareGrid.js');
  const { runCell } = await import('../dist/cli/cellTask.js');
  process.chdir(folder);
  const { tasks } = await readGrid(parseArguments(compareSyntax, argv));
  const path = join(folder, 'local.jsonl');
  writeFileSync(path, `${head}\n`);
  for (const task of tasks) appendFileSync(path, `${JSON.stringify(await runCell(task, () => {}))}\n`);
  return { path, epochs: tasks.length * 4 };
}

async function chaos() {
  const cells = Number(values.cells ?? 10_000);
  const killEvery = 1000 * Number(values['kill-every']);
  const [coordinatorDeaths, serverDeaths] = [Number(values.coordinator), Number(values.server)];
  writePoints();
  const server = await startServer();
  const grid = tinyGrid(cells);
  const path = join(folder, 'sweep.jsonl');
  const counts = { worker: 0, coordinator: 0, server: 0 };
  let done = false;
  // Workers on two addresses, each started again when it dies.
  const workers = [1, 2, 1, 2].map((address) => {
    const slot = { child: undefined };
    slot.life = (async () => {
      while (!done) {
        const url = `redis://127.0.0.${address}:${server.port}/0`;
        slot.child = ctre(['worker', '--queue', url, '--data', 'data', '--jobs', '1', '--lost-after', '3']);
        const { code, complaint } = await slot.child.ended;
        if (!done && code !== null) {
          say(`a worker ended with ${code}: ${complaint.trim().split('\n').at(-1)}`);
          await pause(1000);
        }
      }
    })();
    return slot;
  });
  const killers = (async () => {
    while (!done) {
      await pause(killEvery * 2 * Math.random());
      if (done) return;
      workers[Math.floor(4 * Math.random())].child?.kill('SIGKILL');
      counts.worker++;
    }
  })();
  const total = Number(/"cells":(\d+)/.exec(await firstLine(grid))?.[1]);
  let last = 0;
  for (;;) {
    const child = ctre(
      ['compare', ...grid, '--results', path, '--queue', `redis://127.0.0.1:${server.port}/0`, '--json'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let final = '';
    child.stdout.on('data', (chunk) => {
      final = (final + chunk).slice(-(2 ** 26));
    });
    const watch = (async () => {
      while (child.exitCode === null && child.signalCode === null) {
        await pause(300);
        const finished = cellsIn(path);
        if (finished - last >= total / 20) {
          last = finished;
          say(`${finished} of ${total} cells; killed so far: ${JSON.stringify(counts)}`);
        }
        if (counts.server < serverDeaths && finished > (total * (counts.server + 0.7)) / (serverDeaths + 1)) {
          counts.server++;
          await server.kill(1 + 3 * Math.random());
        }
        if (
          counts.coordinator < coordinatorDeaths &&
          finished > (total * (counts.coordinator + 0.5)) / (coordinatorDeaths + 1)
        ) {
          counts.coordinator++;
          child.kill('SIGKILL');
        }
      }
    })();
    const { code, by, complaint } = await child.ended;
    await watch;
    if (by !== null) continue;
    if (code !== 0) say(`the coordinator ended with ${code}: ${complaint}`);
    const { wastedEpochs, conflicts } = JSON.parse(final.trimEnd().split('\n').at(-1));
    say(
      `done; killed: ${JSON.stringify(counts)}; wasted epochs ${wastedEpochs}, conflicts ${conflicts.length}`,
    );
    done = true;
    for (const { child: worker } of workers) worker?.kill('SIGTERM');
    await Promise.all([...workers.map(({ life }) => life), killers]);
    const text = readFileSync(path, 'utf8');
    say('training the same cells here');
    const local = await reference(grid, text.slice(0, text.indexOf('\n')));
    const isSame = timeless(text) === timeless(readFileSync(local.path, 'utf8'));
    say(
      `${total} cells, ${local.epochs} epochs; the file is ${isSame ? 'the same' : 'ANOTHER'} but for seconds`,
    );
    say(`epochs computed twice: ${((100 * wastedEpochs) / local.epochs).toFixed(2)} %`);
    server.child.kill();
    process.exitCode = isSame && code === 0 ? 0 : 1;
    return;
  }
}

/** What a comparison says first; it trains nothing. */
async function firstLine(grid) {
  const child = ctre(['compare', ...grid, '--results', 'nothing.jsonl', '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const line = await new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))));
  child.kill('SIGKILL');
  return line;
}

/** A child program that trains nothing, and answers with a record of the right shape. */
function writeIdleProgram(record) {
  const path = join(folder, 'idle.mjs');
  writeFileSync(
    path,
    `const record = ${JSON.stringify(record)};
process.once('disconnect', () => process.exit());
process.on('message', ({ order, task, args }) => {
  if (order === 'fingerprint') process.send({ kind: 'fingerprint', data: process.argv[2] ?? record.data });
  if (order !== 'train') return;
  process.send({ kind: 'start', epochs: 0 });
  process.send({ kind: 'record', record: { ...record, ...task.cell } });
});
`,
  );
  return path;
}

async function cost() {
  const cells = Number(values.cells ?? 1000);
  writePoints();
  const server = await startServer();
  const url = `redis://127.0.0.1:${server.port}/0`;
  const one = ['data/points.csv', '--hidden', '8,6', '--epochs', '4', '--methods', 'set', '--seeds', '0'];
  await ctre(['compare', ...one, '--results', 'one.jsonl']).ended;
  const record = JSON.parse(readFileSync(join(folder, 'one.jsonl'), 'utf8').split('\n')[1]);
  const idle = writeIdleProgram(record);
  // The program with another child: its entry gets the child's path from its surroundings.
  const { run } = await import('../dist/cli/program.js');
  const controller = new AbortController();
  const abortable = (task) => task(controller.signal);
  const sink = { write: () => true };
  const io = { stdout: sink, stderr: process.stderr, cellProgram: idle };
  Object.assign(io, { interruptible: abortable, terminable: abortable });
  process.chdir(folder);
  const worker = run(['worker', '--queue', url, '--data', 'data', '--jobs', '1'], io);
  const grid = tinyGrid(cells);
  const first = performance.now();
  const code = await run(['compare', ...grid, '--results', 'cost.jsonl', '--queue', url], io);
  const seconds = (performance.now() - first) / 1000;
  controller.abort();
  await worker;
  const count = cellsIn('cost.jsonl');
  const each = (1000 * seconds) / count;
  say(`exit ${code}; ${count} cells in ${seconds.toFixed(1)} s: ${each.toFixed(1)} ms a cell`);
  server.child.kill();
}

async function madelon() {
  const data = process.env.CTRE_DATA_DIR;
  if (data === undefined) throw new Error('CTRE_DATA_DIR is not set');
  const server = await startServer();
  const grid = [
    join(data, 'madelon.mat'),
    ...['--test-rows', '2000-2599', '--scale', 'standard', '--epochs', values.epochs],
    ...['--methods', 'set,ctre-sim,cte,rigl', '--seeds', '0-9'],
  ];
  const seconds = {};
  const files = {};
  for (const jobs of [1, 2]) {
    const path = `local-${jobs}.jsonl`;
    const first = performance.now();
    const { code, complaint } = await ctre(['compare', ...grid, '--results', path, '--jobs', String(jobs)])
      .ended;
    if (code !== 0) throw new Error(complaint);
    seconds[`local, ${jobs} at a time`] = (performance.now() - first) / 1000;
    files[path] = timeless(readFileSync(join(folder, path), 'utf8'));
    say(`local, ${jobs} at a time: ${seconds[`local, ${jobs} at a time`].toFixed(1)} s`);
  }
  for (const count of [1, 2]) {
    const url = `redis://127.0.0.1:${server.port}/${count}`;
    const path = `queue-${count}.jsonl`;
    const workers = Array.from({ length: count }, () =>
      ctre(['worker', '--queue', url, '--data', data, '--jobs', '1']),
    );
    const first = performance.now();
    const { code, complaint } = await ctre(['compare', ...grid, '--results', path, '--queue', url]).ended;
    if (code !== 0) throw new Error(complaint);
    seconds[`queue, ${count} workers`] = (performance.now() - first) / 1000;
    files[path] = timeless(readFileSync(join(folder, path), 'utf8'));
    say(`queue, ${count} workers: ${seconds[`queue, ${count} workers`].toFixed(1)} s`);
    for (const worker of workers) worker.kill('SIGTERM');
    await Promise.all(workers.map(({ ended }) => ended));
  }
  const texts = Object.values(files);
  say(`files ${texts.every((text) => text === texts[0]) ? 'all the same' : 'DIFFERENT'} but for seconds`);
  const ratio = (one, two) => (seconds[one] / seconds[two]).toFixed(2);
  say(
    `speed-up of two: local ${ratio('local, 1 at a time', 'local, 2 at a time')}, queue ` +
      `${ratio('queue, 1 workers', 'queue, 2 workers')}`,
  );
  server.child.kill();
}

const modes = { chaos, cost, madelon };
const mode = modes[positionals[0]];
if (mode === undefined) {
  console.error(`expected one of ${Object.keys(modes).join(', ')}`);
  process.exit(2);
}
await mode();
process.exit();
