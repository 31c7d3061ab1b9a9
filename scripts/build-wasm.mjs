// Compiles assembly/, and writes what TypeScript needs of it: for each table of kernels the bytes of its
// module as text, and the kernels' types and sizes.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkModule, describeKernels, TABLES } from './abi.mjs';
import { compileKernels, compileTable } from './compile.mjs';
import { inlineText } from './inlineText.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
try {
  await mkdir('build', { recursive: true });
  const description = await describeKernels('assembly');
  for (const target of ['release', 'debug']) await compileKernels(target);
  const complete = await readFile('build/ctre.wasm');
  checkModule(description, complete);
  // Of an older build, there may be files of other names.
  for (const file of await readdir('src/engine')) {
    if (file.endsWith('.generated.ts')) await rm(`src/engine/${file}`);
  }
  const sizes = [`build/ctre.wasm: ${complete.length} bytes`];
  for (const entry of TABLES) {
    const file = `build/${entry.table}.wasm`;
    await compileTable(entry.table, file);
    const bytes = await readFile(file);
    checkModule(description, bytes, [entry]);
    await writeFile(`src/engine/${entry.table}.generated.ts`, inlined(entry, bytes));
    sizes.push(`${file}: ${bytes.length}`);
  }
  await writeFile('src/engine/abi.generated.ts', description);
  console.log(sizes.join(', '));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

/** A module's bytes as TypeScript. */
function inlined({ table, comment }, bytes) {
  const text = inlineText(bytes).replaceAll(/['\\]/g, '\\$&');
  return `// scripts/build-wasm.mjs has compiled this.

/** ${comment} Compiled, as scripts/inlineText.mjs writes bytes. */
export const ${table}Text =
  '${text}';
`;
}
