import { show, tagOf } from '../base/errors.ts';
import { builtin, isCloudflareWorker } from '../base/host.ts';
import { listenForRefusals } from './refusals.ts';
import type { StartedWorker, WorkerSource } from './workerSource.ts';

/** A started thread, of Node or of a browser. */
export interface WorkerHandle {
  /** @param transfer buffers that are handed over without a copy. They are detached here. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Says whether the thread keeps a process from exiting. At first it does not. */
  hold(wanted: boolean): void;
  /**
   * Whether the thread certainly runs no code any more. It answers also while the event loop has no turn.
   * Browsers, Deno and Bun cannot tell, and answer false.
   */
  hasEnded(): boolean;
  terminate(): void;
}

/** What is heard of a thread. */
export interface WorkerEvents {
  message(data: unknown): void;
  /** It ended by itself, or could not start. */
  died(reason: string): void;
}

/**
 * How a thread is started on its file. Bundlers look for exactly these words:
 * `new Worker(new URL('…', import.meta.url), …)`.
 */
export interface WorkerFile {
  /** What the worker is called where an address is given; a file may serve several kinds. */
  readonly name: string;
  /** Where it is in Node. On a page it is a copy in some bundles, which is served the same way. */
  address(): URL;
  onPage(): Worker;
}

type NodeWorker = import('node:worker_threads').Worker;

/**
 * Called in a thread: listens to what is posted to it.
 * @param hearError is called for a message that cannot be read.
 * @returns a function that posts an answer.
 */
export function answerMessages(
  hear: (message: unknown) => void,
  hearError: () => void,
): (message: unknown, transfer: ArrayBuffer[]) => void {
  const port = builtin('node:worker_threads')?.parentPort;
  if (port) {
    port.on('message', hear);
    port.on('messageerror', hearError);
    return (message, transfer) => port.postMessage(message, transfer);
  }
  globalThis.addEventListener('message', ({ data }) => hear(data));
  globalThis.addEventListener('messageerror', hearError);
  return (message, transfer) => globalThis.postMessage(message, { transfer });
}

/** Why no worker can be started here; undefined where one can. */
function whyNoWorkers(): string | undefined {
  if (isCloudflareWorker()) return 'a Cloudflare Worker starts no others';
  if (builtin('node:worker_threads') === undefined && typeof Worker === 'undefined') {
    return 'there are no workers here';
  }
  return undefined;
}

/** Why there can be no threads here; undefined where there can. */
export function whyNoThreads(): string | undefined {
  const obstacle = whyNoWorkers();
  if (obstacle !== undefined) return obstacle;
  const { crossOriginIsolated } = globalThis;
  if (crossOriginIsolated === false) {
    return (
      'the page is not cross-origin isolated (serve it with Cross-Origin-Opener-Policy: same-origin and ' +
      'Cross-Origin-Embedder-Policy: require-corp)'
    );
  }
  if (typeof SharedArrayBuffer === 'undefined') {
    const where = crossOriginIsolated ? 'the page is cross-origin isolated, but its browser' : 'this engine';
    return `${where} has no SharedArrayBuffer, without which no memory is shared`;
  }
  return undefined;
}

/** How many threads this machine runs at a time. */
export function availableThreads(): number {
  return builtin('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/**
 * Starts a thread. It does not keep a process from exiting.
 * @param data what the thread gets as its first message.
 * @param source what to start it from instead of the file.
 * @throws Error when the browser or Node refuses it, or the source gives no worker.
 */
export function startWorker(
  file: WorkerFile,
  events: WorkerEvents,
  data?: object,
  source?: WorkerSource,
): WorkerHandle {
  const obstacle = typeof source === 'function' ? undefined : whyNoWorkers();
  if (obstacle !== undefined) throw new Error(obstacle);
  const handle = watchWorker(file, events, source);
  try {
    if (data !== undefined) handle.post(data);
  } catch (error) {
    handle.terminate();
    throw error;
  }
  return handle;
}

function watchWorker(file: WorkerFile, events: WorkerEvents, source: WorkerSource | undefined): WorkerHandle {
  const threads = builtin('node:worker_threads');
  if (typeof source === 'function') {
    const started = source();
    if (threads !== undefined && started instanceof threads.Worker) return watchNodeWorker(started, events);
    return watchWebWorker(checkWebWorker(started), events, undefined);
  }
  if (threads === undefined) {
    if (source === undefined) return watchWebWorker(file.onPage(), events, String(file.address()));
    const worker = new Worker(source, { type: 'module', name: file.name });
    return watchWebWorker(worker, events, String(source));
  }
  // Threads inherit the options of their process. With --input-type, which `node -e` is often given, Node 20
  // starts no file.
  const execArgv = globalThis.process.execArgv.some((option) => option.startsWith('--input-type'))
    ? []
    : undefined;
  const place = source === undefined ? file.address() : pathOrUrl(source);
  return watchNodeWorker(new threads.Worker(place, { execArgv }), events);
}

/** Node takes an address as a URL only, and a text as a path. */
function pathOrUrl(source: string | URL): string | URL {
  return typeof source === 'string' && /^(file|data):/.test(source) ? new URL(source) : source;
}

/** @throws TypeError for anything but a page's worker. */
function checkWebWorker(started: StartedWorker): Worker {
  if (tagOf(started) === 'Worker') return started as Worker;
  throw new TypeError(`worker() gave ${show(started)}; expected a Worker`);
}

const UNREADABLE = 'what it answered cannot be read';

function watchNodeWorker(worker: NodeWorker, events: WorkerEvents): WorkerHandle {
  let wanted = true;
  // Of the engines that have Node's modules only Node tells. Deno has no such function, and Bun's prints that it
  // does nothing.
  const canTell =
    globalThis.process.versions.bun === undefined &&
    typeof worker.performance?.eventLoopUtilization === 'function';
  // The idle time is −1 for a thread that has stopped (Node's src/node_worker.cc, LoopIdleTime). Node can
  // tell only if it was asked once before, while the thread ran.
  const isStopped = (): boolean => canTell && worker.performance.eventLoopUtilization().idle < 0;
  worker.on('message', events.message);
  worker.once('message', isStopped);
  worker.on('messageerror', (error) => events.died(`${UNREADABLE}: ${error.message}`));
  worker.on('error', (error) => events.died(error.message));
  worker.on('exit', (code) => {
    if (wanted) events.died(`it exited with code ${code}`);
  });
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    hold: (wanted) => (wanted ? worker.ref() : worker.unref()),
    hasEnded: isStopped,
    terminate() {
      wanted = false;
      void worker.terminate();
    },
  };
}

function watchWebWorker(worker: Worker, events: WorkerEvents, address: string | undefined): WorkerHandle {
  const refusals = listenForRefusals();
  let isEnded = false;
  worker.onmessage = (event) => events.message(event.data);
  worker.onmessageerror = () => events.died(UNREADABLE);
  worker.onerror = (event) => {
    if (event.message !== undefined) return events.died(event.message);
    // Few need it. The policy may refuse this file, too.
    void import('./whyNotLoaded.ts')
      .then(({ whyNotLoaded }) => whyNotLoaded(address, refusals))
      .catch(() => 'its file could not be loaded')
      .then((reason) => {
        if (!isEnded) events.died(reason);
      });
  };
  return {
    post: (message, transfer = []) => worker.postMessage(message, { transfer: [...transfer] }),
    hold() {},
    hasEnded: () => false,
    terminate() {
      isEnded = true;
      refusals.close();
      worker.terminate();
    },
  };
}
