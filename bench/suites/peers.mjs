// The sparse kernels against what people use instead, and against native code: the same layers, the same
// results, in turns. A ratio is the peer's time ÷ ctre's.
import { l2Bytes } from '../machine.mjs';
import { measureLayers, nameOf, workingSet } from '../matrix.mjs';
import { COMPILER, knowsFlag, nativeProgram, nodeProgram, pythonProgram, REVECTORIZE } from '../programs.mjs';
import { SCIPY } from '../targets.mjs';
import { ratio, together } from '../turns.mjs';

const TILED = ['spmm', 'spmmT', 'sddmm', 'backward'];
const isSquare = (n, epsilon) => (layer) =>
  layer.inDim === n && layer.outDim === n && layer.epsilon === epsilon;
/** ctre on the newest Node with wider vectors. Its ratios are under this name beside those of the Nodes. */
const REVECTORISED = 'revectorised';
const onlyX64 = (flags) => (process.arch === 'x64' ? flags : []);

/** The contestants that can take part; the others are named. */
function gather({ nodes, say }) {
  const newest = nodes.at(-1);
  const wanted = {
    ...Object.fromEntries(
      nodes.map((node) => [
        `ctre ${node.name}`,
        { program: nodeProgram(node, 'served/sparse.mjs', ['wasm']), kernels: TILED },
      ]),
    ),
    [`ctre ${REVECTORISED}`]: {
      program: knowsFlag(newest, REVECTORIZE)
        ? nodeProgram(newest, 'served/sparse.mjs', ['wasm'], { flags: [REVECTORIZE] })
        : undefined,
      needs: `a Node that knows ${REVECTORIZE}`,
      kernels: TILED,
    },
    'plain JS': { program: nodeProgram(newest, 'served/sparse.mjs', ['plain']), kernels: TILED },
    'C, 128 bits': {
      program: nativeProgram('kernels.c', 'kernels-128', onlyX64(['-msse4.1', '-mno-avx'])),
      needs: COMPILER,
      kernels: TILED,
    },
    'C, native': {
      program: nativeProgram('kernels.c', 'kernels-native', ['-march=native']),
      needs: COMPILER,
      kernels: TILED,
    },
    'C, one pass': {
      program: nativeProgram('one_pass.c', 'one-pass', ['-march=native']),
      needs: COMPILER,
      kernels: ['spmm', 'backward'],
      checks: ['spmm', 'spmmT', 'backward'],
    },
    [SCIPY]: {
      program: pythonProgram('scipy_csr.py', ['numpy', 'scipy']),
      needs: 'a Python with NumPy and SciPy',
      kernels: ['spmm', 'backward'],
      checks: ['spmm', 'spmmT', 'backward'],
      takesPart: isSquare(1000, 5),
    },
    'tfjs-wasm': {
      program: nodeProgram(newest, 'peers/tfjs_dense.mjs'),
      kernels: ['spmm'],
      takesPart: isSquare(1000, 1),
    },
  };
  const present = {};
  for (const [name, contestant] of Object.entries(wanted)) {
    if (contestant.program === undefined) say(`${name} is not measured: it needs ${contestant.needs}.`);
    else present[name] = contestant;
  }
  return present;
}

export async function run({ nodes, quick, say }) {
  const contestants = gather({ nodes, say });
  const ours = Object.keys(contestants).filter((name) => name.startsWith('ctre '));
  const figures = [];
  say('128 samples; peer ÷ ctre on the newest Node [min / median µs]:');
  await measureLayers(contestants, { quick }, ({ kernels, errors, ...layer }) => {
    const turns = { ...kernels, training: {} };
    for (const name of Object.keys(kernels.spmm)) {
      if (kernels.backward[name]) turns.training[name] = together(kernels.spmm[name], kernels.backward[name]);
    }
    const figure = {
      ...layer,
      fourTiles: workingSet(layer, 4),
      oneTile: workingSet(layer, 1),
      errors,
      kernels: {},
    };
    for (const [kernel, of] of Object.entries(turns)) {
      const times = Object.entries(of).map(([name, { min, median }]) => [name, { min, median }]);
      const ratios = ours.map((our) => [
        our.slice('ctre '.length),
        Object.fromEntries(Object.entries(of).map(([name, turn]) => [name, ratio(turn, of[our])])),
      ]);
      figure.kernels[kernel] = { times: Object.fromEntries(times), ratios: Object.fromEntries(ratios) };
    }
    figures.push(figure);
    say(nameOf(layer));
    for (const [kernel, { times, ratios }] of Object.entries(figure.kernels)) {
      const of = Object.entries(times).map(
        ([name, { min, median }]) =>
          `${name} ${ratios[nodes.at(-1).name][name].toFixed(2)} ` +
          `[${(min / 1000).toFixed(0)} / ${(median / 1000).toFixed(0)}]`,
      );
      say(`  ${kernel.padEnd(8)} ${of.join(', ')}`);
    }
  });
  for (const { program } of Object.values(contestants)) program.close();
  const largest = Math.max(...figures.flatMap(({ errors }) => Object.values(errors).flatMap(Object.values)));
  say(`All agree with ctre's results within ${largest.toExponential(1)} of the largest element.`);
  const revectorisedOn = contestants[`ctre ${REVECTORISED}`] && nodes.at(-1).name;
  return { l2Bytes, revectorisedOn, layers: figures, largestError: largest };
}
