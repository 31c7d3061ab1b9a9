// node scripts/test-build.mjs [kernels | package | note]: builds the kernels, or all of dist/, where they are
// not what the present sources are built to. The sources' contents count, not their times. `note` notes that
// both were built just now; `npm run build` ends with it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const isGenerated = (path) => path.endsWith('.generated.ts');

/** The scripts that `npm run build:wasm` runs, and those that `npm run build` runs after it. */
const COMPILERS = ['abi', 'build-wasm', 'compile', 'inlineText'].map((name) => `scripts/${name}.mjs`);
const BUNDLERS = [
  'scripts/bundle.mjs',
  'scripts/copy-assets.mjs',
  'scripts/declarations.mjs',
  'scripts/loader.mjs',
  'scripts/worker.mjs',
];

/** What is built, by what, from what, and to what. A folder stands for the files in it. */
const TARGETS = {
  kernels: {
    script: 'build:wasm',
    sources: ['assembly', 'asconfig.json', 'package-lock.json', ...COMPILERS],
    results: [
      ...['build/ctre.wasm', 'build/ctre.debug.wasm'],
      ...['build/matrixKernels.wasm', 'build/trainingKernels.wasm', 'src/engine'],
    ],
    isResult: (path) => path.endsWith('.wasm') || isGenerated(path),
  },
  package: {
    script: 'build',
    sources: [
      ...['assembly', 'src', 'asconfig.json', 'package.json', 'package-lock.json'],
      ...['tsconfig.json', 'tsconfig.build.json', ...COMPILERS, ...BUNDLERS],
    ],
    results: ['dist'],
    isResult: () => true,
  },
};

/** A hash of the contents of files, and of those in folders. */
function hashOf(paths, isCounted) {
  const hash = createHash('sha256');
  const files = paths.flatMap(filesOf).filter(isCounted);
  for (const file of files) {
    const contents = readFileSync(join(root, file));
    hash.update(`${file}\n${contents.length}\n`).update(contents);
  }
  return hash.digest('hex');
}

/** The file, or those in the folder, or none. */
function filesOf(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

const sourceHash = (target) => hashOf(TARGETS[target].sources, (path) => !isGenerated(path));
const resultHash = (target) => hashOf(TARGETS[target].results, TARGETS[target].isResult);

const noteFile = (target) => join(root, `build/${target}.built.json`);

/** Whether the results are what was built last, and of the present sources. */
export function isBuilt(target) {
  if (!existsSync(noteFile(target))) return false;
  const { sources, results } = JSON.parse(readFileSync(noteFile(target), 'utf8'));
  return sources === sourceHash(target) && results === resultHash(target);
}

function note(target) {
  mkdirSync(dirname(noteFile(target)), { recursive: true });
  const hashes = { sources: sourceHash(target), results: resultHash(target) };
  writeFileSync(noteFile(target), `${JSON.stringify(hashes)}\n`);
}

/** Builds what is not built. */
export function ensureBuilt(target) {
  if (isBuilt(target)) return;
  const { script } = TARGETS[target];
  console.log(`The built ${target} and the sources differ: npm run ${script} …`);
  const before = sourceHash(target);
  const { status, stdout, stderr } = spawnSync('npm', ['run', script], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm run ${script} failed:\n${stdout}${stderr}`);
  if (before !== sourceHash(target)) {
    throw new Error(`the sources were changed while npm run ${script} was at work; start again`);
  }
  note(target);
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const [wanted = 'package'] = argv.slice(2);
  if (wanted === 'note') for (const target of Object.keys(TARGETS)) note(target);
  else if (Object.hasOwn(TARGETS, wanted)) ensureBuilt(wanted);
  else {
    console.error(`test-build: ${wanted} is unknown; expected ${Object.keys(TARGETS).join(', ')} or note`);
    process.exit(1);
  }
}
