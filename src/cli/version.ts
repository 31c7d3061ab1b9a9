import { fileURLToPath } from 'node:url';
import { readText } from './files.ts';

/** The package's version. Its package.json is two folders up, from the sources and from the bundle. */
export async function readVersion(): Promise<string> {
  const { version }: { version: string } = JSON.parse(
    await readText(fileURLToPath(new URL('../../package.json', import.meta.url))),
  );
  return version;
}
