// Removes a folder of the repository: node scripts/clean.mjs dist
import { rm } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [folder] = process.argv.slice(2);
const path = folder === undefined ? root : resolve(root, folder);
const inside = relative(root, path);
if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) {
  console.error(`clean: ${folder ?? 'nothing'} is no folder inside the repository; name one, such as dist`);
  process.exit(1);
}
await rm(path, { recursive: true, force: true });
