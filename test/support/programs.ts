// Programs that run beside a test, and are killed at any moment.
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { PROGRAM } from '../unit/cli/harness.ts';

/** The end of a program. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly by: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class RunningProgram {
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  /** Starts the command line in a folder. */
  constructor(
    args: readonly string[],
    cwd: string,
    { program = PROGRAM, environment = {} }: { program?: string; environment?: Record<string, string> } = {},
  ) {
    this.#child = spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, by) =>
        resolve({ code, by, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  /** Everything it has written. */
  get written(): string {
    return this.#stdout + this.#stderr;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until it has written something. */
  async wrote(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.written)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        await this.ended;
        if (pattern.test(this.written)) return;
        throw new Error(`it ended without ${pattern}: ${this.written}`);
      }
      await pause(20);
    }
  }
}
