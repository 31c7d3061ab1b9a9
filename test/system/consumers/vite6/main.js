import wasm from 'ctre/wasm?url';
import { run } from './page.js';

run(wasm);
