// How large a bundle of one of the package's entries is.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What is imported when it is asked for is a file of its own, which a page does not load first. */
const leaveDynamicImports = ({ onResolve }) =>
  onResolve({ filter: /.*/ }, ({ kind }) => (kind === 'dynamic-import' ? { external: true } : undefined));

/** Bytes of all that `ctre/<entry>` exports, bundled for browsers, minified and compressed by gzip. */
export async function bundleSize(entry) {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from './dist/${entry}/index.js'`,
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
    },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    logLevel: 'silent',
    plugins: [{ name: 'first files', setup: leaveDynamicImports }],
  });
  return gzipSync(outputFiles[0].text, { level: 9 }).length;
}
