import { spawnSync } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

await build({
  entryPoints: ['main.js'],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['./ctre.wasm'],
  outdir: 'out',
  logLevel: 'warning',
});
await copyFile(fileURLToPath(import.meta.resolve('ctre/wasm')), 'out/ctre.wasm');
// The package's command is made by its install script; its binary lies beside.
const require = createRequire(createRequire(import.meta.url).resolve('workerd/package.json'));
const binary = require.resolve('@cloudflare/workerd-linux-64/bin/workerd');
const { stdout, stderr, status } = spawnSync(binary, ['test', 'config.capnp'], { encoding: 'utf8' });
const [, outcome] = /outcome (\{.*\})/.exec(stdout + stderr) ?? [];
if (status !== 0 || outcome === undefined) throw new Error(`workerd has failed: ${stdout}${stderr}`);
await writeFile('outcome.json', outcome);
