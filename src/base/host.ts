// What is used of the host, Node or a browser, without an import: Node's modules, and types that both have.

/** The modules of Node that are used. */
type Modules = {
  'node:fs/promises': typeof import('node:fs/promises');
  'node:os': typeof import('node:os');
  'node:worker_threads': typeof import('node:worker_threads');
};

/** Node's `process`, of which browsers have nothing. */
type Builtins = { getBuiltinModule?<N extends keyof Modules>(name: N): Modules[N] | undefined } | undefined;

/** One of Node's modules, undefined elsewhere. Browsers and bundlers could not resolve an import of it. */
export function builtin<N extends keyof Modules>(name: N): Modules[N] | undefined {
  const builtins: Builtins = globalThis.process;
  return builtins?.getBuiltinModule?.(name);
}

// People compile the declarations with or without the DOM's library. Without one, TypeScript knows none of
// these names; then the types here are `never`.

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
