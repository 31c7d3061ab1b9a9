// Losses of whole networks against an independent evaluation in float64: values by their definitions,
// gradients by finite differences, and both beside PyTorch's; weights of samples among them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { TILE } from '../../../src/engine/abi.ts';
import { Region } from '../../../src/engine/region.ts';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import type { Loss } from '../../../src/nn/loss.ts';
import { lossByName } from '../../../src/nn/losses.ts';
import { Network } from '../../../src/nn/network.ts';
import { type CheckedTargets, loadRows } from '../../../src/nn/rows.ts';

interface TorchLoss {
  readonly loss: number;
  readonly gradient: number[][];
}

/** What test/fixtures/make_losses.py has written. */
const torch: {
  readonly logits: number[][];
  readonly weights: number[];
  readonly losses: Record<string, { targets: number[] | number[][]; plain: TorchLoss; weighed: TorchLoss }>;
} = JSON.parse(readFileSync(new URL('../../fixtures/losses.json', import.meta.url), 'utf8'));

const DIMS = [7, 9, 4];
const ROWS = 45;

/** A network's layers as dense matrices of float64; 0 where there is no connection. */
interface Dense {
  readonly weights: number[][][];
  readonly bias: number[][];
}

function drawNetwork(name: string): Dense {
  const random = randomStream(3, name);
  const number = (): number => Math.fround(2 * random.next() - 1);
  const weights = DIMS.slice(1).map((outDim, l) =>
    Array.from({ length: outDim }, () =>
      Array.from({ length: DIMS[l] }, () => (random.below(2) === 0 ? 0 : number())),
    ),
  );
  return { weights, bias: DIMS.slice(1).map((outDim) => Array.from({ length: outDim }, number)) };
}

function logitsOf({ weights, bias }: Dense, x: readonly number[]): number[] {
  return weights.reduce((input: readonly number[], matrix, l) => {
    const sums = matrix.map((row, i) => row.reduce((sum, w, j) => sum + w * input[j], bias[l][i]));
    return l === weights.length - 1 ? sums : sums.map((sum) => Math.max(sum, 0));
  }, x) as number[];
}

/** The losses by their definitions, of one sample. */
const definitions: Readonly<Record<string, (z: readonly number[], t: readonly number[]) => number>> = {
  'cross-entropy': (z, [label]) => Math.log(z.reduce((sum, v) => sum + Math.exp(v), 0)) - z[label],
  'binary-cross-entropy': (z, t) =>
    mean(z.map((v, i) => -Math.log(t[i] === 1 ? 1 / (1 + Math.exp(-v)) : 1 - 1 / (1 + Math.exp(-v))))),
  'mean-squared': (z, t) => mean(z.map((v, i) => (v - t[i]) ** 2)),
  huber: (z, t) =>
    mean(
      z.map((v, i) => {
        const e = Math.abs(v - t[i]);
        return e <= 0.5 ? (e * e) / 2 : 0.5 * (e - 0.25);
      }),
    ),
};

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Problem {
  readonly loss: Loss;
  readonly x: number[][];
  readonly t: number[][];
  readonly weights: Float32Array | undefined;
}

function drawProblem(name: string, weighed: boolean): Problem {
  const random = randomStream(4, `${name} ${weighed}`);
  const loss = lossByName(name, name === 'huber' ? { delta: 0.5 } : {});
  const x = Array.from({ length: ROWS }, () =>
    Array.from({ length: DIMS[0] }, () => Math.fround(2 * random.next() - 1)),
  );
  const draw = {
    labels: () => [random.below(DIMS[2])],
    flags: () => Array.from({ length: DIMS[2] }, () => random.below(2)),
    numbers: () => Array.from({ length: DIMS[2] }, () => Math.fround(3 * random.next())),
  }[loss.targets];
  const weights = weighed ? Float32Array.from({ length: ROWS }, () => 2 * random.next()) : undefined;
  return { loss, x, t: x.map(draw), weights };
}

/** Σ weight · loss ÷ rows. */
function meanLoss(network: Dense, { loss, x, t, weights }: Problem): number {
  const each = x.map((row, r) => definitions[loss.name](logitsOf(network, row), t[r]) * (weights?.[r] ?? 1));
  return mean(each);
}

