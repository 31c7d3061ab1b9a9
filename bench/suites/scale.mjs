// Big networks: three hidden layers of n neurons, the shape of the published timings of SET. They are
// trained, and their topology evolves, as far as memory and time allow.
import { nodeProgram } from '../programs.mjs';
import { ratio, summarize, takeTurns } from '../turns.mjs';

const [ROWS, INPUTS, CLASSES, EPSILON, BATCH] = [203, 3312, 5, 5, 128];
/** Rows of an epoch that the default's updates are compared with, but for the biggest network. */
const MANY_ROWS = 2000;
const GIB = 2 ** 30;
/** The kernels' memory is 4 GiB at most. While a structure changes, copies of it are in the heap. */
const NEEDED = { 10000: GIB, 100000: 2 * GIB, 1000000: 8 * GIB };

/** What is measured of a network. The default makes one kind of its updates at a time, after every epoch. */
const kinds = (n, rows) => [
  ['set', undefined],
  // A network of many epochs is wired. Wider ones take too long for that here.
  ...(n === 10_000 ? [['cte-gse', 'wiring']] : []),
  ...['cosine', 'gradient'].map((kind) => ['cte-gse', kind, updatesBy(kind, rows)]),
];

const updatesBy = (kind, rows) => ({
  wiring: 0,
  every: Math.ceil(rows / BATCH),
  cosineShare: kind === 'cosine' ? 1 : 0,
});

const open = (program, name, n, method, rows = ROWS, methodOptions = undefined) => {
  const layers = [INPUTS, n, n, n, CLASSES];
  const options = {
    data: { random: [rows, INPUTS, CLASSES] },
    method,
    methodOptions,
    batchSize: BATCH,
    model: { layers, epsilon: EPSILON },
  };
  return program.ask(['open', name, JSON.stringify(options)], 600);
};

export async function run({ nodes, quick, say }) {
  const node = nodes.at(-1);
  say(
    `${ROWS} rows, ${INPUTS}-n-n-n-${CLASSES}, ε = ${EPSILON}, batch ${BATCH}, ` +
      `one thread, Node ${node.node}; min / median:`,
  );
  const width = await measureWidth({ node, quick, say });
  const networks = [];
  const sizes = quick
    ? [[10_000, MANY_ROWS]]
    : [
        [10_000, MANY_ROWS],
        [100_000, MANY_ROWS],
        [1_000_000, ROWS],
      ];
  for (const [n, rows] of sizes) {
    for (const [method, kind, methodOptions] of kinds(n, rows))
      networks.push(await train({ node, quick, say, n, rows, method, kind, methodOptions }));
  }
  return {
    rows: ROWS,
    inputs: INPUTS,
    classes: CLASSES,
    epsilon: EPSILON,
    batchSize: BATCH,
    measuredOn: node.name,
    width,
    networks,
  };
}

/** Time a connection and sample at n = 100 000 and at 1 000, paired. */
async function measureWidth({ node, quick, say }) {
  const program = nodeProgram(node, 'served/training.mjs');
  const turns = {};
  for (const n of [1000, 100_000]) {
    const { nnz } = await open(program, n, n, 'set');
    // Evolution is not counted. A wide network's epochs are long enough one at a time.
    const epochs = n === 1000 ? 20 : 1;
    await program.ask(['epochs', n, epochs]);
    turns[n] = async () =>
      (await program.ask(['epochs', n, epochs])).train.map((time) => time / (nnz * ROWS));
  }
  const found = await takeTurns(turns, { rounds: quick ? 3 : 9, seconds: 120 });
  program.close();
  const [narrow, wide] = [found[1000], found[100_000]];
  const wideToNarrow = ratio(wide, narrow);
  const nano = ({ min, median }) => `${(1e9 * min).toFixed(2)} / ${(1e9 * median).toFixed(2)} ns`;
  say(
    `a connection and sample: n = 1 000 ${nano(narrow)}, ` +
      `n = 100 000 ${nano(wide)}: ÷ ${wideToNarrow.toFixed(2)}`,
  );
  return {
    narrow: { min: narrow.min, median: narrow.median },
    wide: { min: wide.min, median: wide.median },
    wideToNarrow,
  };
}

/** Some epochs and the evolution between them. */
async function train({ node, quick, say, n, rows, method, kind, methodOptions }) {
  const what = kind === undefined ? method : `${method} by ${kind}`;
  const title = `${what}, n = ${n.toLocaleString('en').replaceAll(',', ' ')}, ${rows} rows`;
  if (process.availableMemory() < NEEDED[n]) {
    say(`${title} is not measured: it wants ${NEEDED[n] / GIB} GiB of free memory.`);
    return { n, rows, method, kind, skipped: 'memory' };
  }
  const program = nodeProgram(node, 'served/training.mjs');
  try {
    const { nnz } = await open(program, 'model', n, method, rows, methodOptions);
    // The wiring takes a share of all steps at most, so it takes some epochs to see it.
    const count = quick ? 2 : kind === 'wiring' ? 8 : 3;
    const { train, evolve, start } = await program.ask(['epochs', 'model', count], quick ? 60 : 900);
    const memory = await program.ask(['memory']);
    const { min, median } = summarize(train);
    const updates = evolve.length === 0 ? undefined : summarize(evolve);
    const update = updates === undefined ? 'no update' : `an update ${updates.median.toFixed(2)} s`;
    say(
      `${title}: ${nnz} connections, epoch ${min.toFixed(2)} / ${median.toFixed(2)} s, ${update}, ` +
        `wiring ${start.toFixed(2)} s, ${(memory / GIB).toFixed(2)} GiB`,
    );
    const evolution = updates?.median;
    const toEpoch = { evolution: evolution && evolution / median, start: start / median };
    return { n, rows, method, kind, nnz, epoch: { min, median }, evolution, start, toEpoch, memory };
  } catch (error) {
    say(`${title} is not measured: ${error.message}.`);
    return { n, rows, method, kind, skipped: error.message };
  } finally {
    program.close();
  }
}
