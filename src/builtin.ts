/** What is used of Node's modules. */
type Modules = {
  'node:fs/promises': typeof import('node:fs/promises');
  'node:os': typeof import('node:os');
  'node:worker_threads': typeof import('node:worker_threads');
};

/** Where there are any. */
type Builtins = { getBuiltinModule?<N extends keyof Modules>(name: N): Modules[N] | undefined } | undefined;

/** Node's own modules without an import, which browsers and their bundlers could not resolve. */
export function builtin<N extends keyof Modules>(name: N): Modules[N] | undefined {
  const builtins: Builtins = globalThis.process;
  return builtins?.getBuiltinModule?.(name);
}
