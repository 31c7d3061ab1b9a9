import { copyFile } from 'node:fs/promises';
import { build } from 'esbuild';

const folder = import.meta.dirname;
await build({
  entryPoints: [`${folder}/main.js`],
  bundle: true,
  minify: true,
  format: 'esm',
  loader: { '.wasm': 'file' },
  outdir: `${folder}/out`,
  logLevel: 'warning',
});
await copyFile(`${folder}/index.html`, `${folder}/out/index.html`);
// esbuild does not follow `new URL(…, import.meta.url)`: threads start from this file, beside the bundle.
await copyFile(`${folder}/../node_modules/ctre/dist/workers/worker.mjs`, `${folder}/out/worker.mjs`);
