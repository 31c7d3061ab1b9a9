// node test/bits/node.mjs 3 [name …]: the hashes of test/bits/program.mjs on three threads, as JSON. With --write instead:
// makes hashes.json from one thread of this Node, after a change that is meant to change bits.
import { writeFileSync } from 'node:fs';
import { hashAll } from './program.mjs';

const [first, ...names] = process.argv.slice(2);
if (first === '--write') {
  const { hashes } = await hashAll(1);
  writeFileSync(new URL('hashes.json', import.meta.url), `${JSON.stringify(hashes, undefined, 2)}\n`);
} else {
  console.log(JSON.stringify(await hashAll(Number(first), names.length === 0 ? undefined : names)));
}
