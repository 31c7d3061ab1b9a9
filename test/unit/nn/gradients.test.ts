// Gradients and steps against float64: an oracle in plain loops, itself checked by finite differences. It
// carries along what float32 can have erred (rounding.ts), so every bound is derived.
import { describe, expect, it } from 'vitest';
import type { Random } from '../../../src/base/random.ts';
import { TILE } from '../../../src/engine/abi.ts';
import { lanesFor } from '../../../src/engine/lanes.ts';
import { Region } from '../../../src/engine/region.ts';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import { optimizer as optimizers } from '../../../src/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { crossEntropy } from '../../../src/nn/losses/crossEntropy.ts';
import { Network } from '../../../src/nn/network.ts';
import type { Optimizer } from '../../../src/nn/optimizer.ts';
import { loadRows } from '../../../src/nn/rows.ts';
import { effort, isFull, runRandom, runSeed } from '../../support/effort.ts';
import { Approximate, type Truth } from '../../support/rounding.ts';

const ZERO = new Approximate(0);
const ONE = new Approximate(1);

/** A layer of the oracle, as lists of its connections. */
interface OracleLayer {
  readonly inDim: number;
  readonly outDim: number;
  /** In CSR order. */
  readonly connections: readonly { readonly i: number; readonly j: number }[];
  readonly weights: readonly number[];
  readonly bias: readonly number[];
}

interface OracleResult {
  /** Mean cross-entropy. */
  readonly loss: Approximate;
  /** By layer, as the parameters are. */
  readonly gradients: readonly { readonly weights: Approximate[]; readonly bias: Approximate[] }[];
  /** Which hidden neurons fire, for all samples. */
  readonly firing: string;
}

/** What ReLU makes of a sum. */
function rectify(z: Approximate): Approximate {
  return new Approximate(Math.max(z.value, 0), z.error);
}

/** The gradient behind a ReLU: nobody can tell which where z may have either sign. */
function through(z: Approximate, gradient: Approximate): Approximate {
  const value = z.value > 0 ? gradient.value : 0;
  const isOpen = z.error > 0 && Math.abs(z.value) <= z.error;
  if (isOpen) return new Approximate(value, Math.abs(gradient.value) + gradient.error);
  return z.value > 0 ? gradient : ZERO;
}

/** Loss and gradient of the network over a batch. */
function oracle(
  layers: readonly OracleLayer[],
  rows: readonly number[][],
  labels: ArrayLike<number>,
): OracleResult {
  const last = layers.length - 1;
  const scale = Approximate.rounded(1 / rows.length);
  const samples = rows.map((row, b) => {
    // inputs[l] goes into layer l, sums[l] comes out of it.
    const inputs = [row.map((value) => new Approximate(value))];
    const sums = layers.map((layer, l) => {
      const terms = layer.bias.map((): [Approximate, Approximate][] => []);
      layer.connections.forEach(({ i, j }, p) => {
        terms[i].push([new Approximate(layer.weights[p]), inputs[l][j]]);
      });
      const z = terms.map((pairs, i) => Approximate.inner(new Approximate(layer.bias[i]), pairs));
      inputs.push(z.map(rectify));
      return z;
    });
    const logits = sums[last];
    const top = logits.reduce((best, z) => (z.value > best.value ? z : best));
    const powers = logits.map((z) => z.minus(top).exp());
    const total = powers.reduce((sum, power) => sum.plus(power));
    const logSum = total.log();
    const loss = new Approximate(
      top.value + logSum.value - logits[labels[b]].value,
      top.error + logSum.error + logits[labels[b]].error,
    );
    const deltas: Approximate[][] = Array(layers.length);
    deltas[last] = powers.map((power, c) => {
      const probability = power.times(ONE.over(total));
      return (c === labels[b] ? probability.minus(ONE) : probability).times(scale);
    });
    for (let l = last; l > 0; l--) {
      const terms = inputs[l].map((): [Approximate, Approximate][] => []);
      layers[l].connections.forEach(({ i, j }, p) => {
        terms[j].push([new Approximate(layers[l].weights[p]), deltas[l][i]]);
      });
      deltas[l - 1] = terms.map((pairs, j) => through(sums[l - 1][j], Approximate.inner(undefined, pairs)));
    }
    return { inputs, sums, deltas, loss };
  });
  return {
    loss: new Approximate(
      samples.reduce((sum, { loss }) => sum + loss.value, 0) / rows.length,
      samples.reduce((sum, { loss }) => sum + loss.error, 0) / rows.length,
    ),
    gradients: layers.map(({ connections, bias }, l) => ({
      weights: connections.map(({ i, j }) =>
        Approximate.inner(
          undefined,
          samples.map(({ inputs, deltas }) => [deltas[l][i], inputs[l][j]] as const),
        ),
      ),
      bias: bias.map((_, i) =>
        Approximate.inner(
          undefined,
          samples.map(({ deltas }) => [deltas[l][i], ONE] as const),
        ),
      ),
    })),
    firing: samples
      .flatMap(({ sums }) => sums.slice(0, last).flat())
      .map(({ value }) => Number(value > 0))
      .join(''),
  };
}

