// Puts the compiled kernels where the package exports them as ctre/wasm.
import { copyFile } from 'node:fs/promises';

const root = new URL('..', import.meta.url);
await copyFile(new URL('build/ctre.wasm', root), new URL('dist/ctre.wasm', root));
