import { describe, expect, it } from 'vitest';
import { SparseMLP } from '../../../../src/index.ts';
import { checkCsr } from '../../../../src/matrix/canonical.ts';
import { METHOD_NAMES, type MethodName, methods, topologyByName } from '../../../../src/topology/methods.ts';
import { quadrants } from '../../../support/problems.ts';

const dims = [40, 60, 60, 4];
const { x, y } = quadrants(300, 40);
const epochs = 5;

/** The method's defaults, its published options, and every other choice it offers. */
function variants(name: MethodName): Record<string, unknown>[] {
  const { options } = methods[name];
  const every = 'every' in options ? { every: 7 } : {};
  const choices = Object.entries(options).flatMap(([key, option]) =>
    option.kind === 'choice'
      ? option.choices
          .filter((choice) => choice !== option.default)
          .map((choice) => ({ [key]: choice, ...every }))
      : [],
  );
  const published = { preset: 'published', ...every };
  return [{}, every, { preset: 'published' }, published, ...choices];
}

const cases = METHOD_NAMES.flatMap((name) => {
  const distinct = new Map(
    variants(name).map((options) => [JSON.stringify(topologyByName(name, options).options), options]),
  );
  return [...distinct.values()].map((options) => ({ name, options }));
});

/** Connections of every layer at the start and after each epoch, and the model's bytes in the end. */
async function train(name: MethodName, options: Record<string, unknown>) {
  const topology = topologyByName(name, options);
  const model = await SparseMLP.create({ layers: dims, epsilon: 2, seed: 3, topology });
  const counts = [model.layers.map(({ nnz }) => nnz)];
  const losses: number[] = [];
  let changed = 0;
  for await (const { loss, evolution } of model.train(x, y, { epochs, batchSize: 20 })) {
    losses.push(loss);
    counts.push(model.layers.map(({ nnz }) => nnz));
    for (const { weights } of model.layers) checkCsr(weights);
    changed += evolution?.layers.reduce((sum, layer) => sum + (layer?.pruned ?? 0), 0) ?? 0;
  }
  const bytes = model.save();
  model.dispose();
  return { topology, counts, losses, changed, bytes };
}

describe('a whole training', () => {
  it.each(cases)('of $name with $options keeps the network whole', async ({ name, options }) => {
    const { topology, counts, losses, changed, bytes } = await train(name, options);
    const asked = counts[0];
    const total = (list: number[]): number => list.reduce((sum, nnz) => sum + nnz, 0);
    const isSoft = topology.options.memoryBound === 'soft';
    const full = dims.slice(1).map((outDim, l) => outDim * dims[l]);
    for (const [epoch, list] of counts.entries()) {
      if (epoch > 0 && (topology.startsFull || isSoft)) {
        expect(total(list)).toBeLessThanOrEqual(total(counts[epoch - 1]));
      } else expect(total(list)).toBe(total(asked));
      list.forEach((nnz, l) => {
        expect(nnz).toBeGreaterThan(0);
        if (asked[l] < full[l]) expect(nnz).toBeLessThan(full[l]);
      });
    }
    if (isSoft || name === 'prune') expect(counts.at(-1)).toEqual([200, 240, 128]);
    if (name === 'dense') expect(asked).toEqual(full);
    expect(losses.every(Number.isFinite)).toBe(true);
    // On so few rows an update would take more than its share of the steps.
    const isThrifty = Number(topology.options.growthShare ?? 0) > 0 && topology.options.every === 0;
    const isShort = Number(topology.options.every ?? 0) < 75 || name === 'prune' || isSoft;
    expect(changed > 0).toBe(topology.evolve !== undefined && !isThrifty && isShort);
    const again = await train(name, options);
    expect(Buffer.from(again.bytes).equals(bytes)).toBe(true);
  });
});
