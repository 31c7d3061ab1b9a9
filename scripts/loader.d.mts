export function takeLoader(folder: string, wasm: Uint8Array<ArrayBuffer>): Promise<void>;
