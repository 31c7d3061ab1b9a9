import { writeFile } from 'node:fs/promises';
import { consume } from './program.js';

test('trains', async () => {
  await writeFile('outcome.json', JSON.stringify(await consume()));
}, 60_000);
