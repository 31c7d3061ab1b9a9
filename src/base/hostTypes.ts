// Types of what Node and browsers both have, for the public declarations. People compile those with or
// without the DOM's library. Without it TypeScript knows none of these names; then the types are `never`.

/** An `AbortSignal`. */
export type StopSignal = typeof globalThis extends { AbortSignal: { prototype: infer T } } ? T : never;

/** A `Response`, as `fetch` gives it. */
export type FetchResponse = typeof globalThis extends { Response: { prototype: infer T } } ? T : never;

/** A `Blob`, such as a `File`. */
export type BlobObject = typeof globalThis extends { Blob: { prototype: infer T } } ? T : never;

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
