// Whoever watches a training by its epochs' edits sees the network as it is.
import { describe, expect, it } from 'vitest';
import { type CsrMatrix, type Positions, SparseMLP } from '../../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const { x, y } = quadrants(200, 12);
const create = (method: MethodName) =>
  SparseMLP.create({ layers: [12, 40, 30, 4], epsilon: 4, seed: 3, topology: topologyByName(method) });
const options = { epochs: 6, batchSize: 50 };

const connectionsOf = ({ indptr, indices, rows }: CsrMatrix): string[] =>
  Array.from({ length: rows }, (_, r) =>
    Array.from(indices.slice(indptr[r], indptr[r + 1]), (column) => `${r},${column}`),
  ).flat();
const placesOf = ({ rows, cols }: Positions): string[] => Array.from(rows, (row, e) => `${row},${cols[e]}`);

describe.each(Object.keys(methods) as MethodName[])('the edits of %s', (method) => {
  it('lead from one epoch’s connections to the next one’s', async () => {
    const model = await create(method);
    const mirror = model.layers.map(({ weights }) => new Set(connectionsOf(weights)));
    let changed = 0;
    for await (const { epoch, edits, evolution } of model.train(x, y, { ...options, edits: true })) {
      expect(edits).toHaveLength(3);
      edits?.forEach(({ pruned, grown, random }, l) => {
        const counts = evolution?.layers[l];
        const [gone, come, drawn] = [pruned, grown, random].map(placesOf);
        for (const place of gone) expect(mirror[l].delete(place)).toBe(true);
        for (const place of come) expect(mirror[l].has(place)).toBe(false);
        for (const place of come) mirror[l].add(place);
        const inOrder = connectionsOf(model.layers[l].weights);
        expect(mirror[l]).toEqual(new Set(inOrder));
        // Row-major, as the connections are.
        expect(inOrder.filter((place) => come.includes(place))).toEqual(come);
        expect(come.filter((place) => drawn.includes(place))).toEqual(drawn);
        // The first epoch of a method that is wired before also has what the wiring changed.
        if (counts !== undefined && counts !== null && !(epoch === 1 && model.method === 'cte-rigl')) {
          expect(come.length).toBe(counts.grown);
          expect(gone.length).toBe(counts.pruned - counts.regrown);
          if (method === 'set') expect(drawn).toEqual(come);
          // What was drawn at random may have been pruned in the same update, and never went.
          expect(drawn.length).toBeLessThanOrEqual(counts.random);
          expect(drawn.length).toBeGreaterThanOrEqual(counts.random - counts.regrown);
        }
        if (['cte', 'rigl', 'momentum', 'prune', 'snip'].includes(method)) expect(drawn).toEqual([]);
        changed += come.length + gone.length;
      });
    }
    expect(changed > 0).toBe(!['static', 'dense'].includes(method));
    model.dispose();
  });

  it('change nothing, and are kept nowhere', async () => {
    const [watched, plain] = [await create(method), await create(method)];
    const seen: boolean[] = [];
    const history = await watched.fit(x, y, {
      ...options,
      edits: true,
      onEpoch: (epoch) => seen.push('edits' in epoch),
    });
    await plain.fit(x, y, { ...options, onEpoch: (epoch) => seen.push('edits' in epoch) });
    expect(seen).toEqual([...Array(6).fill(true), ...Array(6).fill(false)]);
    expect(history.epochs.some((epoch) => 'edits' in epoch)).toBe(false);
    expect(await sha256(watched.save())).toBe(await sha256(plain.save()));
    expect(watched.checkpoint().length).toBeLessThan(plain.checkpoint().length + 500);
    watched.dispose();
    plain.dispose();
  });
});
