import { init } from 'ctre';
import { consume } from '../program.js';

await init({ wasm: new URL(import.meta.resolve('ctre/wasm')) });
console.log(JSON.stringify(await consume()));