function targetsOf({ loss, t }: Problem, isSparse: boolean): CheckedTargets {
  if (loss.targets === 'labels') return Int32Array.from(t, ([label]) => label);
  const dense = { rows: ROWS, cols: DIMS[2], data: Float32Array.from(t.flat()) };
  return isSparse ? CsrMatrix.fromDense(dense) : dense;
}

/** What the network itself makes of it, by the calls that training makes. */
function computed(network: Dense, problem: Problem, isSparse: boolean) {
  const { kernels, arena } = getTrainingEngine();
  const engine = getTrainingEngine();
  const region = new Region(arena);
  const matrices = network.weights.map((matrix) =>
    CsrMatrix.fromDense({
      rows: matrix.length,
      cols: matrix[0].length,
      data: Float32Array.from(matrix.flat()),
    }),
  );
  const built = new Network(engine, matrices);
  try {
    built.layers.forEach((layer, l) => {
      layer.values.view.set(matrices[l].values);
      layer.bias.view.set(network.bias[l]);
    });
    const { loss, x, weights } = problem;
    const data = { rows: ROWS, cols: DIMS[0], data: Float32Array.from(x.flat()) };
    const rows = loadRows(region, { x: data, targets: targetsOf(problem, isSparse), weights });
    const workspace = built.allocateWorkspace(region, loss, true);
    const gradients = built.allocateGradients(region);
    const sums = new Float64Array(loss.countSums(DIMS[2]));
    for (let begin = 0; begin < ROWS; begin += TILE) {
      const tile = rows.pack(kernels, begin, ROWS, workspace);
      built.forward(kernels, workspace);
      built.score(kernels, workspace, tile);
      workspace.sums.view.forEach((sum, s) => {
        sums[s] += sum;
      });
      built.differentiate(kernels, workspace, tile, 1 / ROWS, gradients, begin > 0);
    }
    const slopes = gradients.map((gradient, l) => {
      const { rows: outDim, cols, indptr, indices } = matrices[l];
      const dense = CsrMatrix.fromParts({
        rows: outDim,
        cols,
        indptr,
        indices,
        values: gradient.weights.view,
      });
      return { weights: dense.toDense(), bias: gradient.bias.view.slice() };
    });
    return { score: loss.summarize(sums, ROWS, DIMS[2]), slopes };
  } finally {
    built.free();
    region.free();
  }
}

const cases = Object.keys(definitions).flatMap((name) =>
  [false, true].map((weighed) => ({ name, weighed, words: weighed ? 'with weights' : 'without weights' })),
);

describe.each(cases)('$name, $words', ({ name, weighed }) => {
  const network = drawNetwork(name);
  const problem = drawProblem(name, weighed);
  const isMatrix = problem.loss.targets !== 'labels';

  it('is its definition', () => {
    for (const isSparse of isMatrix ? [false, true] : [false]) {
      const { score } = computed(network, problem, isSparse);
      expect(score.loss).toBeCloseTo(meanLoss(network, problem), 5);
    }
  });

  it('has the gradient of finite differences', () => {
    const { slopes } = computed(network, problem, isMatrix);
    const h = 1e-6;
    const slope = (change: (by: number) => void): number => {
      change(h);
      const above = meanLoss(network, problem);
      change(-2 * h);
      const below = meanLoss(network, problem);
      change(h);
      return (above - below) / (2 * h);
    };
    network.weights.forEach((matrix, l) => {
      matrix.forEach((row, i) => {
        row.forEach((weight, j) => {
          if (weight === 0) return;
          const want = slope((by) => {
            row[j] += by;
          });
          expect(slopes[l].weights.data[i * row.length + j]).toBeCloseTo(want, 5);
        });
        const want = slope((by) => {
          network.bias[l][i] += by;
        });
        expect(slopes[l].bias[i]).toBeCloseTo(want, 5);
      });
    });
  });
});

