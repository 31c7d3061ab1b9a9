import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/base/budget.ts';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../../../src/files/safetensors.ts';

/** A file by the format's description: the header's length in eight bytes, the header, the data. */
function fileOf(header: string | Uint8Array, data: readonly number[] = []): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

function decode(header: string | Uint8Array, data?: readonly number[]) {
  const bytes = fileOf(header, data);
  return decodeSafetensors(bytes, new Budget(bytes.length));
}

/** A header with one tensor of one element. */
const one = ({ shape = '[1]', offsets = '[0,4]', more = '' } = {}) =>
  `{"a":{"dtype":"F32","shape":${shape},"data_offsets":${offsets}${more}}}`;

const refused = (sentence: string) =>
  expect.objectContaining({
    name: 'CtreError',
    code: 'E_FORMAT',
    message: expect.stringContaining(sentence),
  });

describe('a safetensors file', () => {
  it('comes back as it was written', () => {
    const tensors = new Map<string, Tensor>([
      ['values', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -0, Number.NaN, 1e-45) }],
      ['none', { dtype: 'F32', shape: [0, 3], data: new Float32Array(0) }],
      ['indices', { dtype: 'I32', shape: [1], data: Int32Array.of(-1) }],
      ['naïve "name"\\\n', { dtype: 'I32', shape: [], data: Int32Array.of(5) }],
    ]);
    const bytes = encodeSafetensors(tensors, { note: '{"note":1,"note":2.5e3} \ufeff' });
    const file = decodeSafetensors(bytes, new Budget(bytes.length));
    expect(file.tensors).toEqual(tensors);
    expect(file.metadata).toEqual(new Map([['note', '{"note":1,"note":2.5e3} \ufeff']]));
    expect(encodeSafetensors(file.tensors, Object.fromEntries(file.metadata))).toEqual(bytes);
  });

  it('may have a tensor without elements where another begins, named in any order', () => {
    const b = '{"dtype":"I32","shape":[1],"data_offsets":[0,4]}';
    const a = '{"dtype":"I32","shape":[0],"data_offsets":[0,0]}';
    const { tensors } = decode(`{"b":${b},"a":${a}}`, [7, 0, 0, 0]);
    expect([tensors.get('a')?.data, tensors.get('b')?.data]).toEqual([new Int32Array(0), Int32Array.of(7)]);
  });

  it.each<[string, string]>([
    ['a scalar', one({ shape: '[]' })],
    ['spaces after the header', `${one()}     `],
    ['blanks and line ends within it', one().replaceAll(',', ' ,\n\t').replaceAll(':', ' : ')],
    ['fields that nobody knows', one({ more: ',"note":"-1.5"' })],
    ['an escaped name', one().replace('"a"', '"\\u0061"')],
    ['the same keys in two objects', one().replace('}}', '},"__metadata__":{"a":"a","dtype":"a"}}')],
  ])('may have %s', (_, header) => {
    expect(decode(header, [0, 0, 128, 63]).tensors.get('a')?.data).toEqual(Float32Array.of(1));
  });

  it.each<[string, string, string]>([
    ['an array', '[1]', 'its header begins with "["'],
    ['a blank first', ` ${one()}`, 'its header begins with " "'],
    ['a line end first', `\n${one()}`, 'its header begins with "\n"'],
    ['a byte-order mark', `\ufeff${one()}`, 'its header begins with "\ufeff"'],
    ['nothing', '', 'its header is empty'],
    ['a line end last', `${one()}\n`, 'its header ends with "\n"'],
    ['two objects', `${one()}{}`, 'its header is no JSON'],
    ['metadata that is no text', '{"__metadata__":{"note":1}}', 'its metadata "note" is no string'],
  ])('with %s for a header is refused', (_, header, sentence) => {
    expect(() => decode(header, [0, 0, 0, 0])).toThrow(refused(sentence));
  });

  it('with a header that is no UTF-8 is refused', () => {
    const header = new TextEncoder().encode(one());
    header[2] = 0xff;
    expect(() => decode(header, [0, 0, 0, 0])).toThrow(refused('its header is no JSON'));
  });

  it.each<[string, string, string]>([
    ['tensor', '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"I32"', 'a'],
    [
      'tensor, once escaped',
      '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\\u0061":{"dtype":"I32"',
      'a',
    ],
    ['shape', '{"b":{"shape":[3],"dtype":"F32"', 'shape'],
    ['type', '{"b":{"dtype":"I32" , "dtype" :"F32"', 'dtype'],
    ['place', '{"b":{"data_offsets":[0,0],"dtype":"F32"', 'data_offsets'],
    ['metadata', '{"__metadata__":{"x":"1"},"__metadata__":{"y":"2"},"b":{"dtype":"F32"', '__metadata__'],
    ['metadata key', '{"__metadata__":{"x":"1","y":"x","x":"1"},"b":{"dtype":"F32"', 'x'],
    ['key of a nested object', '{"b":{"note":[{"n":{"k":1,"k":1}}],"dtype":"F32"', 'k'],
    ['key of the prototype', '{"b":{"__proto__":1,"__proto__":1,"dtype":"F32"', '__proto__'],
  ])('with the same %s twice is refused', (_, begin, key) => {
    const header = `${begin},"shape":[0],"data_offsets":[0,0]}}`;
    expect(() => decode(header)).toThrow(refused(`its header has the key "${key}" twice`));
  });

  it.each([
    [one({ shape: '[1e0]' }), '1e0'],
    [one({ shape: '[1.0]' }), '1.0'],
    [one({ offsets: '[-0,4]' }), '-0'],
    [one({ offsets: '[0,4E+0]' }), '4E+0'],
    [one({ offsets: '[0,40e-1]' }), '40e-1'],
  ])('with %s is refused', (header, number) => {
    expect(() => decode(header, [0, 0, 0, 0])).toThrow(refused(`its header has the number ${number}`));
  });

  it.each([
    one({ shape: '[01]' }),
    one({ shape: '[+1]' }),
    one({ shape: '["1"]' }),
    one({ shape: '[18446744073709551617]' }),
    one({ shape: '[9007199254740992,0]', offsets: '[0,0]' }),
    one({ shape: '1' }),
    one({ offsets: '[0,4,4]' }),
    one({ offsets: '[4,0]' }),
    one({ offsets: '[1,5]' }),
    one({ offsets: '[0,3]' }),
    one({ offsets: '[0,8]' }),
    one({ shape: '[0]', offsets: '[0,0]' }),
    '{}',
  ])('with %s over four bytes is refused', (header) => {
    expect(() => decode(header, [0, 0, 0, 0])).toThrow(refused('safetensors'));
  });

  it('with sizes beyond counting is refused, though there are no elements', () => {
    expect(() => decode(one({ shape: '[4294967296,4294967296,0]', offsets: '[0,0]' }))).toThrow(
      refused('more elements than can be counted'),
    );
  });

  it.each([
    ['leave a hole', [0, 4], [8, 12]],
    ['overlap', [0, 4], [0, 4]],
    ['begin late', [4, 8], [8, 12]],
    ['end early', [0, 4], [4, 8]],
  ])('with tensors that %s is refused', (_, a, b) => {
    const entry = ([begin, end]: number[]) =>
      `{"dtype":"F32","shape":[${(end - begin) / 4}],"data_offsets":[${begin},${end}]}`;
    const header = `{"a":${entry(a)},"b":${entry(b)}}`;
    expect(() => decode(header, new Array<number>(12).fill(0))).toThrow(refused('its tensors'));
  });

  it('with very many keys, or deep ones, is looked through in bounded time and memory', () => {
    const keys = Array.from({ length: 50_000 }, (_, key) => `"k${key}":{}`).join(',');
    expect(() => decode(`{"__metadata__":{},${keys},"k7":{}}`)).toThrow(refused('the key "k7" twice'));
    const deep = `{"a":${'[{"b":'.repeat(10_000)}1${'}]'.repeat(10_000)}}`;
    expect(() => decode(deep)).toThrow(refused('its entry "a" is an array of 1'));
    const bytes = fileOf(`{${keys}}`);
    expect(() => decodeSafetensors(bytes, new Budget(bytes.length, 1 << 20))).toThrow(
      expect.objectContaining({ code: 'E_MEMORY' }),
    );
  });
});
