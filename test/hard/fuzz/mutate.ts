// Broken files: changed, cut, put together from two, or never right. Case n of a seed is always the same.
import { type Random, randomStream } from '../../../src/base/random.ts';
import { runSeed } from '../../support/effort.ts';

/** A file, or several by name; for packed ones what is inside, and how it is packed. */
export interface Seed<Packed> {
  readonly name: string;
  readonly inside: Readonly<Record<string, Uint8Array>>;
  readonly pack: (inside: Readonly<Record<string, Uint8Array>>) => Packed;
}

/** Numbers that programs often get wrong. */
const NUMBERS = [0, 1, -1, 127, 128, 255, 256, 32767, 65535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53];
const NUMBER_TEXTS = [
  ...NUMBERS.map(String),
  ...[
    '-0',
    '1e309',
    '-1e39',
    '1e-400',
    '0.5',
    'nan',
    '-inf',
    '9007199254740993',
    '1'.repeat(400),
    '0x10',
    '',
  ],
];
/** Names that plain objects inherit. */
export const PROTOTYPE_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'prototype',
];

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    return edited(bytes, (copy) => {
      copy[random.below(copy.length)] ^= 1 << random.below(8);
    });
  },
  function setByte(bytes, random) {
    return edited(bytes, (copy) => {
      copy[random.below(copy.length)] = random.below(256);
    });
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    return joined(bytes.subarray(0, at), randomBytes(random, 1 + random.below(16)), bytes.subarray(at));
  },
  function remove(bytes, random) {
    const [from, to] = range(bytes, random);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  function repeat(bytes, random) {
    const [from, to] = range(bytes, random);
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  function cut(bytes, random) {
    return bytes.slice(0, random.below(bytes.length + 1));
  },
  function splice(bytes, random, other) {
    return joined(
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    );
  },
  function setNumber(bytes, random) {
    return edited(bytes, (copy) => {
      const view = new DataView(copy.buffer);
      const number = NUMBERS[random.below(NUMBERS.length)];
      const size = [1, 2, 4, 8, 8][random.below(5)];
      if (copy.length < size) return;
      // Most fields of headers begin at even places.
      const at = random.below(copy.length - size + 1) & (random.below(4) === 0 ? -1 : -2);
      const isLittle = random.below(4) > 0;
      if (size === 1) view.setUint8(at, number);
      else if (size === 2) view.setUint16(at, number, isLittle);
      else if (size === 4) view.setUint32(at, number, isLittle);
      else if (random.below(2) === 0) view.setBigUint64(at, BigInt.asUintN(64, BigInt(number)), isLittle);
      else view.setFloat64(at, [number, Number.NaN, Infinity, 0.5][random.below(4)], isLittle);
    });
  },
  function setNumberText(bytes, random) {
    return replaced(bytes, /-?\d+(\.\d+)?/g, NUMBER_TEXTS[random.below(NUMBER_TEXTS.length)], random);
  },
  function setWord(bytes, random) {
    return replaced(bytes, /[A-Za-z_]\w+/g, PROTOTYPE_KEYS[random.below(PROTOTYPE_KEYS.length)], random);
  },
  function setPunctuation(bytes, random) {
    const marks = ['"', ',', ':', '[', ']', '{', '}', '\\', "'", '\n', '\r', '\0', ' ', '#', '('];
    return replaced(bytes, /[^\w\s]/g, marks[random.below(marks.length)], random);
  },
];

/** Case `index` of a broken file. Its random numbers are those of this run, purpose and index. */
export function wrongFile<Packed>(
  purpose: string,
  index: number,
  seeds: readonly Seed<Packed>[],
  packedMap: (packed: Packed, change: (bytes: Uint8Array) => Uint8Array, random: Random) => Packed,
): { readonly title: string; readonly packed: Packed } {
  const random = randomStream(runSeed, `fuzz/${purpose}/${index}`);
  const seed = seeds[random.below(seeds.length)];
  const other = seeds[random.below(seeds.length)];
  const names = Object.keys(seed.inside);
  const otherBytes = Object.values(other.inside)[random.below(Object.keys(other.inside).length)];
  const title = `${purpose} ${index} (CTRE_SEED=${runSeed}), from ${seed.name}`;
  const change = (bytes: Uint8Array): Uint8Array => {
    if (random.below(50) === 0) return randomBytes(random, random.below(400));
    let changed = bytes;
    for (let times = 1 + random.below(4); times > 0; times--) {
      changed = MUTATIONS[random.below(MUTATIONS.length)](changed, random, otherBytes);
    }
    return changed;
  };
  // Half of them are broken inside: a check sum keeps a reader from what is broken outside.
  if (random.below(2) === 0) return { title, packed: packedMap(seed.pack(seed.inside), change, random) };
  const name = names[random.below(names.length)];
  return { title, packed: seed.pack({ ...seed.inside, [name]: change(seed.inside[name]) }) };
}

/** The bytes cut at every length. */
export function* cuts(bytes: Uint8Array): Generator<{ title: string; bytes: Uint8Array }> {
  for (let length = 0; length < bytes.length; length++) {
    yield { title: `cut after ${length} bytes`, bytes: bytes.slice(0, length) };
  }
}

/** The bytes with every single bit of the first `length` flipped. */
export function* bitFlips(
  bytes: Uint8Array,
  length = bytes.length,
): Generator<{ title: string; bytes: Uint8Array }> {
  for (let bit = 0; bit < 8 * Math.min(length, bytes.length); bit++) {
    const flipped = edited(bytes, (copy) => {
      copy[bit >> 3] ^= 1 << (bit & 7);
    });
    yield { title: `with bit ${bit & 7} of byte ${bit >> 3} flipped`, bytes: flipped };
  }
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

function edited(bytes: Uint8Array, edit: (copy: Uint8Array) => void): Uint8Array {
  const copy = Uint8Array.from(bytes);
  if (copy.length > 0) edit(copy);
  return copy;
}

function range(bytes: Uint8Array, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length + 1);
  return [
    from,
    Math.min(bytes.length, from + 1 + random.below(random.below(2) === 0 ? 8 : bytes.length + 1)),
  ];
}

/** One match of the pattern, in the bytes as text of one byte a character, replaced. */
function replaced(bytes: Uint8Array, pattern: RegExp, replacement: string, random: Random): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return bytes;
  const { index, 0: found } = matches[random.below(matches.length)];
  const changed = text.slice(0, index) + replacement + text.slice(index + found.length);
  return Uint8Array.from(Buffer.from(changed, 'latin1'));
}
