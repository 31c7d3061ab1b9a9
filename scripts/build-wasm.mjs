// Compiles assembly/ and inlines the bytes as a module.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { compileKernels } from './compile.mjs';

await mkdir('build', { recursive: true });
for (const target of ['release', 'debug']) {
  try {
    await compileKernels(target);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
const bytes = await readFile('build/ctre.wasm');
await writeFile(
  'src/engine/wasm.generated.ts',
  `/** The compiled kernels, two hexadecimal digits a byte. */\nexport const wasmHex =\n  '${bytes.toString('hex')}';\n`,
);
console.log(`build/ctre.wasm: ${bytes.length} bytes`);
