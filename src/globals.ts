// Types of what browsers and Node provide, for declarations that people compile with or without the DOM's library: TypeScript
// knows none of these names by itself. Where the compiler was given no such type, nothing is of it.

type Prototype<Holder, Name extends string> = Holder extends { readonly [N in Name]: { prototype: infer T } }
  ? T
  : never;
type Namespace<Name extends string> = typeof globalThis extends { readonly [N in Name]: infer T } ? T : never;

/** An `AbortSignal`. */
export type StopSignal = Prototype<typeof globalThis, 'AbortSignal'>;

/** A `Response`, as `fetch` gives it. */
export type FetchResponse = Prototype<typeof globalThis, 'Response'>;

/** A `URL`. */
export type UrlObject = Prototype<typeof globalThis, 'URL'>;

/** A `WebAssembly.Module`. */
export type WasmModule = Prototype<Namespace<'WebAssembly'>, 'Module'>;

/** A `WebAssembly.Memory`. */
export type WasmMemory = Prototype<Namespace<'WebAssembly'>, 'Memory'>;
