// What every page does: the program, on ?threads=n, and its outcome as text.
import { trainAndPredict } from './program.js';

const threads = Number(new URLSearchParams(location.search).get('threads') ?? 1);
const output = document.querySelector('output');
try {
  output.textContent = JSON.stringify(await trainAndPredict(threads));
} catch (error) {
  output.textContent = String(error);
}