const LAYERS = {
  'sparse only': ['sparse', 'sparse', 'sparse'],
  'full only': ['full', 'full', 'full'],
  'sparse in the middle': ['full', 'sparse', 'full'],
  'full in the middle': ['sparse', 'full', 'sparse'],
  'one sparse layer': ['sparse'],
  'one full layer': ['full'],
} as const;

const LOGITS = ['ordinary', 'extreme', 'tied'] as const;

interface Problem {
  readonly layers: readonly OracleLayer[];
  readonly rows: number[][];
  readonly labels: Int32Array;
}

function problem(
  kinds: readonly ('sparse' | 'full')[],
  logits: (typeof LOGITS)[number],
  classes: number,
  samples: number,
  random: Random,
): Problem {
  const number = (): number => Math.fround(2 * random.next() - 1);
  const dims = [7, ...[6, 5].slice(0, kinds.length - 1), classes];
  const layers = kinds.map((kind, l): OracleLayer => {
    const [inDim, outDim] = [dims[l], dims[l + 1]];
    const all = Array.from({ length: inDim * outDim }, (_, at) => ({
      i: Math.floor(at / inDim),
      j: at % inDim,
    }));
    // One connection at least is missing: a layer that has them all is a full one.
    const missing = random.below(all.length);
    const connections = kind === 'full' ? all : all.filter((_, at) => at !== missing && random.next() < 0.5);
    const size = l < kinds.length - 1 || logits === 'ordinary' ? 1 : logits === 'extreme' ? 300 : 0;
    return {
      inDim,
      outDim,
      connections,
      weights: connections.map(() => Math.fround(size * number())),
      bias: Array.from({ length: outDim }, () => Math.fround(size * number())),
    };
  });
  return {
    layers,
    rows: Array.from({ length: samples }, () => Array.from({ length: dims[0] }, number)),
    labels: Int32Array.from({ length: samples }, () => random.below(classes)),
  };
}

/** The network's own loss and gradients, by the calls that training makes. */
function trained({ layers, rows, labels }: Problem): { loss: number; gradients: Float32Array[] } {
  const engine = getTrainingEngine();
  const { kernels } = engine;
  const region = new Region(engine.arena);
  const patterns = layers.map(({ inDim, outDim, connections }) => {
    const indptr = new Int32Array(outDim + 1);
    for (const { i } of connections) indptr.fill(indptr[i + 1] + 1, i + 1);
    const indices = connections.map(({ j }) => j);
    return CsrMatrix.fromParts({ rows: outDim, cols: inDim, indptr, indices, values: indices.map(() => 0) });
  });
  const network = new Network(engine, patterns);
  try {
    network.layers.forEach((layer, l) => {
      layer.values.view.set(layers[l].weights);
      layer.bias.view.set(layers[l].bias);
    });
    const x = { rows: rows.length, cols: layers[0].inDim, data: Float32Array.from(rows.flat()) };
    const loaded = loadRows(region, { x, targets: labels });
    const workspace = network.allocateWorkspace(region, crossEntropy(), true);
    const gradients = network.allocateGradients(region);
    let loss = 0;
    for (let begin = 0; begin < rows.length; begin += TILE) {
      const end = Math.min(rows.length, begin + TILE);
      const lanes = lanesFor(end - begin);
      const tile = loaded.pack(kernels, begin, end, workspace);
      network.forward(kernels, workspace, lanes);
      network.score(kernels, workspace, tile);
      loss += workspace.sums.view[0];
      network.differentiate(kernels, workspace, tile, 1 / rows.length, gradients, begin > 0, lanes);
    }
    return {
      loss: loss / rows.length,
      gradients: gradients.flatMap(({ weights, bias }) => [weights.view.slice(), bias.view.slice()]),
    };
  } finally {
    network.free();
    region.free();
  }
}

