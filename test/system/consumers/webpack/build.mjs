import { copyFile } from 'node:fs/promises';
import webpack from 'webpack';

const folder = import.meta.dirname;
const compiler = webpack({
  mode: 'production',
  context: folder,
  entry: './main.js',
  output: { path: `${folder}/out`, module: true, filename: '[name].js' },
  experiments: { outputModule: true },
});
const stats = await new Promise((resolve, reject) => {
  compiler.run((error, result) => (error ? reject(error) : resolve(result)));
});
if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
await copyFile(`${folder}/index.html`, `${folder}/out/index.html`);
