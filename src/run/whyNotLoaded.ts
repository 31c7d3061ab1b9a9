// A browser does not say why a worker's file could not be loaded. What a page can find out is here.

/** What a Content-Security-Policy refuses, from now on. */
export interface Refusals {
  /** The directive that refused a script or a worker last. */
  readonly directive: string | undefined;
  close(): void;
}

/** Directives that workers are subject to, each the next one's stand-in. */
const OF_WORKERS = /^(worker|child|script|default)-src/;

/** Listens to what the policy of this page, or of this worker, refuses. */
export function listenForRefusals(): Refusals {
  const target: Partial<EventTarget> = globalThis.document ?? globalThis;
  let directive: string | undefined;
  const hear = (event: Event): void => {
    const refused = String(Reflect.get(event, 'effectiveDirective'));
    if (OF_WORKERS.test(refused)) directive = refused;
  };
  target.addEventListener?.('securitypolicyviolation', hear);
  return {
    get directive() {
      return directive;
    },
    close: () => target.removeEventListener?.('securitypolicyviolation', hear),
  };
}

/**
 * The reason, as the end of a sentence about a worker. The file is asked for once more.
 * @param address where it is; undefined where that is not known.
 */
export async function whyNotLoaded(address: string | undefined, refusals: Refusals): Promise<string> {
  const answer = address === undefined ? undefined : await fetch(address).catch(() => undefined);
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
  return 'its file could not be loaded';
}
