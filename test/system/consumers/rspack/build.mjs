import { copyFile } from 'node:fs/promises';
import { rspack } from '@rspack/core';

const compiler = rspack({
  mode: 'production',
  context: import.meta.dirname,
  entry: './main.js',
  output: { path: `${import.meta.dirname}/out`, filename: '[name].js' },
});
const stats = await new Promise((resolve, reject) => {
  compiler.run((error, result) => (error ? reject(error) : resolve(result)));
});
if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'));
await copyFile('index.html', 'out/index.html');
