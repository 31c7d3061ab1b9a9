// What is used of Node without an import, which browsers and their bundlers could not resolve.

/** The modules of Node that are used. */
type Modules = {
  'node:fs/promises': typeof import('node:fs/promises');
  'node:os': typeof import('node:os');
  'node:v8': typeof import('node:v8');
  'node:worker_threads': typeof import('node:worker_threads');
};

/** Node's `process`, of which browsers have nothing. */
type Builtins = { getBuiltinModule?<N extends keyof Modules>(name: N): Modules[N] | undefined } | undefined;

/** One of Node's modules, undefined elsewhere. Browsers and bundlers could not resolve an import of it. */
export function builtin<N extends keyof Modules>(name: N): Modules[N] | undefined {
  const builtins: Builtins = globalThis.process;
  return builtins?.getBuiltinModule?.(name);
}

/** Whether this is a Cloudflare Worker: it has Node's modules, but starts no workers and compiles no WebAssembly. */
export function isCloudflareWorker(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers';
}
