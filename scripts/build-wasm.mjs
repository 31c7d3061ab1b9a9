// Compiles assembly/ and inlines the bytes as a module. Any warning of the compiler fails the build: asc warns and
// exits 0 for options that silently produce a slow or wrong module.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

await mkdir('build', { recursive: true });
for (const target of ['release', 'debug']) {
  const { error, stderr } = await asc.main([
    'assembly/index.ts',
    '--config',
    'asconfig.json',
    '--target',
    target,
  ]);
  const said = stderr.toString();
  if (error || /WARNING|ERROR/.test(said)) {
    console.error(said || error);
    process.exit(1);
  }
}
const bytes = await readFile('build/ctre.wasm');
await writeFile(
  'src/memory/wasm.generated.ts',
  `/** The compiled kernels, base64. */\nexport const wasmBase64 =\n  '${bytes.toString('base64')}';\n`,
);
console.log(`build/ctre.wasm: ${bytes.length} bytes`);
