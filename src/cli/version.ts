import { fileURLToPath } from 'node:url';
import { readText } from './files.ts';

/** The package's version: compiled or not, its own description is two folders up. */
export async function readVersion(): Promise<string> {
  const { version }: { version: string } = JSON.parse(
    await readText(fileURLToPath(new URL('../../package.json', import.meta.url))),
  );
  return version;
}
