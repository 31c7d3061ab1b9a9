// node bench/table.mjs: writes README.md's table, between its two marks, from bench/results/*.json.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { replaceMarked } from '../scripts/marks.mjs';
import { judge } from './targets.mjs';

const read = (suite) => {
  const url = new URL(`results/${suite}.json`, import.meta.url);
  return existsSync(url) ? JSON.parse(readFileSync(url, 'utf8')) : undefined;
};
const number = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** One table a setting: suites measured on another machine, Node or commit are not mixed. */
function makeTables() {
  const saved = ['peers', 'epoch', 'evolution', 'threads', 'scale', 'kernels'].map(read).filter(Boolean);
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

const readme = new URL('../README.md', import.meta.url);
const text = existsSync(readme) ? readFileSync(readme, 'utf8') : '';
const page = replaceMarked(text, 'bench', makeTables().join('\n\n'));
if (page === undefined) {
  console.error('bench: README.md has no <!-- bench:begin --> … <!-- bench:end -->');
  process.exit(2);
}
writeFileSync(readme, page);
