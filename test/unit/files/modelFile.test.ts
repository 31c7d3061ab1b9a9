import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/base/budget.ts';
import { CtreError } from '../../../src/base/errors.ts';
import { getEngine } from '../../../src/engine/engine.ts';
import { decodeSafetensors } from '../../../src/files/safetensors.ts';
import { SparseMLP } from '../../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { quadrants } from '../../support/problems.ts';

const problem = quadrants(200);

async function trained(name: MethodName): Promise<SparseMLP> {
  const model = await SparseMLP.create({
    layers: [12, 30, 4],
    epsilon: 3,
    topology: topologyByName(name),
    seed: 'file',
    metadata: { labelNames: ['a', 'b', 'c', 'd'] },
  });
  await model.fit(problem.x, problem.y, { epochs: 3, validationSplit: 0.2 });
  return model;
}

/** The file's header as text, and the same file with another. */
const headerLength = (bytes: Uint8Array) =>
  Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
const headerOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes.subarray(8, 8 + headerLength(bytes)));
function withHeader(bytes: Uint8Array, header: string): Uint8Array {
  const text = new TextEncoder().encode(header);
  const data = bytes.subarray(8 + headerLength(bytes));
  const out = new Uint8Array(8 + text.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  out.set(data, 8 + text.length);
  return out;
}

describe.each(Object.keys(methods) as MethodName[])('a saved %s model', (name) => {
  it('predicts the same bits when loaded, saves the same bytes, and trains on', async () => {
    const model = await trained(name);
    const bytes = model.save();
    const again = await SparseMLP.load(bytes);
    expect(again.predict(problem.x)).toEqual(model.predict(problem.x));
    expect(again.metadata).toEqual({ labelNames: ['a', 'b', 'c', 'd'] });
    expect([again.method, again.epochs, again.nnz]).toEqual([name, 3, model.nnz]);
    expect(again.save()).toEqual(bytes);
    const fromBuffer = await SparseMLP.load(Buffer.from(bytes)); // what readFile gives
    expect(fromBuffer.save()).toEqual(bytes);
    fromBuffer.dispose();
    await again.fit(problem.x, problem.y, { epochs: 2 });
    expect(again.epochs).toBe(5);
    model.dispose();
    again.dispose();
  });
});

describe('the file', () => {
  it('is what another program reads: an independent reader in Python finds the matrices', async ({
    skip,
  }) => {
    try {
      execFileSync('python3', ['-c', '']);
    } catch {
      skip('there is no python3 here');
    }
    const model = await trained('ctre-sim');
    const folder = mkdtempSync(join(tmpdir(), 'ctre-'));
    try {
      writeFileSync(join(folder, 'model.safetensors'), model.save());
      // By the format's description, with nothing but the standard library.
      const script = `
import json, struct, sys
data = open(sys.argv[1], 'rb').read()
(n,) = struct.unpack('<Q', data[:8])
header = json.loads(data[8:8 + n])
assert (8 + n) % 8 == 0
out = {}
for name, t in header.items():
    if name == '__metadata__':
        assert all(isinstance(v, str) for v in t.values())
        continue
    a, b = t['data_offsets']
    kind = {'F32': 'f', 'I32': 'i'}[t['dtype']]
    assert b - a == 4 * t['shape'][0] and len(t['shape']) == 1
    out[name] = struct.unpack('<%d%s' % (t['shape'][0], kind), data[8 + n + a:8 + n + b])
print(json.dumps(out))`;
      const printed = execFileSync('python3', ['-c', script, join(folder, 'model.safetensors')], {
        encoding: 'utf8',
      });
      const tensors: Record<string, number[]> = JSON.parse(printed);
      model.layers.forEach(({ weights, bias }, l) => {
        expect(tensors[`layers.${l}.indptr`]).toEqual([...weights.indptr]);
        expect(tensors[`layers.${l}.indices`]).toEqual([...weights.indices]);
        expect(tensors[`layers.${l}.values`]).toEqual([...weights.values]);
        expect(tensors[`layers.${l}.bias`]).toEqual([...bias]);
      });
      expect(Object.keys(tensors)).toHaveLength(8);
    } finally {
      rmSync(folder, { recursive: true });
      model.dispose();
    }
  });

  it('cut anywhere is refused, and nothing stays allocated', async () => {
    const model = await trained('set');
    const bytes = model.save();
    const { blocks } = getEngine().arena.usage();
    for (let length = 0; length < bytes.length; length += 7) {
      await expect(SparseMLP.load(bytes.slice(0, length))).rejects.toMatchObject({ code: 'E_FORMAT' });
    }
    await expect(SparseMLP.load(Uint8Array.from([...bytes, 0]))).rejects.toMatchObject({ code: 'E_FORMAT' });
    expect(getEngine().arena.usage().blocks).toBe(blocks);
    model.dispose();
  });

  it('with any bit of its header flipped gives an error of ours or a working model', async () => {
    const model = await trained('set');
    const bytes = model.save();
    model.dispose();
    const { blocks } = getEngine().arena.usage();
    const end = 8 + headerLength(bytes);
    for (let bit = 0; bit < 8 * end; bit += 3) {
      const flipped = bytes.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      try {
        const loaded = await SparseMLP.load(flipped);
        expect(
          loaded.predict({
            rows: 1,
            cols: loaded.layers[0].inDim,
            data: new Float32Array(loaded.layers[0].inDim),
          }),
        ).toHaveLength(loaded.layers.at(-1)?.outDim ?? 0);
        loaded.dispose();
      } catch (error) {
        expect(error).toMatchObject({ name: 'CtreError' });
      }
    }
    expect(getEngine().arena.usage().blocks).toBe(blocks);
  });

  it.each<[string, (header: string) => string, string]>([
    ['of a later version', (h) => h.replace('\\"version\\":1', '\\"version\\":2'), 'E_UNSUPPORTED'],
    ['of another program', (h) => h.replace('"ctre":', '"else":'), 'E_FORMAT'],
    ['with a tensor missing', (h) => h.replace('layers.1.bias', 'layers.9.bias'), 'E_FORMAT'],
    ['with tensors of another type', (h) => h.replace('"F32"', '"F64"'), 'E_UNSUPPORTED'],
    ['with a shape larger than its data', (h) => h.replace('[30,12]', '[9930,12]'), 'E_SHAPE'],
    ['with a key of the prototype', (h) => h.replace('"layers.0.bias"', '"__proto__"'), 'E_FORMAT'],
    ['that is no JSON', (h) => h.replace('{', '['), 'E_FORMAT'],
  ])('%s is refused', async (_, change, code) => {
    const model = await trained('set');
    const bytes = model.save();
    model.dispose();
    const header = headerOf(bytes);
    expect(change(header)).not.toBe(header);
    await expect(SparseMLP.load(withHeader(bytes, change(header)))).rejects.toMatchObject({
      name: 'CtreError',
      code,
    });
  });

  it('with weights that are no CSR or no numbers is refused', async () => {
    const model = await trained('set');
    const bytes = model.save();
    const begin = 8 + headerLength(bytes);
    const change = (word: number, write: (view: DataView) => void) => {
      const copy = bytes.slice();
      write(new DataView(copy.buffer, begin + 4 * word, 4));
      return SparseMLP.load(copy);
    };
    const firstIndex = 31;
    const firstValue = firstIndex + model.layers[0].nnz;
    const [index, value] = ['E_CSR', 'E_NOT_FINITE'];
    await expect(change(firstIndex, (v) => v.setInt32(0, 999, true))).rejects.toMatchObject({ code: index });
    await expect(change(firstIndex, (v) => v.setInt32(0, -1, true))).rejects.toMatchObject({ code: index });
    await expect(change(firstValue, (v) => v.setFloat32(0, Number.NaN, true))).rejects.toMatchObject({
      code: value,
    });
    model.dispose();
  });
});

describe('a safetensors file', () => {
  const decode = (header: string, data: number[]) => {
    const text = new TextEncoder().encode(header);
    const bytes = Uint8Array.from([text.length, 0, 0, 0, 0, 0, 0, 0, ...text, ...data]);
    return decodeSafetensors(bytes, new Budget(bytes.length));
  };

  it('may have a tensor without elements where another begins, named in any order', () => {
    const { tensors } = decode(
      '{"b":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"I32","shape":[0],"data_offsets":[0,0]}}',
      [7, 0, 0, 0],
    );
    expect([tensors.get('a')?.data, tensors.get('b')?.data]).toEqual([new Int32Array(0), Int32Array.of(7)]);
  });

  it.each([
    ['[1]', 'its header is an array'],
    ['{"__metadata__":{"note":1}}', 'its metadata "note" is no string'],
  ])('with the header %s is refused', (header, sentence) => {
    const error = (() => {
      try {
        return decode(header, []);
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toBeInstanceOf(CtreError);
    expect(error).toMatchObject({ code: 'E_FORMAT', message: expect.stringContaining(sentence) });
  });
});
