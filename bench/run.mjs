// npm run bench -- [suite …] [--quick] [--json] [--node path|none]
//
// Measures on this Node and on the newest LTS line (or the Node at `path`), turn by turn, and prints the figures and the
// targets they are held to. --json writes bench/results/<suite>.json; --quick takes small problems and few rounds: for
// trying the suite out, not for figures.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.mjs';
import { findNodes } from './programs.mjs';
import { judge } from './targets.mjs';

const SUITES = ['kernels', 'peers', 'evolution', 'epoch', 'threads', 'scale', 'browser'];

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    node: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !SUITES.includes(name));
if (unknown.length > 0) stop(`there is no suite ${unknown.join(', ')}; there are ${SUITES.join(', ')}`);
if (!existsSync(new URL('../dist/index.js', import.meta.url)))
  stop('there is no dist/; npm run build makes it');

const nodes = findNodes(options.node);
const machine = describeMachine();
console.log(`${machine.cpu}, ${machine.cores} cores, commit ${machine.commit.slice(0, 7)}`);
if (options.quick) console.log('A trial run: small problems and few rounds, no figures to quote.');
for (const { name, node, v8 } of nodes) console.log(`${name}: Node ${node}, V8 ${v8}`);

const results = {};
for (const suite of positionals.length > 0 ? positionals : SUITES) {
  console.log(`\n# ${suite}`);
  const { run } = await import(`./suites/${suite}.mjs`);
  const figures = await run({ nodes, quick: options.quick, say: (line) => console.log(line) });
  if (figures === undefined) continue;
  results[suite] = figures;
  if (options.json) save(suite, figures);
}

console.log('\n# Targets');
for (const { figure, target, values, kept } of judge(
  results,
  nodes.map(({ name }) => name),
)) {
  const mark = { true: 'kept', false: 'MISSED' }[kept] ?? '';
  const numbers = Object.entries(values).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
  console.log(`${figure.padEnd(62)} ${target.padEnd(7)} ${numbers.join(', ').padEnd(24)} ${mark}`);
}

function save(suite, figures) {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const versions = nodes.map(({ name, node, v8 }) => ({ name, node, v8 }));
  const all = { suite, quick: options.quick, machine, nodes: versions, figures };
  writeFileSync(new URL(`${suite}.json`, folder), `${JSON.stringify(all, null, 1)}\n`);
}

function stop(reason) {
  console.error(`bench: ${reason}`);
  process.exit(2);
}
