import { run } from './page.js';

run('./ctre.wasm', './ctre-worker.js');
