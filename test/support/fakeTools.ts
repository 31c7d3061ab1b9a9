import { randomStream } from '../../src/base/random.ts';
import { checkCsr } from '../../src/matrix/canonical.ts';
import type { CsrPattern, Positions } from '../../src/matrix/pattern.ts';
import { randomPattern } from '../../src/matrix/sampling.ts';
import { type Activation, relu } from '../../src/nn/activation.ts';
import { runNow, type Work } from '../../src/run/turns.ts';
import { planEdit } from '../../src/topology/edit.ts';
import type {
  Edit,
  Evolved,
  EvolvingLayer,
  EvolvingNetwork,
  GrowthTools,
  Progress,
  RowSample,
  ScoreKind,
  StartTools,
  Topology,
} from '../../src/topology/topology.ts';

// A network of plain arrays for tests of topology methods, and tools whose answers are found by brute force:
// dense matrices in double precision, every position looked at.

/** A small network with rows to train on, as tests describe it. */
export interface FakeModel {
  readonly patterns: readonly CsrPattern[];
  readonly weights: readonly Float32Array[];
  /** By layer; absent: 0. */
  readonly biases?: readonly ArrayLike<number>[];
  /** Arrays of the optimiser, by layer. */
  readonly slots?: readonly (readonly Float32Array[])[];
  /** `[rows, inDim]`. */
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly progress?: Partial<Progress>;
  readonly seed?: number;
  /** Of the hidden layers; absent: ReLU. */
  readonly activation?: Activation;
}

/** A network of random patterns, weights and rows. */
export function fakeModel(
  dims: readonly number[],
  counts: readonly number[],
  { seed = 1, rows = 40, ...others }: Partial<FakeModel> & { readonly rows?: number } = {},
): FakeModel {
  const random = randomStream(seed, 'fake');
  const signed = (): number => random.next() * 2 - 1;
  const patterns = counts.map((nnz, l) => randomPattern(dims[l + 1], dims[l], nnz, random));
  return {
    patterns,
    weights: patterns.map(({ indices }) => Float32Array.from(indices, signed)),
    x: Array.from({ length: rows }, () => Array.from({ length: dims[0] }, signed)),
    y: Array.from({ length: rows }, () => random.below(dims[dims.length - 1])),
    seed,
    ...others,
  };
}

/** The network as methods see it. */
export function fakeNetwork({ patterns, weights, slots, progress, x }: FakeModel): EvolvingNetwork {
  const layers = patterns.map((pattern, index): EvolvingLayer => {
    const { rows, cols, indices } = pattern;
    const shape = { index, inDim: cols, outDim: rows, nnz: indices.length };
    return { ...shape, pattern, weights: weights[index], optimizerState: () => slots?.[index] ?? [] };
  });
  const defaults = { step: 50, steps: 100, epoch: 5, epochs: 10, isEpochEnd: true, accuracy: 0.5 };
  return { layers, progress: { ...defaults, rows: x.length, batchSize: 10, ...progress } };
}

/** Entry (row, column) of every layer's dense matrix, row-major. */
export function denseWeights({ patterns, weights }: FakeModel): Float64Array[] {
  return patterns.map(({ rows, cols, indptr, indices }, l) => {
    const dense = new Float64Array(rows * cols);
    for (let r = 0; r < rows; r++) {
      for (let p = indptr[r]; p < indptr[r + 1]; p++) dense[r * cols + indices[p]] = weights[l][p];
    }
    return dense;
  });
}

