import { run } from '../page.js';

run('/node_modules/ctre/dist/ctre.wasm');
