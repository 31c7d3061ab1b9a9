// Big networks: three hidden layers of n neurons, the shape of the published timings of SET. They are
// trained, and their topology evolves, as far as memory and time allow.
import { nodeProgram } from '../programs.mjs';
import { ratio, summarize, takeTurns } from '../turns.mjs';

const [ROWS, INPUTS, CLASSES, EPSILON, BATCH] = [203, 3312, 5, 5, 128];
const GIB = 2 ** 30;
/** The kernels' memory is 4 GiB at most. While a structure changes, copies of it are in the heap. */
const NEEDED = { 100000: 2 * GIB, 1000000: 8 * GIB };

const open = (program, name, n, method) => {
  const layers = [INPUTS, n, n, n, CLASSES];
  const options = {
    data: { random: [ROWS, INPUTS, CLASSES] },
    method,
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
  for (const n of quick ? [100_000] : [100_000, 1_000_000]) {
    for (const method of ['set', 'ctre-sim']) networks.push(await train({ node, quick, say, n, method }));
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

/** Two epochs and the evolution between them. */
async function train({ node, quick, say, n, method }) {
  const title = `${method}, n = ${n.toLocaleString('en').replaceAll(',', ' ')}`;
  if (process.availableMemory() < NEEDED[n]) {
    say(`${title} is not measured: it wants ${NEEDED[n] / GIB} GiB of free memory.`);
    return { n, method, skipped: 'memory' };
  }
  const program = nodeProgram(node, 'served/training.mjs');
  try {
    const { nnz } = await open(program, 'model', n, method);
    const { train, evolve } = await program.ask(['epochs', 'model', 2], quick ? 60 : 900);
    const memory = await program.ask(['memory']);
    const { min, median } = summarize(train);
    say(
      `${title}: ${nnz} connections, epoch ${min.toFixed(2)} / ${median.toFixed(2)} s, ` +
        `evolution ${evolve[0].toFixed(2)} s, ${(memory / GIB).toFixed(2)} GiB`,
    );
    return { n, method, nnz, epoch: { min, median }, evolution: evolve[0], memory };
  } catch (error) {
    say(`${title} is not measured: ${error.message}.`);
    return { n, method, skipped: error.message };
  } finally {
    program.close();
  }
}
