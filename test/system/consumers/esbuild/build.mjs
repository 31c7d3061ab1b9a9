import { copyFile } from 'node:fs/promises';
import { build } from 'esbuild';

const folder = import.meta.dirname;
const dist = `${folder}/../node_modules/ctre/dist`;
await build({
  // esbuild does not follow `new URL(…, import.meta.url)`: models in workers start from this file, beside the bundle.
  entryPoints: { main: `${folder}/main.js`, modelWorker: `${dist}/remote/modelWorker.js` },
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  loader: { '.wasm': 'file' },
  outdir: `${folder}/out`,
  logLevel: 'warning',
});
await copyFile(`${folder}/index.html`, `${folder}/out/index.html`);
// And threads from this one.
await copyFile(`${dist}/run/worker.mjs`, `${folder}/out/worker.mjs`);
// And workers import this one.
await copyFile(`${folder}/../method.js`, `${folder}/out/method.js`);
