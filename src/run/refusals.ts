// What a Content-Security-Policy refuses to workers. A browser tells it by an event only.

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
