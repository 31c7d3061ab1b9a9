// Parts of the playground that need no browser.
import { describe, expect, it } from 'vitest';
import { fromAddress, toAddress, widths } from '../../examples/playground/address.ts';
import { axisEnd, epochTicks } from '../../examples/playground/curves.ts';
import { drawDigits } from '../../examples/playground/digits.ts';
import { type Experiment, FIRST } from '../../examples/playground/experiment.ts';
import { Frames } from '../../examples/playground/frames.ts';
import { pixelAt } from '../../examples/playground/inputPicture.ts';
import { lookAtNetwork } from '../../examples/playground/networkLook.ts';
import { neuronFacts } from '../../examples/playground/neuronFacts.ts';
import { cosine, sine } from '../../examples/shared/random.ts';
import { CsrMatrix } from '../../src/index.ts';

describe('an experiment in the address', () => {
  const other: Experiment = {
    ...{ data: 'digits', most: 500, hidden: [40, 20], epochs: 4, batchSize: 10, seed: 7 },
    a: { method: 'set', density: 0.5, preset: 'paper' },
    b: undefined,
  };

  it('comes back as it was', () => {
    expect(toAddress(FIRST)).toBe('');
    for (const experiment of [FIRST, other, { ...other, b: { ...FIRST.a, density: 12.5 } }]) {
      expect(fromAddress(`#${toAddress(experiment)}`)).toEqual({ experiment, problems: [] });
    }
  });

  it.each([
    'epochs=0',
    'epochs=1.5',
    'epochs=1e3',
    'seed=-1',
    'data=own',
    'hidden=0',
    'hidden=1-2-3-4-5-6-7-8-9',
    'hidden=x',
    'a=set',
    'a=set_0',
    'a=set_101',
    'a=set_2_other',
    'a=set_2_paper_3',
    'a=off',
    'rows=9',
    'nothing=1',
  ])('is the first one where it says %s, and tells', (text) => {
    const { experiment, problems } = fromAddress(text);
    expect(experiment).toEqual(FIRST);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(text.split('=')[0]);
  });

  it('takes widths with commas, blanks and dashes', () => {
    expect(widths(' 200, 100 50-3 ')).toEqual([200, 100, 50, 3]);
    expect(widths('')).toBeUndefined();
  });
});

describe('the frames of a training', () => {
  it('are all kept of a short one, and evenly spaced ones of a long one, with the latest', () => {
    const frames = new Frames();
    for (let epoch = 0; epoch <= 10_000; epoch++) {
      const scores = {
        loss: 1,
        accuracy: 0,
        valAccuracy: epoch === 777 ? 0.9 : 0.5,
        trainSeconds: 0.01,
        seconds: 1,
      };
      frames.add({ epoch, ...(epoch > 0 && { scores }) });
      expect(frames.last?.epoch).toBe(epoch);
      if (epoch === 300) expect(frames.all).toHaveLength(301);
    }
    expect(frames.all.length).toBeLessThanOrEqual(400);
    expect(frames.all.length).toBeGreaterThan(150);
    const steps = frames.all.slice(1, -1).map(({ epoch }, at) => epoch - frames.all[at].epoch);
    expect(new Set(steps).size).toBe(1);
    expect(frames.best).toEqual({ epoch: 777, accuracy: 0.9 });
    expect(frames.secondsPerEpoch).toBe(0.01);
    const shown = frames.at(5000)?.epoch ?? -1;
    expect(shown).toBeLessThanOrEqual(5000);
    expect(5000 - shown).toBeLessThan(steps[0]);
    expect(frames.at(0)?.epoch).toBe(0);
  });
});

describe('the axis of epochs', () => {
  it('is whole for a short training, and grows with a long one', () => {
    expect(axisEnd(40, 0)).toBe(40);
    expect(axisEnd(100_000, 3)).toBe(50);
    expect(axisEnd(100_000, 1000)).toBe(2000);
    expect(axisEnd(100_000, 99_000)).toBe(100_000);
    expect(axisEnd(300, 290)).toBe(300);
  });

  it('has ticks that are round and have room', () => {
    expect(epochTicks(100_000, 10)).toEqual([20_000, 40_000, 60_000, 80_000, 100_000]);
    expect(epochTicks(100_000, 2)).toEqual([50_000, 100_000]);
    expect(epochTicks(40, 10)).toEqual([10, 20, 30, 40]);
  });
});