/** Activations of every layer of neurons and δ at every layer's sums, `[row][neuron]`. */
export function propagate(dense: readonly Float64Array[], model: FakeModel, rows: readonly number[]) {
  const { patterns, biases, x, y, activation = relu() } = model;
  return rows.map((row) => {
    const activations = [[...x[row]]];
    const allSums: number[][] = [];
    patterns.forEach(({ rows: outDim, cols }, l) => {
      const sums = Array.from({ length: outDim }, (_, b) =>
        activations[l].reduce((sum, a, i) => sum + dense[l][b * cols + i] * a, biases?.[l][b] ?? 0),
      );
      const exponentials = sums.map((sum) => Math.exp(sum - Math.max(...sums)));
      const total = exponentials.reduce((sum, e) => sum + e, 0);
      const isLast = l === patterns.length - 1;
      allSums.push(sums);
      const slope = activation.slope(l + 1);
      const bent = sums.map((sum) => (sum > 0 ? sum : slope * sum + 0));
      activations.push(isLast ? exponentials.map((e) => e / total) : bent);
    });
    const deltas: number[][] = [];
    for (let l = patterns.length - 1; l >= 0; l--) {
      const { cols } = patterns[Math.min(l + 1, patterns.length - 1)];
      deltas[l] = activations[l + 1].map((a, b) => {
        if (l === patterns.length - 1) return a - (b === y[row] ? 1 : 0);
        const behind = deltas[l + 1].reduce((sum, d, j) => sum + dense[l + 1][j * cols + b] * d, 0);
        return allSums[l][b] > 0 ? behind : activation.slope(l + 1) * behind + 0;
      });
    }
    return { activations, deltas };
  });
}

/** The mean gradient by every position of every layer, `[outDim, inDim]` row-major. */
export function denseGradients(
  model: FakeModel,
  rows: readonly number[] = [...model.x.keys()],
  dense: readonly Float64Array[] = denseWeights(model),
): Float64Array[] {
  const passes = propagate(dense, model, rows);
  return model.patterns.map(({ rows: outDim, cols }, l) => {
    const gradient = new Float64Array(outDim * cols);
    for (const { activations, deltas } of passes) {
      for (let b = 0; b < outDim; b++) {
        for (let a = 0; a < cols; a++) gradient[b * cols + a] += deltas[l][b] * activations[l][a];
      }
    }
    return gradient.map((sum) => sum / rows.length);
  });
}

/**
 * The score of every position of every layer over some rows, `[outDim, inDim]` row-major: the cosine,
 * or the mean gradient.
 */
export function denseScores(model: FakeModel, by: ScoreKind, rows: readonly number[]): Float64Array[] {
  if (by === 'gradient') return denseGradients(model, rows);
  const passes = propagate(denseWeights(model), model, rows);
  const ofNeuron = (l: number, neuron: number): number[] =>
    passes.map(({ activations }) => activations[l][neuron]);
  const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
  return model.patterns.map(({ rows: outDim, cols }, l) => {
    const inputs = Array.from({ length: cols }, (_, i) => ofNeuron(l, i));
    const outputs = Array.from({ length: outDim }, (_, b) => ofNeuron(l + 1, b));
    return Float64Array.from({ length: outDim * cols }, (_, p) => {
      const [a, b] = [inputs[p % cols], outputs[Math.floor(p / cols)]];
      return dot(a, b) === 0 ? 0 : dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    });
  });
}

/** By layer and CSR position, 1 for a connection that carries a signal for one of the rows: path by path. */
export function carryingPaths(model: FakeModel, rows: readonly number[]): number[][] {
  return carryingByPath(model, rows).map(({ connections }) => connections);
}

/**
 * The same with the neurons: inputs that are not 0 for one of the rows, and outputs that pass a gradient and
 * lead on. ReLU passes none where the output is 0 for all of them.
 */
