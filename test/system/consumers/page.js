// What every page does: the program, on ?threads=n, and its outcome as text; with ?hosted from a module that is no part of the code.
// `worker` is where workers start from, where a bundler does not find the package's own files.
import { init } from 'ctre';
import { consume } from './program.js';

export async function run(wasm, worker) {
  const options = new URLSearchParams(location.search);
  const output = document.querySelector('output');
  try {
    if (options.has('hosted')) await init({ wasm });
    output.textContent = JSON.stringify(await consume(Number(options.get('threads') ?? 1), { worker }));
  } catch (error) {
    output.textContent = String(error);
  }
}
