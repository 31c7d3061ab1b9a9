// @vitest-environment jsdom
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { consume } from './program.js';

it('trains beside a page of jsdom', async () => {
  expect(document.createElement('p').tagName).toBe('P');
  const outcome = await consume(1, { module: pathToFileURL('method.js') });
  await writeFile('outcome.json', JSON.stringify(outcome));
}, 60_000);
