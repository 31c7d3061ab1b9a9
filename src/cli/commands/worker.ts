import { stat } from 'node:fs/promises';
import { cpus, hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { CtreError, show } from '../../base/errors.ts';
import { parseArguments, type Syntax } from '../args.ts';
import { cellLabel, cellOutcome } from '../cellLabel.ts';
import { cellLine } from '../compareText.ts';
import { namedLines } from '../format.ts';
import { type Io, printJson } from '../io.ts';
import { trainingsAtATime } from '../jobs.ts';
import { loadMethods } from '../methodModules.ts';
import { flag, integer, list, number, orWord, text } from '../options.ts';
import { queueAddress } from '../queue/address.ts';
import { Board } from '../queue/board.ts';
import { DataFolders } from '../queue/dataFolders.ts';
import { loadQueuePackages } from '../queue/packages.ts';
import { QueueServer } from '../queue/server.ts';
import { Slot, type SlotEvents, type Station } from '../queue/slot.ts';
import { SweepStore } from '../queue/sweepStore.ts';
import { readVersion } from '../version.ts';

/** What `ctre worker` takes. */
export const workerSyntax = {
  command: 'worker',
  summary: 'train what ctre compare --queue hands out, until it is told to stop',
  positionals: [],
  options: {
    Queue: {
      queue: queueAddress(
        'the Redis server of the queue: redis://host:6379/0, or rediss:// for TLS;\n' +
          'the variable CTRE_QUEUE_PASSWORD may have the password',
      ),
      'lost-after': number(
        's',
        { least: 2, most: 3600 },
        'seconds after which a silent worker is taken for dead, and another\n' +
          'one goes on with its training (30)',
      ),
    },
    Work: {
      data: list(text('folder,…', 'where datasets are looked for, by their content, 4 folders deep (.)')),
      'method-module': list(text('file.mjs', 'a method of your own, for trainings that have the same file')),
      checkpoints: text(
        'folder',
        'for checkpoints, where all workers reach it; without it the server has\n' + 'those of up to 16 MiB',
      ),
    },
    Running: {
      jobs: orWord(
        'auto',
        integer('n', { least: 1, most: 256 }, 'trainings at a time, each in its own process, or auto (auto)'),
      ),
      threads: orWord(
        'auto',
        integer('n', { least: 1, most: 64 }, 'threads of each training, or auto; the result is the same (1)'),
      ),
      idle: number(
        'min',
        { least: 0, most: 100_000 },
        'end after so many minutes without a training (never)',
      ),
    },
    Output: {
      json: flag('one JSON object a line: the start, every training, the end'),
    },
  },
  exclusive: [],
} as const satisfies Syntax;

/** `ctre worker --queue url` */
export async function runWorker(argv: readonly string[], io: Io): Promise<void> {
  const { options } = parseArguments(workerSyntax, argv);
  const { queue, threads = 1, lostAfter = 30, idle, checkpoints: folder, json: isJson = false } = options;
  if (queue === undefined) {
    throw new CtreError('E_ARGUMENT', 'ctre worker needs a queue: --queue redis://host:6379/0');
  }
  const folders = options.data ?? ['.'];
  for (const path of folders) await checkFolder(path);
  const modules = await loadMethods(options.methodModule);
  const version = await readVersion();
  const jobs = trainingsAtATime(options.jobs ?? 'auto', threads);
  const warn = (sentence: string): void => void io.stderr.write(`ctre: ${sentence}\n`);
  const server = await QueueServer.open(queue, await loadQueuePackages(), warn);
  for (const warning of server.warnings) warn(warning);
  const store = new SweepStore(server);
  const board = new Board(server, store, version, new DataFolders(folders, modules), warn);
  const station: Station = {
    ...{ server, store, board, version, threads, folder, lostAfter },
    program: io.cellProgram,
    machine: `${hostname()} (${cpus()[0]?.model ?? 'unknown processor'}, node ${process.version})`,
  };
  const started = { queue: queue.shown, jobs, threads, data: folders };
  if (isJson) printJson(io.stdout, 'start', started);
  else {
    io.stdout.write(
      namedLines([
        ['queue', queue.shown],
        ['at a time', `${jobs}, each with ${threads === 1 ? '1 thread' : `${threads} threads`}`],
        ['data', folders.join(', ')],
        ['checkpoints', folder ?? 'on the server'],
      ]),
    );
  }
  const counts = { trained: 0, back: 0, lost: 0 };
  const events: SlotEvents = {
    onTaken(task, epochs) {
      if (!isJson && epochs > 0) io.stdout.write(`goes on after epoch ${epochs}  ${cellLabel(task.cell)}\n`);
    },
    onDone(task, record) {
      counts.trained++;
      if (isJson) printJson(io.stdout, 'cell', cellLine(record));
      else io.stdout.write(`trained  ${cellLabel(task.cell)}: ${cellOutcome(record)}\n`);
    },
    onBack(task, reason) {
      counts.back++;
      if (isJson) printJson(io.stdout, 'back', { ...task.cell, reason });
      else io.stdout.write(`given back  ${cellLabel(task.cell)}: ${reason}\n`);
    },
    onLost(task, reason) {
      counts.lost++;
      warn(`${cellLabel(task.cell)} did not come to its end: ${reason}`);
    },
    warn,
  };
  const slots = Array.from({ length: jobs }, () => new Slot(station, events));
  try {
    await io.terminable(async (signal) => {
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      if (idle !== undefined) void endWhenIdle(slots, idle, server, stop);
      const ends = await Promise.race([
        Promise.allSettled(slots.map((slot) => failing(slot.run(either), stop))),
        afterPatience(either),
      ]);
      for (const end of ends ?? []) if (end.status === 'rejected') throw end.reason;
    });
  } finally {
    for (const slot of slots) slot.end();
    await Promise.race([board.close(), pause(500)]);
    server.close();
  }
  if (isJson) printJson(io.stdout, 'end', counts);
  else io.stdout.write(`trained ${counts.trained}, given back ${counts.back}, lost ${counts.lost}\n`);
}

/** Milliseconds from the signal to the end, whatever hangs. */
const ENDING_TIME = 9500;

async function afterPatience(signal: AbortSignal): Promise<undefined> {
  await pause(2 ** 31 - 1, undefined, { signal }).catch(() => {});
  await pause(ENDING_TIME);
}

/** The first slot that fails ends the others. */
async function failing(work: Promise<void>, stop: AbortController): Promise<void> {
  try {
    await work;
  } catch (error) {
    stop.abort();
    throw error;
  }
}

async function endWhenIdle(
  slots: readonly Slot[],
  minutes: number,
  server: QueueServer,
  stop: AbortController,
): Promise<void> {
  let begin = performance.now();
  while (!stop.signal.aborted) {
    await pause(500);
    // Without a server nobody has anything to do.
    if (server.isGone) begin = performance.now();
    const last = Math.max(begin, ...slots.map(({ lastBusy }) => lastBusy));
    const isIdle = slots.every(({ isBusy }) => !isBusy) && !server.isGone;
    if (isIdle && performance.now() - last > 60_000 * minutes) stop.abort();
  }
}

async function checkFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  const what = found === undefined ? 'is not there' : 'is no folder';
  throw new CtreError('E_ARGUMENT', `${show(path)} of --data ${what}; expected folders with datasets`);
}
