import { copyFile } from 'node:fs/promises';
import webpack from 'webpack';

const folder = import.meta.dirname;
const compiler = webpack({
  mode: 'production',
  context: folder,
  entry: './main.js',
  output: { path: `${folder}/out`, module: true, filename: '[name].js' },
  experiments: { outputModule: true },
  // The program imports nearly all of the package. Its files, of 250 KiB before they are compressed, are above
  // what webpack recommends, 244 KiB, and a test of the package counts their bytes.
  performance: { hints: false },
});
const stats = await new Promise((resolve, reject) => {
  compiler.run((error, result) => (error ? reject(error) : resolve(result)));
});
if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
await copyFile(`${folder}/index.html`, `${folder}/out/index.html`);
