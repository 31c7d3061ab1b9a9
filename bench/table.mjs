// node bench/table.mjs: writes the tables of docs/performance.md and README.md, between their marks, from
// bench/results/*.json.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { replaceMarked } from '../scripts/marks.mjs';
import { SUITES } from './args.mjs';
import { publicTables, readmeTable, targetTables } from './tables.mjs';
import { missing } from './targets.mjs';

const folder = new URL('results/', import.meta.url);
const order = Object.keys(SUITES).map((suite) => `${suite}.json`);
const saved = order
  .filter((name) => readdirSync(folder).includes(name))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')));

for (const { suite, nodes, figures } of saved) {
  const names = nodes.map(({ name }) => name);
  const left = missing(suite, figures, names);
  if (left.length > 0)
    console.log(`${suite}.json does not have, and the table leaves out: ${left.join('; ')}`);
}
for (const [page, mark, part] of [
  ['docs/performance.md', 'bench', targetTables(saved)],
  ['docs/performance.md', 'public', publicTables(saved)],
  ['README.md', 'bench', readmeTable(saved)],
]) {
  const path = new URL(`../${page}`, import.meta.url);
  const written = replaceMarked(readFileSync(path, 'utf8'), mark, part);
  if (written === undefined) {
    console.error(`bench: ${page} has no part <!-- ${mark}:begin --> … <!-- ${mark}:end --> to write into`);
    process.exit(2);
  }
  writeFileSync(path, written);
}
