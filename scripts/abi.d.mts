export interface KernelTable {
  readonly table: string;
  readonly type: string;
  readonly constant: string;
  readonly comment: string;
}
export const TABLES: readonly KernelTable[];
export function describeKernels(folder: string): Promise<string>;
export function checkModule(
  description: string,
  wasm: Uint8Array<ArrayBuffer>,
  tables?: readonly KernelTable[],
): void;
