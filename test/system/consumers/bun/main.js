import { writeFile } from 'node:fs/promises';
import { consume } from './program.js';

await writeFile('outcome.json', JSON.stringify(await consume(Number(process.argv[2] ?? 1))));
