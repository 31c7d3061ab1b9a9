// node bench/table.mjs: writes the table of docs/performance.md, between its two marks, from bench/results/*.json.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { replaceMarked } from '../scripts/marks.mjs';
import { judge } from './targets.mjs';

const read = (suite) => {
  const url = new URL(`results/${suite}.json`, import.meta.url);
  return existsSync(url) ? JSON.parse(readFileSync(url, 'utf8')) : undefined;
};
const number = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** One table for each setting: suites of different machines, Nodes or commits are not mixed. */
function makeTables() {
  const saved = ['peers', 'public', 'epoch', 'evolution', 'threads', 'scale', 'browser', 'kernels']
    .map(read)
    .filter(Boolean);
  const titles = [...new Set(saved.map(titleOf))];
  return titles.map((title) => {
    const suites = saved.filter((result) => titleOf(result) === title);
    const nodes = suites[0].nodes.map(({ name }) => name);
    const results = Object.fromEntries(suites.map(({ suite, figures }) => [suite, figures]));
    const rows = judge(results, nodes).map(
      ({ figure, target, values }) => `| ${figure} | ${target} | ${number(Object.values(values).at(-1))} |`,
    );
    return ['| figure | target | measured |', '|---|---|---|', ...rows, '', title].join('\n');
  });
}

function titleOf({ machine, nodes, quick }) {
  const { cpu, cores, commit, date } = machine;
  const { node, v8 } = nodes.at(-1);
  const note = quick ? ', a trial run' : '';
  return `${cpu}, ${cores} cores; Node ${node} (V8 ${v8}); commit ${commit.slice(0, 7)}, ${date}${note}.`;
}

const path = new URL('../docs/performance.md', import.meta.url);
const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
const page = replaceMarked(before, 'bench', makeTables().join('\n\n'));
if (page === undefined) {
  console.error(
    'bench: docs/performance.md has no part <!-- bench:begin --> … <!-- bench:end --> to write into',
  );
  process.exit(2);
}
writeFileSync(path, page);
