// Compiles assembly/, and writes what TypeScript needs of it: the bytes as a module, and the kernels' types
// and sizes.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkModule, describeKernels } from './abi.mjs';
import { compileKernels } from './compile.mjs';
import { inlineText } from './inlineText.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
try {
  await mkdir('build', { recursive: true });
  for (const target of ['release', 'debug']) await compileKernels(target);
  const bytes = await readFile('build/ctre.wasm');
  const description = await describeKernels('assembly');
  checkModule(description, bytes);
  const text = inlineText(bytes).replaceAll(/['\\]/g, '\\$&');
  await writeFile(
    'src/engine/wasm.generated.ts',
    `/** The compiled kernels, as scripts/inlineText.mjs writes bytes. */\nexport const wasmText =\n  '${text}';\n`,
  );
  await writeFile('src/engine/abi.generated.ts', description);
  console.log(`build/ctre.wasm: ${bytes.length} bytes`);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
