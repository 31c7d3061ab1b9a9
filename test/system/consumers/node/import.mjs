import { consume } from '../program.js';

console.log(JSON.stringify(await consume()));
