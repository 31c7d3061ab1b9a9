declare module 'hyparquet-compressors' {
  export const compressors: Readonly<Record<string, (bytes: Uint8Array, length: number) => Uint8Array>>;
}