function expectTruth(got: number, { value, error }: Truth, what: string): void {
  if (!Object.is(got, value) && !(Math.abs(got - value) <= error)) {
    expect.fail(`${what} is ${got}; the truth is ${value} ± ${error}; CTRE_SEED=${runSeed}`);
  }
}

const SAMPLES = isFull ? [1, 2, 7, 8, 9, 16, 17, 31, 32, 33, 64, 65, 129] : [1, 9, 33];
const problems = Object.entries(LAYERS).flatMap(([name, kinds]) =>
  LOGITS.flatMap((logits) =>
    [1, 2, 5].flatMap((classes) =>
      SAMPLES.flatMap((samples) =>
        Array.from({ length: effort(1, 4) }, (_, draw) => {
          const title = `${name}, ${logits} logits, ${classes} classes, ${samples} samples, draw ${draw}`;
          return { title, samples, make: () => problem(kinds, logits, classes, samples, runRandom(title)) };
        }),
      ),
    ),
  ),
);

describe('gradients', () => {
  it('of the oracle are its finite differences', () => {
    for (const { title, make } of problems.filter(({ samples }) => samples <= 9)) {
      const { layers, rows, labels } = make();
      const { gradients, firing } = oracle(layers, rows, labels);
      for (const [l, name] of layers.flatMap((_, l) => [[l, 'weights'] as const, [l, 'bias'] as const])) {
        layers[l][name].forEach((_, p) => {
          const moved = (by: number): OracleResult => {
            const changed = layers[l][name].map((value, at) => (at === p ? value + by : value));
            return oracle(layers.with(l, { ...layers[l], [name]: changed }), rows, labels);
          };
          const { difference, error } = derivative(moved, firing);
          const want = { value: difference, error };
          expectTruth(gradients[l][name][p].value, want, `${title}: layer ${l}, ${name} ${p}`);
        });
      }
    }
  });

  it('and losses of the network are the oracle’s', () => {
    let worst = 0;
    for (const { title, make } of problems) {
      const drawn = make();
      const truth = oracle(drawn.layers, drawn.rows, drawn.labels);
      const { loss, gradients } = trained(drawn);
      expectTruth(loss, truth.loss, `${title}: the loss`);
      const truths = truth.gradients.flatMap(({ weights, bias }) => [weights, bias]);
      truths.forEach((array, a) => {
        expect(gradients[a].length).toBe(array.length);
        array.forEach((want, p) => {
          expectTruth(gradients[a][p], want, `${title}: array ${a}, element ${p}`);
          if (title.includes('ordinary')) worst = Math.max(worst, want.error);
        });
      });
    }
    // Bounds that would let a wrong gradient pass say nothing.
    expect(worst).toBeLessThan(1e-3);
  });
});

/**
 * The central difference over a step in which no neuron begins or ceases to fire. Its cut-off error falls
 * fourfold with half the step, so the two differ by three times that; float64 errs 2^29 times less than
 * float32 would.
 */
