// npm run bench -- [suite …] [options]: measures in turns, and prints the figures and their targets. args.mjs
// has the help.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readArgs } from './args.mjs';
import { describeMachine } from './machine.mjs';
import { findNodes } from './programs.mjs';
import { judge } from './targets.mjs';

const { suites, quick, json, node: otherNode, help, mistake } = readArgs(process.argv.slice(2));
if (help !== undefined) {
  console.log(help);
  process.exit(0);
}
if (mistake !== undefined) stop(mistake);
if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
  stop('there is no dist/; npm run build makes it');
}

const nodes = await findNodes(otherNode);
const machine = describeMachine();
console.log(`${machine.cpu}, ${machine.cores} cores, commit ${machine.commit.slice(0, 7)}`);
if (quick) console.log('A trial run: small problems and few rounds, no figures to quote.');
for (const { name, node, v8 } of nodes) console.log(`${name}: Node ${node}, V8 ${v8}`);

const results = {};
let failed = false;
for (const suite of suites) {
  console.log(`\n# ${suite}`);
  const figures = await measure(suite);
  if (figures === undefined) continue;
  results[suite] = figures;
  if (json) save(suite, figures);
}

console.log('\n# Targets');
const judged = judge(
  results,
  nodes.map(({ name }) => name),
);
const widest = Math.max(0, ...judged.map(({ figure }) => figure.length));
for (const { figure, target, values, kept } of judged) {
  const mark = { true: 'kept', false: 'MISSED' }[kept] ?? '';
  const numbers = Object.entries(values).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
  console.log(`${figure.padEnd(widest)} ${target.padEnd(7)} ${numbers.join(', ').padEnd(24)} ${mark}`);
}

if (failed) process.exit(1); // contestants of a suite that failed may be waiting

/** The figures of a suite; undefined for one that fails, which is said. */
async function measure(suite) {
  try {
    const { run } = await import(`./suites/${suite}.mjs`);
    return await run({ nodes, quick, say: (line) => console.log(line) });
  } catch (error) {
    console.error(`bench: ${suite} failed: ${error.message}`);
    failed = true;
    return undefined;
  }
}

function save(suite, figures) {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const versions = nodes.map(({ name, node, v8 }) => ({ name, node, v8 }));
  const all = { suite, quick, machine, nodes: versions, figures };
  writeFileSync(new URL(`${suite}.json`, folder), `${JSON.stringify(all, null, 1)}\n`);
}

function stop(reason) {
  console.error(`bench: ${reason}`);
  process.exit(2);
}
