// node scripts/bundle.mjs [folder]: from dist/, the package in a few files: Node imports them several times as fast as the many, and
// pages can load them without a bundler. What they import is in them, for some of it is CommonJS, which pages do not know; what
// several share is in a file of its own, so that a CsrMatrix is the same class in all. Names stay, for stack traces.
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [outdir = `${root}/dist/bundle`] = process.argv.slice(2);

/** Where the licences of what is bundled are. The loader comes with the compiler's; of seedrandom only Alea is taken. */
const LICENCES = {
  '@assemblyscript/loader': 'assemblyscript/LICENSE',
  fflate: 'fflate/LICENSE',
  papaparse: 'papaparse/LICENSE',
  seedrandom: 'seedrandom/lib/alea.js',
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: {
    ctre: 'dist/index.js',
    kernels: 'dist/kernels/index.js',
    data: 'dist/data/index.js',
    // Of a WorkerModel, which looks for it beside itself; as the threads do for worker.mjs.
    modelWorker: 'dist/remote/modelWorker.js',
  },
  bundle: true,
  splitting: true,
  minifySyntax: true,
  minifyWhitespace: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  outdir,
  legalComments: 'none',
  metafile: true,
});
await copyFile(`${root}/src/run/worker.mjs`, `${outdir}/worker.mjs`);

// Their licences want to go where the code goes.
const packages = Object.keys(metafile.inputs).flatMap(
  (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
);
const notices = [...new Set(packages)].sort().map(async (name) => {
  const { version, license } = JSON.parse(
    await readFile(`${root}/node_modules/${name}/package.json`, 'utf8'),
  );
  if (LICENCES[name] === undefined) throw new Error(`where is the licence of ${name}? Enter it in LICENCES`);
  const text = await readFile(`${root}/node_modules/${LICENCES[name]}`, 'utf8');
  // Of code the comment that it begins with.
  const [notice] = LICENCES[name].endsWith('.js') ? /^(\/\/.*\n|\n)*/.exec(text) : [text];
  return `${name} ${version} (${license})\n\n${notice.replace(/^\/\/ ?/gm, '').trim()}\n`;
});
const separator = `\n${'-'.repeat(72)}\n\n`;
await writeFile(`${outdir}/LICENSES.txt`, (await Promise.all(notices)).join(separator));
