import { builtin } from '../builtin.ts';

/** A started thread, of Node or of a browser. */
export interface WorkerHandle {
  terminate(): void;
}

/** What becomes of a thread. */
export interface WorkerEvents {
  /** It is about to wait for work. */
  ready(): void;
  /** It ended by itself, or could not start; in words. */
  died(reason: string): void;
}

/** Why this place cannot have threads; undefined where it can. */
export function whyNoThreads(): string | undefined {
  if (typeof SharedArrayBuffer === 'undefined' || globalThis.crossOriginIsolated === false) {
    return 'the page is not cross-origin isolated (serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)';
  }
  if (builtin('node:worker_threads') === undefined && typeof Worker === 'undefined') {
    return 'there are no workers here';
  }
  return undefined;
}

/** Threads that this machine runs at a time. */
export function availableThreads(): number {
  return builtin('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** Starts src/workers/worker.mjs on its data. It does not keep a process from exiting. */
export function startWorker(data: object, events: WorkerEvents): WorkerHandle {
  const threads = builtin('node:worker_threads');
  return threads === undefined ? startWebWorker(data, events) : startNodeWorker(threads.Worker, data, events);
}

function startNodeWorker(
  NodeWorker: typeof import('node:worker_threads').Worker,
  workerData: object,
  events: WorkerEvents,
): WorkerHandle {
  const worker = new NodeWorker(new URL('./worker.mjs', import.meta.url), { workerData });
  let wanted = true;
  worker.on('message', events.ready);
  worker.on('error', (error) => events.died(error.message));
  worker.on('exit', (code) => {
    if (wanted) events.died(`it exited with code ${code}`);
  });
  worker.unref();
  return {
    terminate() {
      wanted = false;
      void worker.terminate();
    },
  };
}

function startWebWorker(data: object, events: WorkerEvents): WorkerHandle {
  let worker: Worker;
  try {
    worker = new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' });
  } catch (error) {
    // Browsers refuse a file of another site, which is what a page has that loads the package from one.
    queueMicrotask(() => events.died(error instanceof Error ? error.message : String(error)));
    return { terminate() {} };
  }
  worker.onmessage = events.ready;
  worker.onerror = (event) => events.died(event.message ?? 'its file could not be loaded');
  worker.postMessage(data);
  return { terminate: () => worker.terminate() };
}
