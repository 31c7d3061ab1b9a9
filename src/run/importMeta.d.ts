interface ImportMeta {
  /** What Vite says of itself. */
  readonly env?: { readonly DEV?: boolean };
  /** webpack's version. With it, webpack leaves the other branch out, and with that a path of the machine. */
  readonly webpack?: number;
}
