// The package as npm packs it, and other programs that tests run.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, also when it fails. */
export function run(command: string, args: readonly string[], cwd = root): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

export interface Packed {
  /** The tarball's name. */
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Packs dist/ as it is into a tarball in the folder. */
export async function pack(folder: string): Promise<Packed> {
  // Without scripts: `prepare` would build dist/ anew under the feet of other tests.
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  // A list of one in older npms, an object of one in newer.
  return Object.values<Packed>(JSON.parse(stdout))[0];
}
