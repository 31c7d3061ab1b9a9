// The command line of `npm run bench`.
import { parseArgs } from 'node:util';

/** Each suite, and what it measures. */
export const SUITES = {
  kernels: 'every kernel by itself, on this Node and on another',
  peers: 'the sparse kernels against C, SciPy, tfjs-wasm and plain JavaScript',
  public: 'the products that people call, against SciPy, plain JavaScript, @thi.ng/sparse and tfjs-wasm',
  neighbours: 'the nearest rows of text against C, of dense rows against NumPy, of both against plain JS',
  matrix: 'transposes, matrices from coordinates and sparse products, against SciPy',
  evolution: 'an update of the topology: exact search, search from a sample, SET',
  epoch: 'whole epochs, against dense matrices under masks in PyTorch',
  threads: 'two threads against one',
  scale: 'networks of 100 000 and a million neurons a layer',
  browser: 'epochs in headless Chromium, on the page and in a worker',
};

const HELP = `usage: npm run bench -- [suite …] [options]

Measures in turns, on this Node and on a second one. Prints the figures, and the targets they are held to.
It needs dist/, which npm run build makes. Peers that are not installed are left out.

Suites (without any, all of them run):
${Object.entries(SUITES)
  .map(([name, text]) => `  ${name.padEnd(11)}${text}`)
  .join('\n')}

Options:
  --quick      small problems and few rounds: to try a suite out, not for figures
  --json       writes the figures to bench/results/<suite>.json, too; node bench/table.mjs then writes the
               tables of docs/performance.md and README.md from them
  --node PATH  the second Node; "none" for no second one. Without this option it is the newest LTS line,
               which is installed into build/ the first time
  -h, --help   this text

CTRE_DATA_DIR is the folder that has mnist/ in it. Without it the rows are random.
CTRE_PYTHON is the Python to use.`;

const OPTIONS = {
  quick: { type: 'boolean' },
  json: { type: 'boolean' },
  node: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};

/** What a line of arguments asks for: { help }, { mistake }, or { suites, quick, json, node }. */
export function readArgs(args) {
  const { tokens, positionals, values } = parseArgs({
    args,
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const mistake = tokens.map(mistakeOf).find((found) => found !== undefined);
  if (mistake !== undefined) return { mistake: `${mistake}; npm run bench -- --help names them all` };
  if (values.help) return { help: HELP };
  const { quick = false, json = false, node } = values;
  return { suites: positionals.length > 0 ? positionals : Object.keys(SUITES), quick, json, node };
}

function mistakeOf({ kind, name, rawName, value }) {
  if (kind === 'positional' && !Object.hasOwn(SUITES, value)) return `there is no suite ${value}`;
  if (kind !== 'option') return undefined;
  if (!Object.hasOwn(OPTIONS, name)) return `there is no option ${rawName}`;
  if (OPTIONS[name].type === 'boolean') {
    return value === undefined ? undefined : `the option ${rawName} takes no value`;
  }
  return value === undefined || /^-|^$/.test(value) ? `the option ${rawName} needs a value` : undefined;
}
