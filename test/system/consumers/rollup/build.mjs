import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import commonjs from '@rollup/plugin-commonjs';
import nodeResolve from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';

const bundle = await rollup({
  input: 'main.js',
  // Only Parquet files need these; they can be installed beside.
  external: ['hyparquet', 'hyparquet-compressors'],
  plugins: [nodeResolve({ browser: true }), commonjs()],
  onwarn(warning) {
    throw new Error(warning.message);
  },
});
await bundle.write({ dir: 'out', format: 'es' });
await copyFile('index.html', 'out/index.html');
// Rollup does not follow `new URL(…, import.meta.url)`: models in workers and threads start from this one file.
await copyFile(fileURLToPath(import.meta.resolve('ctre/worker')), 'out/ctre-worker.js');
await copyFile(fileURLToPath(import.meta.resolve('ctre/wasm')), 'out/ctre.wasm');
// And workers import this one.
await copyFile('method.js', 'out/method.js');