describe('what a loss scores by', () => {
  it('of a regression is RMSE, MAE and R² by their definitions', () => {
    const network = drawNetwork('scores');
    const problem = drawProblem('mean-squared', true);
    const { score } = computed(network, problem, false);
    const errors = problem.x.map((row, r) => logitsOf(network, row).map((z, i) => z - problem.t[r][i]));
    expect(score.rmse).toBeCloseTo(Math.sqrt(mean(errors.flat().map((e) => e * e))), 5);
    expect(score.mae).toBeCloseTo(mean(errors.flat().map(Math.abs)), 5);
    const r2 = DIMS.slice(2).flatMap((outputs) =>
      Array.from({ length: outputs }, (_, i) => {
        const targets = problem.t.map((t) => t[i]);
        const center = mean(targets);
        const spread = targets.reduce((sum, t) => sum + (t - center) ** 2, 0);
        return 1 - errors.reduce((sum, e) => sum + e[i] ** 2, 0) / spread;
      }),
    );
    expect(score.r2).toBeCloseTo(mean(r2), 5);
    expect(score.accuracy).toBeNaN();
  });

  it('of several labels is subset accuracy and macro-F1 by their definitions', () => {
    const network = drawNetwork('labels');
    const problem = drawProblem('binary-cross-entropy', false);
    const { score } = computed(network, problem, true);
    const said = problem.x.map((row) => logitsOf(network, row).map((z) => Number(z > 0)));
    const right = said.filter((flags, r) => flags.every((flag, i) => flag === problem.t[r][i]));
    expect(score.accuracy).toBe(right.length / ROWS);
    const f1 = Array.from({ length: DIMS[2] }, (_, i) => {
      const pairs = said.map((flags, r) => [flags[i], problem.t[r][i]]);
      const count = (a: number, b: number): number => pairs.filter(([p, t]) => p === a && t === b).length;
      const precision = count(1, 1) / (count(1, 1) + count(1, 0));
      const recall = count(1, 1) / (count(1, 1) + count(0, 1));
      return count(1, 1) === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    });
    expect(score.macroF1).toBeCloseTo(mean(f1), 12);
  });

  it('of targets that are all alike is 1 where every answer is right, else 0', () => {
    const { summarize } = lossByName('mean-squared');
    // Loss, distance, then squares, targets and their squares of one output: three targets of 2.
    expect(summarize(Float64Array.of(0, 0, 0, 6, 12), 3, 1).r2).toBe(1);
    expect(summarize(Float64Array.of(0.5, 1, 1, 6, 12), 3, 1).r2).toBe(0);
  });
});

describe.each(Object.entries(torch.losses))('%s beside PyTorch', (name, { targets, plain, weighed }) => {
  const outputs = torch.logits[0].length;
  const rows = torch.logits.length;

  it.each([
    { words: 'without weights', want: plain, weights: undefined },
    { words: 'with weights', want: weighed, weights: Float32Array.from(torch.weights) },
  ])('is the same, and so is its gradient, $words', ({ want, weights }) => {
    const engine = getTrainingEngine();
    const region = new Region(engine.arena);
    // One full layer that hands its inputs on: the rows are the logits.
    const identity = { rows: outputs, cols: outputs, data: new Float32Array(outputs * outputs) };
    for (let i = 0; i < outputs; i++) identity.data[i * (outputs + 1)] = 1;
    const matrix = CsrMatrix.fromDense(identity);
    const network = new Network(engine, [matrix]);
    try {
      network.layers[0].values.view.set(matrix.values);
      const loss = lossByName(name, name === 'huber' ? { delta: 0.75 } : {});
      const matrixOf = (numbers: number[][]) => ({
        rows,
        cols: outputs,
        data: Float32Array.from(numbers.flat()),
      });
      const list = loadRows(region, {
        x: matrixOf(torch.logits),
        targets: Array.isArray(targets[0])
          ? matrixOf(targets as number[][])
          : Int32Array.from(targets as number[]),
        weights,
      });
      const workspace = network.allocateWorkspace(region, loss, true);
      let total = 0;
      for (let begin = 0; begin < rows; begin += TILE) {
        const tile = list.pack(engine.kernels, begin, rows, workspace);
        network.forward(engine.kernels, workspace);
        network.score(engine.kernels, workspace, tile);
        total += workspace.sums.view[0];
        network.backward(engine.kernels, workspace, tile, 1 / rows);
        const gradient = new Float32Array(engine.arena.memory.buffer, workspace.gradient, outputs * TILE);
        for (let b = 0; b < tile.count; b++) {
          for (let i = 0; i < outputs; i++) {
            expect(gradient[i * TILE + b]).toBeCloseTo(want.gradient[begin + b][i], 7);
          }
        }
      }
      const sums = new Float64Array(loss.countSums(outputs));
      sums[0] = total;
      expect(loss.summarize(sums, rows, outputs).loss).toBeCloseTo(want.loss, 6);
    } finally {
      network.free();
      region.free();
    }
  });
});
