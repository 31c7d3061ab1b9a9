// The AssemblyScript compiler as the package uses it.
import asc from 'assemblyscript/asc';

/**
 * Compiles assembly/ as asconfig.json has it for the target; `options` are more of asc's own, `io` replaces its files.
 * Any warning is an error: asc warns and exits 0 for options that silently produce a slow or wrong module.
 */
export async function compileKernels(target, options = [], io = {}) {
  const parameters = ['assembly/index.ts', '--config', 'asconfig.json', '--target', target, ...options];
  const { error, stderr } = await asc.main(parameters, io);
  const said = stderr.toString();
  if (error || /WARNING|ERROR/.test(said)) throw new Error(said || error.message);
}
