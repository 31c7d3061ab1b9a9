// node scripts/worker.mjs folder: puts all that the file of workers imports into that file, of compiled
// TypeScript in a folder. So bundlers have one file to take along. It imports nothing and is no module: it
// can be started either way, and hosted anywhere.
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * Makes remote/modelWorker.js whole. The files that it imports have to be there, run/worker.mjs among them.
 */
export async function completeWorker(folder) {
  const file = join(folder, 'remote/modelWorker.js');
  const { outputFiles } = await build({
    absWorkingDir: resolve(folder),
    entryPoints: [resolve(file)],
    bundle: true,
    // The folder may be anywhere.
    nodePaths: [fileURLToPath(new URL('../node_modules', import.meta.url))],
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    // Without the white space the comment would go that has bundlers leave an import alone.
    minifySyntax: true,
    minifyIdentifiers: true,
    legalComments: 'none',
    // As strict as a module, whatever settings lie near.
    banner: { js: '"use strict";' },
    tsconfigRaw: '{}',
    // Threads are started on the file itself. Bundlers would look for what it does not need.
    define: { 'import.meta.url': 'undefined', 'import.meta.env': 'undefined', 'import.meta.webpack': '1' },
    write: false,
  });
  // Names of the files that it was made of: they are other ones in another folder.
  const text = outputFiles[0].text.replaceAll(/^ *\/\/ [\w./@-]+\.m?js\n/gm, '');
  if (/\bimport\.meta\b|^(import|export)\b/m.test(text)) throw new Error(`${file} is a module still`);
  await writeFile(file, text);
  // What it was compiled from is in many maps.
  await rm(`${file}.map`, { force: true });
}

if (import.meta.url === pathToFileURL(argv[1]).href) await completeWorker(argv[2]);