export function carryingByPath(
  model: FakeModel,
  rows: readonly number[],
): { connections: number[]; inputs: number[]; outputs: number[] }[] {
  const { patterns, weights, activation = relu() } = model;
  const passes = propagate(denseWeights(model), model, rows);
  const passesOn = (l: number, neuron: number): boolean => activation.slope(l) !== 0 || fires(l, neuron);
  const fires = (l: number, neuron: number): boolean =>
    l === patterns.length || passes.some(({ activations }) => activations[l][neuron] !== 0);
  const known = new Map<string, boolean>();
  const reaches = (l: number, neuron: number): boolean => {
    if (l === patterns.length) return true;
    const name = `${l},${neuron}`;
    const before = known.get(name);
    if (before !== undefined) return before;
    const { rows: outDim, indptr, indices } = patterns[l];
    let isFound = false;
    for (let b = 0; b < outDim; b++) {
      for (let p = indptr[b]; p < indptr[b + 1]; p++) {
        const leads = indices[p] === neuron && weights[l][p] !== 0;
        if (leads && passesOn(l + 1, b) && reaches(l + 1, b)) isFound = true;
      }
    }
    known.set(name, isFound);
    return isFound;
  };
  return patterns.map(({ rows: outDim, cols, indptr, indices }, l) => {
    const connections = Array.from(indices, () => 0);
    const inputs = Array.from({ length: cols }, (_, a) => (fires(l, a) ? 1 : 0));
    const outputs = Array.from({ length: outDim }, (_, b) =>
      passesOn(l + 1, b) && reaches(l + 1, b) ? 1 : 0,
    );
    for (let b = 0; b < outDim; b++) {
      for (let p = indptr[b]; p < indptr[b + 1]; p++) {
        if (outputs[b] === 1 && weights[l][p] !== 0 && inputs[indices[p]] === 1) connections[p] = 1;
      }
    }
    return { connections, inputs, outputs };
  });
}

/** What a method asked for: the positions that it had scored, and the rows of every sample. */
export interface Asked {
  readonly scored: (readonly (Positions | undefined)[])[];
  readonly samples: number[][];
  replaced: readonly ({ pattern: CsrPattern; weights: Float32Array } | undefined)[] | undefined;
}

/** Brute-force tools for a model. */
export function fakeTools(model: FakeModel): { tools: StartTools; asked: Asked } {
  const { patterns, weights, x, seed = 1 } = model;
  const asked: Asked = { scored: [], samples: [], replaced: undefined };
  const rowsOf = new Map<RowSample, number[]>();
  const random: GrowthTools['random'] = (purpose) => randomStream(seed, purpose);
  const rows = (sample: RowSample): number[] => rowsOf.get(sample) ?? [];
  const atConnections = (dense: readonly Float64Array[]): Float32Array[] =>
    patterns.map(({ rows: outDim, cols, indptr, indices }, l) => {
      const values = new Float32Array(indices.length);
      for (let r = 0; r < outDim; r++) {
        for (let p = indptr[r]; p < indptr[r + 1]; p++) values[p] = dense[l][r * cols + indices[p]];
      }
      return values;
    });
  const byNeuron = (sample: RowSample) => {
    const passes = propagate(denseWeights(model), model, rows(sample));
    const turn = (lists: readonly number[][]): number[][] =>
      lists[0].map((_, neuron) => lists.map((list) => list[neuron]));
    return {
      activations: [0, ...patterns.map((_, l) => l + 1)].map((l) =>
        turn(passes.map((pass) => pass.activations[l])),
      ),
      deltas: patterns.map((_, l) => turn(passes.map((pass) => pass.deltas[l]))),
    };
  };
  const scores = (by: ScoreKind, sample: RowSample): Float64Array[] => denseScores(model, by, rows(sample));
  const tools: StartTools = {
    random,
    weakest(layer, count, strengths = weights[layer]) {
      const order = [...strengths.keys()].sort(
        (p, q) => Math.abs(strengths[p]) - Math.abs(strengths[q]) || p - q,
      );
      return Int32Array.from(order.slice(0, count)).sort();
    },
    sampleRows(count, purpose = 'rows') {
      const all = Int32Array.from(x.keys());
      random(purpose).shuffle(all);
      const chosen = [...all.slice(0, Math.min(count, all.length))];
      const sample = { length: chosen.length };
      rowsOf.set(sample, chosen);
      asked.samples.push(chosen);
      return sample;
    },
    *carrying(sample) {
      yield;
      return carryingByPath(model, rows(sample)).map(({ connections, inputs, outputs }) => ({
        connections: Uint8Array.from(connections),
        inputs: Uint8Array.from(inputs),
        outputs: Uint8Array.from(outputs),
      }));
    },
    *activations(sample) {
      yield;
      return byNeuron(sample).activations.map((neurons) => Float32Array.from(neurons.flat()));
    },
    *gradients(sample) {
      yield;
      return atConnections(denseGradients(model, rows(sample)));
    },
    *neuronSums(sample, kind) {
      yield;
      const { activations, deltas } = byNeuron(sample);
      const signs = random('signs');
      const sign = rows(sample).map(() => (signs.next() < 0.5 ? -1 : 1));
      const sum = (values: number[]): number =>
        kind === 'absolute'
          ? values.reduce((whole, value) => whole + Math.abs(value), 0)
          : Math.abs(values.reduce((whole, value, i) => whole + sign[i] * value, 0));
      return patterns.map((_, l) => ({
        inputs: Float64Array.from(activations[l], sum),
        outputs: Float64Array.from(deltas[l], sum),
      }));
    },
    *scoreAt(positions, by, sample) {
      yield;
      asked.scored.push(positions);
      const dense = scores(by, sample);
      return positions.map((list, l) => {
        const { cols } = patterns[l];
        return list && Float32Array.from(list.rows, (row, q) => dense[l][row * cols + list.cols[q]]);
      });
    },
    *likeliest(wanted, by, sample) {
      yield;
      const dense = scores(by, sample);
      return wanted.map((wish, l) => wish && largestOutside(wish.kept, dense[l], wish.count));
    },
    *initialGradients(sample) {
      yield;
      const draw = random('dense');
      const dense = patterns.map(({ rows: outDim, cols }) =>
        Float64Array.from(Float32Array.from({ length: outDim * cols }, () => draw.next() - 0.5)),
      );
      const gradients = denseGradients(model, rows(sample), dense);
      return dense.map((initial, l) => ({
        weights: Float32Array.from(initial),
        gradient: Float32Array.from(gradients[l]),
      }));
    },
    replace(layers) {
      asked.replaced = layers;
    },
  };
  return { tools, asked };
}

