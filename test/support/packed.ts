// The package as npm packs it, and other programs that tests run.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, also when it fails. A program that was ended by `timeout` has the code −1. */
export function run(
  command: string,
  args: readonly string[],
  cwd = root,
  options: { readonly env?: NodeJS.ProcessEnv; readonly timeout?: number } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) => {
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

/**
 * Puts the tarball into the folder's node_modules, with the dependencies and tools that this repository has:
 * no registry is asked.
 * @param tools names of packages.
 */
export async function installPacked(folder: string, tools: readonly string[] = []): Promise<void> {
  const { filename } = await pack(folder);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'ctre'), { recursive: true });
  const args = ['-xzf', filename, '--strip-components=1', '-C', join(modules, 'ctre')];
  const { code, stderr } = await run('tar', args, folder);
  if (code !== 0) throw new Error(`${filename} cannot be unpacked: ${stderr}`);
  const { dependencies } = JSON.parse(readFileSync(join(modules, 'ctre/package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), ...tools]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir');
  }
}
