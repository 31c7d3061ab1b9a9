import { trainAndPredict } from '../program.js';

console.log(JSON.stringify(await trainAndPredict()));
