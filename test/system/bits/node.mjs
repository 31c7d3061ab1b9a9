// node test/system/bits/node.mjs 3 [name …]: the hashes of test/system/bits/program.mjs on three threads, as JSON; with --worker among the names, of
// models in workers; with --revectorize of kernels with vectors of 256 bits, where V8 has them. With --write instead:
// makes hashes.json from one thread of this Node, after a change that is meant to change bits.
import { writeFileSync } from 'node:fs';
import { init } from '../../../dist/index.js';
import { hashAll } from './program.mjs';

const [first, ...names] = process.argv.slice(2);
if (first === '--write') {
  const { hashes } = await hashAll(1);
  writeFileSync(new URL('hashes.json', import.meta.url), `${JSON.stringify(hashes, undefined, 2)}\n`);
} else {
  const wanted = names.filter((name) => !name.startsWith('--'));
  const place = names.includes('--worker') ? 'worker' : 'here';
  const kernels = names.includes('--revectorize') ? { kernels: await init({ revectorize: true }) } : {};
  const outcome = await hashAll(Number(first), wanted.length === 0 ? undefined : wanted, place);
  console.log(JSON.stringify({ ...outcome, ...kernels }));
}
