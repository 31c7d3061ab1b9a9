import { describe, expect, it } from 'vitest';
import { createSnip } from '../../../../src/topology/methods/snip.ts';
import {
  type FakeModel,
  fakeModel,
  fakeNetwork,
  fakeTools,
  finish,
  keysOf,
} from '../../../support/fakeTools.ts';

/** What snip starts with, and the sensitivity of every position. */
function startSnip(model: FakeModel, ranking: 'layer' | 'network') {
  const { tools, asked } = fakeTools(model);
  const states = model.patterns.map(() => null);
  const method = createSnip({ ranking });
  if (method.start === undefined) throw new Error('snip has no start');
  finish(method.start(fakeNetwork(model), states, tools) as never);
  const initial = finish(tools.initialGradients(tools.sampleRows(10)));
  const sensitivities = initial.map(({ weights, gradient }) =>
    [...weights].map((weight, p) => Math.abs(Math.fround(weight * gradient[p]))),
  );
  const chosen = asked.replaced?.map((layer) => ({
    keys: layer === undefined ? [] : keysOf(layer.pattern),
    weights: layer?.weights,
  }));
  return { chosen: chosen ?? [], initial, sensitivities, asked };
}

describe('snip', () => {
  const model = fakeModel([15, 12, 10, 4], [30, 25, 12], { seed: 2 });

  it('keeps in each layer the connections of largest |gradient · weight|, with their weights', () => {
    const { chosen, initial, sensitivities, asked } = startSnip(model, 'layer');
    expect(asked.samples[0]).toHaveLength(10);
    chosen.forEach(({ keys, weights }, l) => {
      const s = sensitivities[l];
      const best = [...s.keys()].sort((p, q) => s[q] - s[p] || p - q).slice(0, [30, 25, 12][l]);
      expect(keys).toEqual(best.sort((p, q) => p - q));
      expect([...(weights ?? [])]).toEqual(keys.map((key) => initial[l].weights[key]));
    });
  });

  it('ranks the whole network at once, as published', () => {
    const { chosen, sensitivities } = startSnip(model, 'network');
    const all = sensitivities.flatMap((list, l) => list.map((s, key) => ({ s, l, key })));
    const best = all.sort((a, b) => b.s - a.s || a.l - b.l || a.key - b.key).slice(0, 67);
    const expected = chosen.map((_, l) =>
      best.flatMap((entry) => (entry.l === l ? [entry.key] : [])).sort((p, q) => p - q),
    );
    expect(chosen.map(({ keys }) => keys)).toEqual(expected);
    expect(expected.map(({ length }) => length)).not.toEqual([30, 25, 12]);
    expect(createSnip({ preset: 'published' }).options).toEqual({ ranking: 'network' });
  });

  it('leaves each layer a connection, and lets none become full that was not to be', () => {
    // No signal at all: every sensitivity is 0, and the first layer would win all ties.
    const blind = { ...model, x: model.x.map((row) => row.map(() => 0)) };
    expect(startSnip(blind, 'network').chosen.map(({ keys }) => keys.length)).toEqual([65, 1, 1]);
    const narrow = fakeModel([15, 12, 2, 2], [60, 20, 3], { seed: 2 });
    const counts = startSnip(narrow, 'network').chosen.map(({ keys }) => keys.length);
    expect(counts.reduce((sum, n) => sum + n, 0)).toBe(83);
    expect(counts[2]).toBe(3);
    const full = fakeModel([15, 12, 2, 2], [60, 20, 4], { seed: 2 });
    expect(startSnip(full, 'network').chosen[2].keys).toHaveLength(4);
  });
});
