// Topology methods, initialisers and optimisers that a caller wrote.
import { describe, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import { CsrMatrix, initializer, optimizer, SparseMLP, type Topology, topology } from '../../../src/index.ts';
import { spmm } from '../../../src/kernels/index.ts';
import { noPositions } from '../../../src/matrix/pattern.ts';
import { METHOD_NAMES, topologyByName } from '../../../src/topology/methods.ts';

const layers = [6, 20, 20, 3];
const x = { rows: 40, cols: 6, data: Float32Array.from({ length: 240 }, (_, e) => Math.sin(e)) };
const y = Int32Array.from({ length: 40 }, (_, r) => r % 3);

/** Multiplies a matrix so large that the kernels' memory has to grow. */
function growMemory(): void {
  const size = getEngine().arena.memory.buffer.byteLength / Float32Array.BYTES_PER_ELEMENT;
  const one = CsrMatrix.fromDense({ rows: 1, cols: 1, data: Float32Array.of(1) });
  spmm(one, { rows: 1, cols: size, data: new Float32Array(size) });
}

describe('what a method of one’s own is shown', () => {
  it('stays readable when the method calls kernels that make the memory grow', async () => {
    const set = topology.set();
    const seen: number[][] = [];
    const own: Topology<null> = {
      ...set,
      evolve(network, states, tools) {
        const [{ weights }] = network.layers;
        growMemory();
        for (const layer of network.layers) {
          seen.push([layer.weights.length, layer.pattern.indices.length, layer.nnz]);
          expect(layer.weights.every(Number.isFinite)).toBe(true);
        }
        expect(weights.every(Number.isFinite)).toBe(true);
        expect(weights).toBe(network.layers[0].weights);
        return set.evolve?.(network, states, tools) ?? expect.fail('it does not evolve');
      },
    };
    const model = await SparseMLP.create({ layers, epsilon: 1, topology: own });
    await model.fit(x, y, { epochs: 2 });
    expect(seen).toHaveLength(3);
    for (const [weights, indices, nnz] of seen) expect([weights, indices]).toEqual([nnz, nnz]);
    model.dispose();
  });

  it('stays readable before the first step, too', async () => {
    const seen: number[][] = [];
    const own: Topology<null> = {
      ...topology.fixed(),
      *start(network, states, tools) {
        const found = yield* tools.initialGradients(tools.sampleRows(40));
        growMemory();
        found.forEach(({ weights, gradient }, l) => {
          const { inDim, outDim } = network.layers[l];
          expect([...weights, ...gradient].every(Number.isFinite)).toBe(true);
          seen.push([weights.length, gradient.length, inDim * outDim]);
        });
        return states;
      },
    };
    const model = await SparseMLP.create({ layers, epsilon: 1, topology: own });
    await model.fit(x, y, { epochs: 1 });
    expect(seen).toHaveLength(3);
    for (const [weights, gradient, all] of seen) expect([weights, gradient]).toEqual([all, all]);
    model.dispose();
  });

  it('is a copy: a method that writes to it changes no weight', async () => {
    const { evolve: _, ...rest } = topology.set();
    const fit = async (write: boolean): Promise<Uint8Array> => {
      const own: Topology<null> = {
        ...rest,
        evolve(network, states, tools) {
          const edits = network.layers.map((layer, l) => {
            const prune = tools.weakest(l, 1);
            if (write) {
              layer.weights.fill(7);
              layer.pattern.indices.fill(0);
              layer.pattern.indptr.fill(0);
              for (const slot of layer.optimizerState()) slot.fill(7);
            }
            return { prune, grow: noPositions, random: noPositions };
          });
          return { edits, states, shrinks: true };
        },
      };
      const model = await SparseMLP.create({ layers, epsilon: 1, topology: own });
      await model.fit(x, y, { epochs: 3 });
      const bytes = model.save();
      model.dispose();
      return bytes;
    };
    expect(Buffer.from(await fit(true)).equals(await fit(false))).toBe(true);
  });
});

describe('a property that is none', () => {
  const create = (options: object): Promise<SparseMLP> => SparseMLP.create({ layers, ...options });
  const refused = (sentence: RegExp): unknown =>
    expect.objectContaining({ code: 'E_ARGUMENT', message: expect.stringMatching(sentence) });

  it.each<[string, object, RegExp]>([
    [
      'of a topology',
      { topology: { ...topology.set(), evolves: () => 1 } },
      /^topology has no property "evolves"; expected any of name, options, .*evolve/,
    ],
    [
      'of an initializer',
      { initializer: { ...initializer.glorot(), bounds: () => 1 } },
      /^initializer has no property "bounds"; expected any of name, options, bound$/,
    ],
    [
      'of a growInitializer without a prototype',
      { growInitializer: Object.assign(Object.create(null), initializer.zeros(), { gain: 2 }) },
      /^growInitializer has no property "gain"/,
    ],
  ])('is refused: %s', async (_, options, sentence) => {
    await expect(create(options)).rejects.toEqual(refused(sentence));
  });

  it('is refused: of an optimizer', async () => {
    const model = await create({});
    const own = { ...optimizer.sgd(), learningRate: 1 };
    await expect(model.fit(x, y, { epochs: 1, optimizer: own })).rejects.toEqual(
      refused(
        /^optimizer has no property "learningRate"; expected any of name, .*slots, takesRateFactor, step$/,
      ),
    );
    model.dispose();
  });

  it.each(METHOD_NAMES)('is not in a built-in method with another name: %s', async (name) => {
    const model = await create({ topology: { ...topologyByName(name), name: 'mine' } });
    expect(model.method).toBe('mine');
    model.dispose();
  });

  it('may be in an instance of a class, which keeps what it needs', async () => {
    class Counting {
      readonly name = 'counting';
      readonly options = {};
      updates = 0;
      #set = topology.set();
      init(...args: Parameters<Topology<null>['init']>) {
        return this.#set.init(...args);
      }
      evolve(...args: Parameters<NonNullable<Topology<null>['evolve']>>) {
        this.count();
        return this.#set.evolve?.(...args) ?? expect.fail('it does not evolve');
      }
      count(): void {
        this.updates++;
      }
    }
    const own = new Counting();
    const model = await create({ topology: own });
    await model.fit(x, y, { epochs: 2 });
    expect(own.updates).toBe(1);
    model.dispose();
  });
});
