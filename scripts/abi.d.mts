export function describeKernels(folder: string): Promise<string>;
export function checkModule(description: string, wasm: Uint8Array<ArrayBuffer>): void;
