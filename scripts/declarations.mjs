// node scripts/declarations.mjs folder: has the declarations in a folder of compiled TypeScript name each
// other as the code does. The compiler turns the ending .ts of an import into .js, but not that of an import
// within a type, which it writes itself.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

/** Rewrites `import("./file.ts")` in every declaration file of the folder. */
export async function rewriteDeclarations(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  for (const entry of entries.filter(({ name }) => name.endsWith('.d.ts'))) {
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'utf8');
    const rewritten = text.replaceAll(/\bimport\("(\.[^"]+)\.ts"\)/g, 'import("$1.js")');
    if (rewritten !== text) await writeFile(path, rewritten);
  }
}

if (import.meta.url === pathToFileURL(argv[1]).href) await rewriteDeclarations(argv[2]);
