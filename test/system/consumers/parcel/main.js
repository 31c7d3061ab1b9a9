import { run } from './page.js';

run(new URL('npm:ctre/wasm', import.meta.url));
