// The AssemblyScript compiler as the package uses it.
import asc from 'assemblyscript/asc';

/**
 * Compiles assembly/index.ts, the complete module, as asconfig.json says for the target. `options` are more
 * of asc's own options, and `io` replaces its files.
 */
export async function compileKernels(target, options = [], io = {}) {
  await compile(['assembly/index.ts', '--config', 'asconfig.json', '--target', target, ...options], io);
}

/** Compiles one table of kernels in assembly/ to a module. */
export async function compileTable(table, outFile) {
  const target = ['--config', 'asconfig.json', '--target', 'release', '--outFile', outFile];
  await compile([`assembly/${table}.ts`, ...target]);
}

/** The values of a source's exported constants, as the compiler computes them: name → number. */
export async function evaluateConstants(path, text) {
  let wasm;
  await compile([path, '--runtime', 'stub', '--outFile', 'constants.wasm'], {
    readFile: (name) => (name === path ? text : null),
    writeFile(name, contents) {
      if (name === 'constants.wasm') wasm = contents;
    },
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  const globals = Object.entries(exports).filter(([, { value }]) => typeof value === 'number');
  return Object.fromEntries(globals.map(([name, { value }]) => [name, value]));
}

/** Any warning is an error: asc warns, and exits 0, for options that silently make a slow or wrong module. */
async function compile(parameters, io) {
  const { error, stderr } = await asc.main(parameters, io);
  const said = stderr.toString();
  if (error || /WARNING|ERROR/.test(said)) throw new Error(said || error.message);
}