function derivative(
  moved: (by: number) => OracleResult,
  firing: string,
): { difference: number; error: number } {
  for (let step = 2 ** -12; step > 2 ** -30; step /= 2) {
    const [left, right] = [moved(-step), moved(step)];
    if (left.firing !== firing || right.firing !== firing) continue;
    const [near, nearer] = [moved(-step / 2), moved(step / 2)];
    const coarse = (right.loss.value - left.loss.value) / (2 * step);
    const difference = (nearer.loss.value - near.loss.value) / step;
    const rounding = (2 ** -29 * (left.loss.error + right.loss.error) * 3) / step;
    return { difference, error: Math.abs(coarse - difference) + rounding };
  }
  throw new Error('a neuron is at the border of firing; draw again');
}

/** The optimisers' formulas as their papers have them; g is the gradient, weight decay in it. */
interface Reference {
  readonly make: () => Optimizer;
  readonly weightDecay: number;
  /** The next parameter and state. */
  step(
    w: Approximate,
    g: Approximate,
    state: readonly Approximate[],
    time: number,
  ): {
    w: Approximate;
    state: readonly Approximate[];
  };
}

function sgdReference(options: {
  learningRate: number;
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
}): Reference {
  const [rate, momentum] = [options.learningRate, options.momentum].map(Approximate.rounded);
  return {
    make: () => optimizers.sgd(options),
    weightDecay: options.weightDecay,
    step(w, g, [velocity]) {
      const v = momentum.times(velocity).plus(g);
      return { w: w.minus(rate.times(options.nesterov ? g.plus(momentum.times(v)) : v)), state: [v] };
    },
  };
}

function adamReference(options: {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}): Reference {
  // A decay is the float32 number next to it, in the averages and in their corrections.
  const [beta1, beta2] = [Math.fround(options.beta1), Math.fround(options.beta2)];
  const epsilon = Approximate.rounded(options.epsilon);
  const average = (beta: number, old: Approximate, by: Approximate): Approximate =>
    new Approximate(beta).times(old).plus(Approximate.rounded(1 - beta).times(by));
  return {
    make: () => optimizers.adam(options),
    weightDecay: options.weightDecay,
    step(w, g, [m, v], time) {
      const nextM = average(beta1, m, g);
      const nextV = new Approximate(beta2).times(v).plus(
        Approximate.rounded(1 - beta2)
          .times(g)
          .times(g),
      );
      // η·m̂ / (√v̂ + ε), the corrections as the numbers the kernel is given.
      const rate = Approximate.rounded(options.learningRate / (1 - beta1 ** time));
      const scale = Approximate.rounded(1 / Math.sqrt(1 - beta2 ** time));
      const step = rate.times(nextM).over(nextV.sqrt().times(scale).plus(epsilon));
      return { w: w.minus(step), state: [nextM, nextV] };
    },
  };
}

const SGD = { learningRate: 0.05, momentum: 0.9, nesterov: false, weightDecay: 1e-2 };
const ADAM = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-2 };
const references: Readonly<Record<string, Reference>> = {
  'sgd with momentum': sgdReference(SGD),
  'sgd with Nesterov momentum': sgdReference({ ...SGD, nesterov: true }),
  'sgd without momentum': sgdReference({ ...SGD, momentum: 0 }),
  'sgd without momentum, Nesterov': sgdReference({ ...SGD, momentum: 0, nesterov: true }),
  'sgd without weight decay': sgdReference({ ...SGD, weightDecay: 0 }),
  'sgd of learning rate 0': sgdReference({ ...SGD, learningRate: 0 }),
  adam: adamReference(ADAM),
  'adam without weight decay': adamReference({ ...ADAM, weightDecay: 0 }),
  'adam without decays': adamReference({ ...ADAM, beta1: 0, beta2: 0, epsilon: 0.1 }),
  'adam of learning rate 0': adamReference({ ...ADAM, learningRate: 0 }),
};

/** Parameters of one array: two blocks and a tail. */
const N = 11;

/**
 * Steps of the real optimiser from random parameters and gradients; `each` sees the parameters after every
 * step.
 */
