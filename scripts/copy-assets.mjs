// Puts beside the compiled TypeScript what is not TypeScript: the kernels (exported as ctre/wasm) and the
// worker's file.
import { copyFile } from 'node:fs/promises';

const root = new URL('..', import.meta.url);
await copyFile(new URL('build/ctre.wasm', root), new URL('dist/ctre.wasm', root));
await copyFile(new URL('src/run/worker.mjs', root), new URL('dist/run/worker.mjs', root));
