/** One file, or several that belong together (an IDX set, an `.npy` pair), by name. */
export type DataFiles =
  | Readonly<Record<string, Uint8Array>>
  | { readonly name: string; readonly bytes: Uint8Array };