describe('sines', () => {
  it('are those of the host but for rounding', () => {
    for (let x = -10; x <= 10; x += 0.01) {
      expect(Math.abs(sine(x) - Math.sin(x))).toBeLessThan(1e-14);
      expect(Math.abs(cosine(x) - Math.cos(x))).toBeLessThan(1e-14);
    }
  });

  it('make digits of these very bits', () => {
    const { data, labels } = drawDigits(40, 1);
    let hash = 0;
    for (const word of new Int32Array(data.buffer)) hash = (Math.imul(hash, 31) + word) | 0;
    for (const label of labels) hash = (Math.imul(hash, 31) + label) | 0;
    expect(hash).toBe(HASH);
  });
});

describe('a picture whose columns come first', () => {
  it('is turned upright', () => {
    // Inputs 0, 1, 2 are the first column from top to bottom.
    expect([0, 1, 2, 3].map((input) => pixelAt(input, 3, true))).toEqual([0, 3, 6, 1]);
    expect([0, 1, 2, 3].map((input) => pixelAt(input, 3, false))).toEqual([0, 1, 2, 3]);
  });
});

describe('what is drawn of a network, and told of a neuron', () => {
  // 30 inputs, 25 hidden neurons, 2 answers: input 7 leads through hidden 3 to answer 1 most strongly.
  const first = new Float32Array(25 * 30);
  for (let i = 0; i < 25; i++) first[i * 30 + i] = 0.1;
  first[3 * 30 + 7] = -2;
  const second = new Float32Array(2 * 25).fill(0.1);
  second[25 + 3] = 5;
  const weights = [
    CsrMatrix.fromDense({ rows: 25, cols: 30, data: first }),
    CsrMatrix.fromDense({ rows: 2, cols: 25, data: second }),
  ];
  const none = { rows: new Int32Array(0), cols: new Int32Array(0) };
  const one = (i: number, j: number) => ({ rows: Int32Array.of(i), cols: Int32Array.of(j) });

  it('is the strongest neurons, with the rest in a group', () => {
    const look = lookAtNetwork(weights, [
      { pruned: one(4, 7), grown: one(3, 7), random: none },
      { pruned: none, grown: none, random: none },
    ]);
    expect(look.layers.map(({ size, neurons }) => [size, neurons.length])).toEqual([
      [30, 21],
      [25, 17],
      [2, 2],
    ]);
    const at = (layer: number, neuron: number): number =>
      look.layers[layer].neurons.findIndex((drawn) => drawn.neuron === neuron);
    expect(look.layers[0].neurons[at(0, 7)].strength).toBe(1);
    expect(look.layers[1].neurons[at(1, 3)].strength).toBe(1);
    const link = look.links[0].find(({ from, to }) => from === at(0, 7) && to === at(1, 3));
    expect(link).toEqual({ from: at(0, 7), to: at(1, 3), weight: -2, state: 'scored' });
    expect(look.changes).toEqual({ pruned: 1, grown: 1, random: 0 });
    // Everything is drawn: single connections, and groups with the sum of the rest.
    const sum = look.links[1].reduce((total, { weight }) => total + Math.abs(weight), 0);
    expect(sum).toBeCloseTo(5 + 49 * 0.1, 4);
  });

  it('is what moves it, and when it fires', () => {
    const layers = weights.map((matrix) => ({ weights: matrix, bias: new Float32Array(matrix.rows) }));
    const x = { rows: 4, cols: 30, data: new Float32Array(120) };
    // Two rows lower input 7, which raises hidden 3; their class is 1.
    x.data[7] = x.data[30 + 7] = -1;
    x.data[60 + 7] = 1;
    const labels = Int32Array.of(1, 1, 0, 0);
    const kind = { isPicture: false, isRelu: true };
    const told = neuronFacts(layers, 1, 3, x, labels, 2, kind);
    expect([told.incoming, told.outgoing, told.fires]).toEqual([2, 2, 0.5]);
    expect(told.inputs[0]).toEqual({ input: 7, weight: -2 });
    const answer = neuronFacts(layers, 2, 1, x, labels, 2, kind);
    expect(answer.inputs[0].input).toBe(7);
    expect(answer.inputs[0].weight).toBeCloseTo(-10 + 0.1 * 0.1, 5);
    expect(answer.outgoing).toBe(0);
    expect(neuronFacts(layers, 1, 3, x, labels, 2, { ...kind, isRelu: false }).fires).toBeUndefined();
  });
});

/** Of 40 digits; every browser has to come to it. */
const HASH = 936_650_147;