function runSteps(
  { make }: { make: () => Optimizer },
  weights: readonly number[],
  gradients: readonly (readonly number[])[],
  decay: boolean,
  each: (w: Float32Array, time: number) => void,
): void {
  const { arena, kernels } = getTrainingEngine();
  const region = new Region(arena);
  try {
    const optimizer = make();
    const [w, g] = [region.f32(N), region.f32(N)];
    const slots = Array.from({ length: optimizer.slots }, () => region.f32(N));
    for (const slot of slots) slot.view.fill(0);
    w.view.set(weights);
    const pointers = {
      weights: w.pointer,
      gradient: g.pointer,
      slots: slots.map(({ pointer }) => pointer),
      n: N,
    };
    gradients.forEach((gradient, s) => {
      g.view.set(gradient);
      optimizer.step(kernels, pointers, s + 1, decay);
      each(w.view, s + 1);
    });
  } finally {
    region.free();
  }
}

function drawSteps(name: string): { weights: number[]; gradients: number[][] } {
  const random = runRandom(name);
  const list = (): number[] => Array.from({ length: N }, () => Math.fround(2 * random.next() - 1));
  return { weights: list(), gradients: Array.from({ length: effort(12, 100) }, list) };
}

describe.each(Object.entries(references))('%s', (name, reference) => {
  it.each([true, false])('makes the steps of its formula, weight decay: %s', (decay) => {
    const { weights, gradients } = drawSteps(`steps of ${name}`);
    const l2 = Approximate.rounded(decay ? reference.weightDecay : 0);
    const states = weights.map((weight) => ({
      w: new Approximate(weight),
      state: [ZERO, ZERO] as readonly Approximate[],
    }));
    runSteps(reference, weights, gradients, decay, (w, time) => {
      states.forEach(({ w: before, state }, p) => {
        const g = new Approximate(gradients[time - 1][p]).plus(l2.times(before));
        states[p] = reference.step(before, g, state, time);
        expectTruth(w[p], states[p].w, `parameter ${p} after step ${time}`);
        expect(states[p].w.error).toBeLessThan(1e-2);
      });
    });
  });
});

describe('limits of the optimisers', () => {
  const { weights, gradients } = drawSteps('limits');
  const end = (make: () => Optimizer): number[] => {
    let last: number[] = [];
    runSteps({ make }, weights, gradients, true, (w) => {
      last = [...w];
    });
    return last;
  };

  it('a learning rate of 0 changes no bit', () => {
    expect(end(() => optimizers.sgd({ learningRate: 0 }))).toEqual(weights);
    expect(end(() => optimizers.adam({ learningRate: 0 }))).toEqual(weights);
  });

  it('without momentum Nesterov changes no bit', () => {
    const [plain, nesterov] = [false, true].map((nesterov) =>
      end(() => optimizers.sgd({ momentum: 0, nesterov })),
    );
    expect(nesterov).toEqual(plain);
  });

  it('a first step of Adam goes the learning rate, whatever the gradient’s size', () => {
    const size = gradients.map((list) => list.map((g) => (g < 0 ? -1e-3 : 1e3)));
    runSteps(
      { make: () => optimizers.adam({ learningRate: 0.5 }) },
      Array(N).fill(0),
      size,
      false,
      (w, time) => {
        if (time > 1) return;
        // Six roundings, and an epsilon of 1e-8 beside a root of 1e-3.
        for (const value of w) expect(Math.abs(Math.abs(value) / 0.5 - 1)).toBeLessThan(8 * 2 ** -24 + 1e-5);
      },
    );
  });

  it.each([1 - 1e-9, 1 - 2 ** -53])('a decay of %f is the largest below 1', (beta) => {
    const largest = 1 - 2 ** -24;
    expect(end(() => optimizers.adam({ beta1: beta, beta2: beta }))).toEqual(
      end(() => optimizers.adam({ beta1: largest, beta2: largest })),
    );
    expect(end(() => optimizers.sgd({ momentum: beta }))).toEqual(
      end(() => optimizers.sgd({ momentum: largest })),
    );
  });
});
