// node scripts/loader.mjs folder: puts the part of @assemblyscript/loader that starts a module into compiled
// TypeScript, as engine/loader.js. The rest of the loader, which is five times as long, reads and writes
// objects of AssemblyScript's runtime and imports what that runtime calls. The kernels have no runtime, and
// no bundler can leave the rest out: every start of a module runs it.
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const LOADER = join(root, 'node_modules/@assemblyscript/loader');

/** The functions that start a module. They are taken as they are. */
const TAKEN = ['isResponse', 'isModule', 'instantiate', 'instantiateSync', 'instantiateStreaming'];

/** What those call for the runtime: before a module starts, and with its exports. */
const WITHOUT_RUNTIME = `/** No module here imports or exports AssemblyScript's runtime. */
const preInstantiate = () => ({});
const postInstantiate = (_, instance) => instance.exports;
`;

/** The text of engine/loader.js. */
async function startingPart() {
  const { name, version, license } = JSON.parse(await readFile(join(LOADER, 'package.json'), 'utf8'));
  const text = await readFile(join(LOADER, 'index.js'), 'utf8');
  const { statements } = ts.createSourceFile('index.js', text, ts.ScriptTarget.Latest, true);
  const functions = TAKEN.map((taken) => {
    const found = statements.find((node) => ts.isFunctionDeclaration(node) && node.name?.text === taken);
    if (found === undefined) throw new Error(`${name} ${version} has no function ${taken}`);
    return found.getText();
  });
  return `// Of ${name} ${version} (${license}), whose licence dist/bundle/LICENSES.txt has. ctre's build
// has changed it: only the functions that start a module are here.
${WITHOUT_RUNTIME}
${functions.join('\n\n')}
`;
}

/** Throws unless the file starts the module, at once and not. */
async function checkStarts(file, wasm) {
  const { instantiate, instantiateSync } = await import(pathToFileURL(file).href);
  const imports = { env: { memory: new WebAssembly.Memory({ initial: 16, maximum: 65536 }) } };
  const response = () => new Response(wasm, { headers: { 'content-type': 'application/wasm' } });
  const started = [
    instantiateSync(wasm, imports),
    await instantiate(wasm, imports),
    await instantiate(await WebAssembly.compile(wasm), imports),
    await instantiate(response(), imports),
  ];
  const isStarted = ({ instance, module }) =>
    instance instanceof WebAssembly.Instance && module instanceof WebAssembly.Module;
  if (!started.every(isStarted)) throw new Error(`${file} does not start the kernels`);
}

/** Gives compiled TypeScript, with the kernels' bytes `wasm`, its own file of the loader. */
export async function takeLoader(folder, wasm) {
  const file = join(folder, 'engine/loader.js');
  await writeFile(file, await startingPart());
  await checkStarts(file, wasm);
  const source = join(folder, 'engine/source.js');
  const text = await readFile(source, 'utf8');
  const own = text.replace(/(?<= from )(['"])@assemblyscript\/loader\1/, "'./loader.js'");
  if (own === text) throw new Error(`${source} does not import the loader`);
  await writeFile(source, own);
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  const folder = resolve(argv[2]);
  await takeLoader(folder, await readFile(join(folder, 'ctre.wasm')));
}
