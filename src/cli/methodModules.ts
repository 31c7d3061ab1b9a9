import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { CtreError, show } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import { createMethod, importMethod } from '../model/methodModule.ts';
import type { OwnMethod } from '../topology/method.ts';
import type { Topology } from '../topology/topology.ts';
import { readBytes } from './files.ts';

/** A topology method of one's own, from a file. */
export interface LoadedMethod {
  /** The file as it was typed. */
  readonly path: string;
  /** Tells one content of the file from another; what it imports does not count. */
  readonly hash: string;
  readonly method: OwnMethod;
}

/** Milliseconds that a module may take to load, and a method to be made. */
const PATIENCE = 10_000;

/**
 * Imports modules of topology methods. Their code runs then.
 * @throws CtreError for a file that cannot be read, `E_ARGUMENT` for one that cannot be loaded or exports no
 *   method, and for two methods of one name.
 */
export async function loadMethods(paths: readonly string[] = []): Promise<readonly LoadedMethod[]> {
  const loaded: LoadedMethod[] = [];
  for (const path of new Set(paths)) {
    const bytes = await readBytes(path);
    const method = await inTime(path, importMethod(pathToFileURL(resolve(path)).href, show(path)));
    const other = loaded.find(({ method: { name } }) => name === method.name);
    if (other !== undefined) {
      throw new CtreError(
        'E_ARGUMENT',
        `the methods of ${show(other.path)} and ${show(path)} are both called ${method.name}; rename one`,
      );
    }
    loaded.push({ path, hash: createHash('sha256').update(bytes).digest('hex').slice(0, 16), method });
  }
  return loaded;
}

/** @throws CtreError `E_ARGUMENT` as `createMethod`, and for a method whose `create` does not end. */
export function createLoaded(
  { path, method }: LoadedMethod,
  options: Readonly<Record<string, unknown>>,
): Topology {
  const create = (): Topology => createMethod(show(path), method, options);
  try {
    // Of the ways to call a function, the one that ends a call that does not end by itself.
    return runInNewContext('create()', { create }, { timeout: PATIENCE });
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw tooLong(`create of ${show(path)}`);
  }
}

/** The value of a promise. @throws CtreError `E_ARGUMENT` where it does not come. */
async function inTime<T>(path: string, value: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLong(`the top-level await of ${show(path)}`)), PATIENCE);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error is of the other context, whose Error is another one. */
function isTimeout(error: unknown): boolean {
  return isRecord(error) && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

function tooLong(what: string): CtreError {
  return new CtreError(
    'E_ARGUMENT',
    `${what} has not ended after ${PATIENCE / 1000} s; expected it to end at once`,
  );
}
