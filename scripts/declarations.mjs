// node scripts/declarations.mjs folder: has compiled TypeScript in a folder name its imports as the code
// does. The compiler turns the ending .ts of an import into .js, but not that of an import within a type,
// which it writes itself. And it puts a function around an address that comes when the code runs, which looks
// for such an ending. And declarations are made such that older TypeScript reads them. No address here is a path with one, and a minifier writes the inside of that function
// as two arguments.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';

/**
 * Rewrites `import("./file.ts")` in every declaration file of the folder, and `import(…(url))` in all code.
 */
export async function rewriteDeclarations(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  for (const entry of entries.filter(({ name }) => /\.(d\.ts|js)$/.test(name))) {
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'utf8');
    const rewritten = path.endsWith('.js') ? plainImports(text) : olderArrays(endingsOfCode(text));
    if (rewritten !== text) await writeFile(path, rewritten);
  }
}

function endingsOfCode(text) {
  return text.replaceAll(/\bimport\("(\.[^"]+)\.ts"\)/g, 'import("$1.js")');
}

/**
 * Before TypeScript 5.7 typed arrays had no type of their buffer. Here what says nothing of it is left out, and
 * a type stands for the other that has always been there, and is what each TypeScript makes of it.
 */
function olderArrays(text) {
  return text
    .replaceAll(/\b(\w+Array)<ArrayBufferLike>/g, '$1')
    .replaceAll(/\b(\w+Array)<ArrayBuffer>/g, 'ReturnType<$1Constructor["from"]>')
    .replaceAll(/\bArrayBufferView<ArrayBuffer>/g, 'ArrayBufferView');
}

/** The lines stay where they are, for the source maps. */
function plainImports(text) {
  return text
    .replace(/^var __rewriteRelativeImportExtension = [\s\S]*?^\};$/m, (helper) =>
      helper.replaceAll(/.+/g, ''),
    )
    .replaceAll(/\bimport\(__rewriteRelativeImportExtension\((.*?)\)\)/g, 'import($1)');
}

if (import.meta.url === pathToFileURL(argv[1]).href) await rewriteDeclarations(argv[2]);
