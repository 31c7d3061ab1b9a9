// A browser does not say why a worker's file could not be loaded. What a page can find out is here.

import type { Refusals } from './refusals.ts';

/** Milliseconds in which a server has to answer. */
const ANSWER_WITHIN = 5000;

/**
 * The reason, as the end of a sentence about a worker. The file is asked for once more.
 * @param address where it is; undefined where that is not known.
 */
export async function whyNotLoaded(address: string | undefined, refusals: Refusals): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN);
  const answer = address === undefined ? undefined : await fetch(address, { signal }).catch(() => undefined);
  // Its head says enough.
  void answer?.body?.cancel().catch(() => {});
  if (refusals.directive !== undefined) {
    return `the Content-Security-Policy refuses its file (${refusals.directive} has to allow it)`;
  }
  if (answer === undefined) return 'its file could not be loaded';
  if (!answer.ok) return `its file ${address} answered ${answer.status}`;
  const type = answer.headers.get('content-type') ?? 'nothing';
  if (!/javascript|ecmascript/.test(type)) return `its file ${address} came as ${type}, not as JavaScript`;
  if (globalThis.crossOriginIsolated && !answer.headers.has('cross-origin-embedder-policy')) {
    return (
      `its file ${address} came without Cross-Origin-Embedder-Policy: require-corp, which an isolated page ` +
      'demands of its workers'
    );
  }
  return 'its file, or what that imports, could not be loaded';
}
