import { run } from './page.js';

run(new URL('ctre/wasm', import.meta.url));
