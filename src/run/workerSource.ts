import { CtreError, show, tagOf } from '../base/errors.ts';
import { builtin } from '../base/host.ts';
import type { UrlObject } from '../base/hostTypes.ts';

/** A worker that a caller has started: a page's `Worker`, or one of `node:worker_threads`. */
export interface StartedWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

/**
 * Where the file for workers is, an own copy of `ctre/worker`; or a function that starts a worker on it. For
 * pages and bundlers that do not find the package's own files.
 */
export type WorkerSource = string | UrlObject | (() => StartedWorker);

/**
 * The address of a worker's file where Vite's development server has moved it: into a bundle of dependencies,
 * where the addresses of files beside it lead nowhere, but imports do not.
 * @param find imports the file that knows. It is called on a page in development only.
 */
export async function addressOf(
  find: () => Promise<{ readonly address: string | undefined }>,
): Promise<string | undefined> {
  const { address } = await find();
  // The server adds the version of its bundle. A build for development has none: addresses lead right there.
  return address !== undefined && /^http.*[?&]v=/.test(address) ? address : undefined;
}

/** @throws CtreError `E_ARGUMENT` for anything but a source of workers. */
export function checkWorkerSource(value: unknown): WorkerSource | undefined {
  if (value === undefined || typeof value === 'string' || typeof value === 'function') {
    return value as WorkerSource | undefined;
  }
  if (tagOf(value) === 'URL') return value as UrlObject;
  throw new CtreError(
    'E_ARGUMENT',
    `worker is ${show(value)}; expected the address of ctre/worker, or a function that starts a worker on it`,
  );
}

/** Workers on the file that this worker runs. */
export function ownFile(): WorkerSource {
  const node = builtin('node:worker_threads');
  // A thread's file is its first argument.
  if (node !== undefined) return globalThis.process.argv[1];
  const { href } = globalThis.location;
  const type = isModule() ? 'module' : 'classic';
  return () => new Worker(href, { type });
}

/** Whether this worker is an ECMAScript module: there the function throws. */
function isModule(): boolean {
  try {
    Reflect.apply(Reflect.get(globalThis, 'importScripts'), globalThis, []);
    return false;
  } catch {
    return true;
  }
}
