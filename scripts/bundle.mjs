// node scripts/bundle.mjs [folder]: makes dist/bundle/ of dist/, the package in a few files. Node imports
// them several times as fast as the many files, and pages can load the library's without a bundler. The
// packages that they import are in them, each with its licence in LICENSES.txt. Code that several entries
// share is in a file of its own, so that a CsrMatrix is the same class in all. The library's names and lines
// stay: a stack trace and the line that Node prints above an error can be read.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [outdir = join(root, 'dist/bundle')] = process.argv.slice(2);

/**
 * Packages whose licence is no file of theirs named LICENSE or LICENCE. The loader belongs to the compiler's
 * repository. Of seedrandom, the bundle holds what one file does, and that file begins with its own licence.
 */
const LICENCE_FILES = {
  '@assemblyscript/loader': 'assemblyscript/LICENSE',
  seedrandom: 'seedrandom/lib/alea.js',
};

/** Files that hold what is of a package's: scripts/loader.mjs makes the first, the other was written anew. */
const MADE_OF = {
  'dist/engine/loader.js': 'node_modules/@assemblyscript/loader/index.js',
  'dist/base/alea.js': 'node_modules/seedrandom/lib/alea.js',
};

const manifest = await readManifest('.');

const { metafile, outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: {
    ctre: 'dist/index.js',
    kernels: 'dist/kernels/index.js',
    data: 'dist/data/index.js',
    topology: 'dist/topology/index.js',
    // A WorkerModel looks for this file beside itself, as threads do for worker.mjs.
    modelWorker: 'dist/remote/modelWorker.js',
    cli: 'dist/cli/main.js',
    // `ctre compare` looks for this file beside itself: each of its trainings is a process that runs it.
    cellProcess: 'dist/cli/cellProcess.js',
  },
  bundle: true,
  splitting: true,
  // Optional peers are loaded where a file or an option asks for them.
  external: Object.keys(manifest.peerDependencies),
  format: 'esm',
  // Of the command line's packages, too: what pages import must not come to need Node by a shared file.
  platform: 'browser',
  target: 'es2022',
  outdir,
  legalComments: 'none',
  metafile: true,
  write: false,
  plugins: [
    { name: 'modules of Node', setup: nodeModules },
    { name: 'worker in parts', setup: workerInParts },
  ],
});
await mkdir(outdir, { recursive: true });
for (const { path, text } of outputFiles) {
  await writeFile(path, isForeign(path) ? await shrink(text) : withClassNames(text));
}
await copyFile(join(root, 'src/run/worker.mjs'), join(outdir, 'worker.mjs'));
await writeFile(join(outdir, 'LICENSES.txt'), await licences());

/**
 * CommonJS code gets a module of Node as `require` would give it, which a file of ECMAScript modules does not
 * have.
 */
function nodeModules({ onResolve, onLoad }) {
  onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true }));
  const names = builtinModules.filter((name) => /^[a-z_]+$/.test(name));
  onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, ({ path }) => ({ path, namespace: 'node' }));
  onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({
    contents: `module.exports = process.getBuiltinModule('node:${path}')`,
  }));
}

/**
 * A class that names itself is called _Name by esbuild, also in stack traces. Within itself Name is as good.
 */
function withClassNames(text) {
  const classes = Array.from(text.matchAll(/^var (\w+) = class _\1\b/gm), ([, name]) => name);
  return classes.reduce((named, name) => named.replaceAll(new RegExp(`\\b_${name}\\b`, 'g'), name), text);
}

/** The file of workers is whole in dist/ once it is built. Here it shares its parts with the others. */
function workerInParts({ onLoad }) {
  onLoad({ filter: /[\\/]dist[\\/]remote[\\/]modelWorker\.js$/ }, async () => {
    const source = await readFile(join(root, 'src/remote/modelWorker.ts'), 'utf8');
    const { code } = await transform(source, { loader: 'ts', target: 'es2022' });
    return { contents: code.replaceAll(/(?<=from "\.[^"]*)\.ts(?=")/g, '.js') };
  });
}

/** The inputs that left something in an output. */
function inputsOf({ inputs }) {
  return Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0);
}

function isForeign(file) {
  const [, output] = Object.entries(metafile.outputs).find(([path]) => join(root, path) === join(file)) ?? [];
  const inputs = output === undefined ? [] : inputsOf(output);
  return inputs.length > 0 && inputs.every((path) => path.startsWith('node_modules/'));
}

/** Code that nobody here wrote, and that no user's script runs through. */
async function shrink(text) {
  const { code } = await transform(text, { minify: true, format: 'esm', target: 'es2022' });
  return code;
}

/** The licences of all packages of which something is in the bundle. */
async function licences() {
  const seen = new Set(foldersOf(Object.keys(metafile.inputs)));
  const bundled = new Set(foldersOf(Object.values(metafile.outputs).flatMap(inputsOf)));
  // A set that grows is walked to its new end. A package that was never opened may be within another one's
  // file.
  for (const folder of bundled) {
    const { dependencies = {} } = await readManifest(folder);
    const inlined = Object.keys(dependencies).map((name) => findPackage(name, folder));
    for (const other of inlined) if (!seen.has(other)) bundled.add(other);
  }
  const notices = await Promise.all([...bundled].map(licenceOf));
  // Two copies of a package in one version are one.
  return [...new Set(notices)].sort().join(`\n${'-'.repeat(72)}\n\n`);
}

/** The folders of packages that files are in; for a package within a package the inner one. */
function foldersOf(files) {
  return files
    .map((file) => MADE_OF[file] ?? file)
    .flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? []);
}

/** The folder of a package as code in a folder would find it. */
function findPackage(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(root, found))) return found;
    if (folder === '.') throw new Error(`${from} needs ${name}, which is not installed; run npm ci`);
  }
}

async function readManifest(folder) {
  return JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
}

async function licenceOf(folder) {
  const { name, version, license } = await readManifest(folder);
  const own = (await readdir(join(root, folder))).find((file) =>
    /^licen[cs]e(-\w+)?(\.(md|txt))?$/i.test(file),
  );
  const file = name in LICENCE_FILES ? join('node_modules', LICENCE_FILES[name]) : own && join(folder, own);
  if (file === undefined || typeof license !== 'string') {
    throw new Error(`${folder} has no file with a licence; enter the one that holds it in LICENCE_FILES`);
  }
  const text = await readFile(join(root, file), 'utf8');
  // Of code, the comment that it begins with.
  const [notice] = file.endsWith('.js') ? /^(\/\/.*\n|\n)*/.exec(text) : [text];
  const words = notice
    .replaceAll('\r\n', '\n')
    .replaceAll(/^\/\/ ?/gm, '')
    .trim();
  if (words === '') throw new Error(`${file} holds no licence for ${name}`);
  return `${name} ${version} (${license})\n\n${words}\n`;
}
