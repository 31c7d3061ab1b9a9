/** Where a command writes. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command has of the world besides its arguments and files. */
export interface Io {
  /** Results; with --json nothing but JSON. */
  readonly stdout: Output;
  /** Mistakes. */
  readonly stderr: Output;
  /** The file that child processes run, one for each training of a comparison. */
  readonly cellProgram: string;
  /** Runs a task whose signal the user's Ctrl-C aborts. */
  interruptible<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** As `interruptible`, where SIGTERM aborts the signal, too. */
  terminable<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Writes a line of --json. */
export function printJson(stdout: Output, event: string, record: object): void {
  stdout.write(jsonLine(event, record));
}

/** A line of --json. */
export function jsonLine(event: string, record: object): string {
  return `${JSON.stringify({ event, ...record })}\n`;
}
