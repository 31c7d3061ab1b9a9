import wasm from 'ctre/wasm';
import { run } from '../page.js';

run(wasm);
