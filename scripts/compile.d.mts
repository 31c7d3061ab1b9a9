export function compileKernels(
  target: 'release' | 'debug',
  options?: readonly string[],
  io?: {
    readonly readFile?: (name: string, folder: string) => string | null | Promise<string | null>;
    readonly writeFile?: (
      name: string,
      contents: Uint8Array | string,
      folder: string,
    ) => void | Promise<void>;
  },
): Promise<void>;
export function compileTable(table: string, outFile: string): Promise<void>;
export function evaluateConstants(path: string, text: string): Promise<Record<string, number>>;