/** The positions outside a pattern of largest |score|, in row-major order; ties go to the lower one. */
export function largestOutside(kept: CsrPattern, dense: ArrayLike<number>, count: number): Positions {
  const { cols } = kept;
  const taken = new Set(keysOf(kept));
  const free = Array.from({ length: kept.rows * cols }, (_, key) => key).filter((key) => !taken.has(key));
  const best = free.sort((p, q) => Math.abs(dense[q]) - Math.abs(dense[p]) || p - q).slice(0, count);
  const keys = best.sort((p, q) => p - q);
  return {
    rows: Int32Array.from(keys, (key) => Math.floor(key / cols)),
    cols: Int32Array.from(keys, (key) => key % cols),
  };
}

/** row · cols + col of every connection, ascending. */
export function keysOf({ rows, cols, indptr, indices }: CsrPattern): number[] {
  return Array.from({ length: rows }, (_, r) =>
    Array.from(indices.subarray(indptr[r], indptr[r + 1]), (c) => r * cols + c),
  ).flat();
}

/** row · cols + col of positions. */
export function keysOfPositions({ rows, cols }: Positions, width: number): number[] {
  return Array.from(rows, (row, q) => row * width + cols[q]);
}

/** What a method or a tool returns, whether or not it is work. */
export function finish<T extends object>(work: Work<T> | T): T {
  return 'next' in work ? runNow(work) : work;
}

/** One update of a model. The edits are checked as the package checks them. */
export function evolveOnce<S>(
  method: Topology<S>,
  model: FakeModel,
  states: readonly S[],
): {
  readonly evolved: Evolved<S>;
  readonly edits: readonly (Edit | undefined)[];
  readonly patterns: readonly CsrPattern[];
  readonly asked: Asked;
} {
  const { tools, asked } = fakeTools(model);
  if (method.evolve === undefined) throw new Error(`${method.name} does not evolve`);
  const evolved = finish(method.evolve(fakeNetwork(model), states, tools));
  const edits = evolved.edits;
  const patterns = model.patterns.map((pattern, l) => {
    const edit = edits[l];
    if (edit === undefined) return pattern;
    const after = planEdit(pattern, edit).pattern;
    checkCsr(after);
    return after;
  });
  JSON.parse(JSON.stringify(evolved.states));
  return { evolved, edits, patterns, asked };
}
