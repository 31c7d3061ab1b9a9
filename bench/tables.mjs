// The tables of docs/performance.md and README.md, made from the saved results of the suites.
import { FIGURES_OF_README } from './readme.mjs';
import { judge } from './targets.mjs';

const number = (value) => (value >= 100 || value === 0 ? value.toFixed(0) : value.toPrecision(3));
const spaced = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
const micro = (nanoseconds) => number(nanoseconds / 1e3);
const table = (head, rows) => [row(head), `${'|---'.repeat(head.length)}|`, ...rows.map(row)].join('\n');
const row = (cells) => `| ${cells.join(' | ')} |`;
const newest = ({ nodes }) => nodes.at(-1).name;

/** Where, when and on what a suite ran. */
function titleOf({ machine, nodes, quick }) {
  const { cpu, cores, commit, changed, date } = machine;
  const { node, v8 } = nodes.at(-1);
  const notes = `${changed ? ' and changes' : ''}, ${date}${quick ? ', a trial run' : ''}`;
  return `${cpu}, ${cores} cores; Node ${node} (V8 ${v8}); commit ${commit.slice(0, 7)}${notes}.`;
}

/**
 * All figures with their targets: one table for each setting, for suites of different machines, Nodes or
 * commits are not mixed.
 * @param saved the saved results of suites: { suite, quick, machine, nodes, figures }.
 */
export function targetTables(saved) {
  const titles = [...new Set(saved.map(titleOf))];
  return titles
    .map((title) => {
      const suites = saved.filter((result) => titleOf(result) === title);
      const results = Object.fromEntries(suites.map(({ suite, figures }) => [suite, figures]));
      const nodes = suites[0].nodes.map(({ name }) => name);
      return { title, judged: judge(results, nodes) };
    })
    .filter(({ judged }) => judged.length > 0)
    .map(({ title, judged }) => {
      const rows = judged.map(({ figure, target, values }) => [
        figure,
        target,
        number(Object.values(values).at(-1)),
      ]);
      return `${table(['figure', 'target', 'measured'], rows)}\n\n${title}`;
    })
    .join('\n\n');
}

/** The times of public calls: products, whole matrices, neighbours. Suites that have not run are left out. */
export function publicTables(saved) {
  const of = { public: productTable, matrix: matrixTable, neighbours: neighbourTable };
  return Object.entries(of)
    .map(([suite, make]) => [saved.find((result) => result.suite === suite), make])
    .filter(([result]) => result !== undefined)
    .map(([result, make]) => `${make(result)}\n\n${titleOf(result)}`)
    .join('\n\n');
}

const PEERS_OF_PRODUCTS = ['SciPy', 'plain JS', '@thi.ng/sparse', 'tfjs-wasm, dense'];

function productTable(result) {
  const node = newest(result);
  const names = { multiply: '`A·x`', multiplyTransposed: '`Aᵀ·x`' };
  const rows = Object.keys(names).flatMap((product) =>
    result.figures.cases.map(({ n, columns, products: { [product]: figure } }) => {
      const time = (way) => figure.times[`${way} ${node}`].median;
      const ratios = figure.ratios[node].prepared;
      return [
        `${names[product]}, n = ${spaced(n)}`,
        columns,
        micro(time('prepared')),
        micro(time('oneCall')),
        ...PEERS_OF_PRODUCTS.map((peer) => (ratios[peer] === undefined ? '' : number(ratios[peer]))),
      ];
    }),
  );
  const head = ['call', 'columns', 'prepared, µs', 'one call, µs'];
  return table([...head, ...PEERS_OF_PRODUCTS.map((peer) => `${peer} ÷ prepared`)], rows);
}

function matrixTable(result) {
  const node = newest(result);
  const names = {
    transpose: '`A.transpose()`',
    fromCoo: '`CsrMatrix.fromCoo`, shuffled',
    product: '`spmm(A, A)`, sparse',
  };
  const rows = Object.keys(names).flatMap((work) =>
    result.figures.cases.map(({ nnz, works }) => {
      const { median, scipyToCtre } = works[work][node];
      return [
        names[work],
        spaced(nnz),
        micro(median / 1000),
        scipyToCtre === undefined ? '' : number(scipyToCtre),
      ];
    }),
  );
  return table(['call', 'entries of A', 'ms', 'SciPy ÷ ctre'], rows);
}

function neighbourTable(result) {
  const node = newest(result);
  const { text, dense } = result.figures;
  const line = (what, { times, ratios, abort = {} }) => [
    what,
    number(times[`ctre ${node}`].median / 1e9),
    ...['C', 'NumPy', 'plain JS'].map((peer) => ratios[node]?.[peer]),
    abort[node],
  ];
  const rows = [
    ...text.map((figure) => line(`${spaced(figure.rows)} names, ${spaced(figure.cols)} 3-grams`, figure)),
    line(`${spaced(dense.rows)} dense rows of ${dense.cols}`, dense),
  ].map(([what, seconds, ...rest]) => [
    what,
    seconds,
    ...rest.map((value) => (value === undefined ? '' : number(value))),
  ]);
  const head = ['`cosineTopK`, k = 10, of', 'seconds', 'C ÷ ctre', 'NumPy ÷ ctre', 'plain JS ÷ ctre'];
  return table([...head, 'ms until an abort'], rows);
}

/** Some figures, each with what it is of, against what, when and by which command it was measured. */
export function readmeTable(saved) {
  const rows = FIGURES_OF_README.flatMap(({ suite, of, against, find }) => {
    const result = saved.find((one) => one.suite === suite && !one.quick);
    const value = result && find({ [suite]: result.figures }, newest(result));
    if (value === undefined) return [];
    const node = result.nodes.at(-1).node.slice(1).split('.')[0];
    return [[of, against, number(value), `\`${suite}\`, ${result.machine.date}, Node ${node}`]];
  });
  const machines = new Set(saved.map(({ machine: { cpu, cores } }) => `${cpu}, ${cores} cores`));
  const head = ['of ctre', 'against', 'its time ÷ ctre’s', 'suite, date, Node'];
  return `${table(head, rows)}\n\nOne thread, on ${[...machines].join('; ')}.`;
}
