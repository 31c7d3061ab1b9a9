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
// Types of what browsers and Node provide, for declarations that people compile with or without the DOM's library: TypeScript knows
// none of these names by itself. Where the compiler was given no such type, nothing is of it.

/** An `AbortSignal`. */
export type StopSignal = typeof globalThis extends { AbortSignal: { prototype: infer T } } ? T : never;

/** A `Response`, as `fetch` gives it. */
export type FetchResponse = typeof globalThis extends { Response: { prototype: infer T } } ? T : never;

/** A `URL`. */
export type UrlObject = typeof globalThis extends { URL: { prototype: infer T } } ? T : never;

/** A `WebAssembly.Module`. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer T } } }
  ? T
  : never;

/** A `WebAssembly.Memory`. */
export type WasmMemory = typeof globalThis extends { WebAssembly: { Memory: { prototype: infer T } } }
  ? T
  : never;
