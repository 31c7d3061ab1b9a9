import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Random } from '../../src/base/random.ts';
import * as data from '../../src/data/index.ts';
import { getEngine } from '../../src/engine/engine.ts';
import { getSharedEngine } from '../../src/engine/training.ts';
import * as main from '../../src/index.ts';
import { CsrMatrix, CtreError, SparseMLP, topology, WorkerModel } from '../../src/index.ts';
import * as kernels from '../../src/kernels/index.ts';
import { effort, runRandom, runSeed } from '../support/effort.ts';
import { quadrants, sha256 } from '../support/problems.ts';
import { type TrialArena, trialArena } from '../support/trialArena.ts';
import { type PublicCall, prepareCalls, publicCalls } from './publicCalls.ts';

// --- What is public, by the built types

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const doors = {
  main: ['index.d.ts', main],
  kernels: ['kernels/index.d.ts', kernels],
  data: ['data/index.d.ts', data],
} as const;

/** Constructors and data: what they are given is what they hold. */
const notCalls = [
  'CtreError#name',
  'CtreError#code',
  ...['rows', 'cols', 'indptr', 'indices', 'values'].map((f) => `CsrMatrix#${f}`),
];

function declarations(file: string): string {
  if (!existsSync(file)) throw new Error('there are no built types; run npm run build');
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}

/**
 * The public functions, methods and accessors that a module's types export; anything it cannot read is an
 * error.
 */
function publicNames(file: string, wanted?: string): string[] {
  const source = declarations(file);
  const names: string[] = [];
  /** The names behind an export, which has another name outside where it is exported as one. */
  const follow = (target: string, inner: string, outer: string): void => {
    const found = publicNames(join(dirname(file), target.replace(/\.ts$/, '.d.ts')), inner);
    names.push(...found.map((name) => (name.startsWith(inner) ? outer + name.slice(inner.length) : name)));
  };
  for (const [, list, target] of source.matchAll(/^export \{([^}]*)\} from '([^']+)';/gm)) {
    for (const part of list.split(',').map((text) => text.trim())) {
      if (part === '' || part.startsWith('type ')) continue;
      const [, inner, outer = inner] = /^(\w+)(?: as (\w+))?$/.exec(part) ?? [];
      if (inner === undefined) throw new Error(`${file}: cannot read the export ${part}`);
      if (wanted === undefined || wanted === outer) follow(target, inner, outer);
    }
  }
  for (const [line, rest] of source.matchAll(/^export (?!\{|type |interface )(.*)$/gm)) {
    const [, kind, name] = /^declare (function|class|const) (\w+)/.exec(rest) ?? [];
    if (kind === undefined) throw new Error(`${file}: cannot read ${line}`);
    if (wanted !== undefined && wanted !== name) continue;
    // A module is entered for one name, or it is a door: then all it declares is public.
    if (kind === 'function') names.push(name);
    else if (kind === 'const') names.push(...tableNames(file, name));
    else names.push(...memberNames(file, source, name));
  }
  return names;
}

/** The functions of a table such as `topology`, as the compiler reads its type; what is data is left out. */
function tableNames(file: string, name: string): string[] {
  const program = ts.createProgram([file], { target: ts.ScriptTarget.ES2022 });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  const table = module && checker.getExportsOfModule(module).find((symbol) => symbol.name === name);
  if (table === undefined) throw new Error(`${file}: cannot read the constant ${name}`);
  const members = checker.getTypeOfSymbol(table).getProperties();
  if (members.length === 0) throw new Error(`${file}: the constant ${name} has no members`);
  return members
    .filter((member) => checker.getTypeOfSymbol(member).getCallSignatures().length > 0)
    .map((member) => `${name}.${member.name}`);
}

function memberNames(file: string, source: string, name: string): string[] {
  const [, body] =
    new RegExp(`^export declare class ${name}[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(source) ?? [];
  if (body === undefined) throw new Error(`${file}: cannot read the class ${name}`);
  return [...body.matchAll(/^ {4}(?! )(\S.*)$/gm)].flatMap(([, member]) => {
    if (/^(#private|private |constructor\(|[}\]])/.test(member)) return [];
    const pattern = /^(?:override )?(static )?(?:readonly |get )?(\[[\w.]+\]|\w+)\s*[(:<=]/;
    const [, isStatic, key] = pattern.exec(member) ?? [];
    if (key === undefined) throw new Error(`${file}: cannot read ${name}: ${member}`);
    return [`${name}${isStatic === undefined ? '#' : '.'}${key}`];
  });
}

/** The same, by what is there when it runs. */
function runtimeNames(module: object): string[] {
  return Object.entries(module).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === 'object' && value !== null) {
      return Object.entries(value).flatMap(([key, member]) =>
        typeof member === 'function' ? [`${name}.${key}`] : [],
      );
    }
    if (typeof value !== 'function') return [name];
    const { prototype } = value;
    if (!/^class\b/.test(Function.prototype.toString.call(value))) return [name];
    const keys = (of: object) =>
      Reflect.ownKeys(of).map((key) => (key === Symbol.dispose ? '[Symbol.dispose]' : String(key)));
    return [
      ...keys(value)
        .filter((key) => !['length', 'name', 'prototype'].includes(key))
        .map((key) => `${name}.${key}`),
      ...keys(prototype)
        .filter((key) => key !== 'constructor')
        .map((key) => `${name}#${key}`),
    ];
  });
}

describe('the table of public calls', () => {
  const inTable = new Set(Object.keys(publicCalls).map((name) => name.replace(/ .*/, '')));
  it.each(Object.entries(doors))('has everything that the types of %s export', (_, [file]) => {
    const names = publicNames(join(dist, file));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !inTable.has(name) && !notCalls.includes(name))).toEqual([]);
  });

  it.each(Object.entries(doors))('has everything that %s exports when it runs', (_, [, module]) => {
    expect(runtimeNames(module).filter((name) => !inTable.has(name))).toEqual([]);
  });

  it('has nothing else', () => {
    const names = new Set(Object.values(doors).flatMap(([file]) => publicNames(join(dist, file))));
    expect([...inTable].filter((name) => !names.has(name))).toEqual([]);
  });
});

// --- What is done to the arguments

/** What a caller's own getters and callbacks throw; it may come through as it is. */
class Own extends Error {}

function throwOwn(): never {
  throw new Own('mine');
}

type TypedArray = Float32Array | Int32Array | Uint8Array;
const isTyped = (value: unknown): value is TypedArray =>
  value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array;
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

let disposed: SparseMLP;
let busy: SparseMLP;
let busyEpochs: AsyncGenerator<unknown>;

/** Where views of the kernels' own memory are. */
let inside: { pointer: number; arena: TrialArena };

const detached = <T extends TypedArray>(array: T): T => {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
};

function outOfBounds(): Float32Array {
  const buffer = Reflect.construct(ArrayBuffer, [64, { maxByteLength: 128 }]);
  const view = new Float32Array(buffer, 16, 8);
  Reflect.apply(Reflect.get(buffer, 'resize'), buffer, [24]);
  return view;
}

function cyclic(): object {
  const self: Record<string, unknown> = { rows: 2 };
  self.self = self;
  return self;
}

/** Things that no argument should be; each made anew. */
const nasty: (() => unknown)[] = [
  ...[undefined, null, true, false, '', 'text', '1', 'auto', 0, -0, -1, 0.5, 1, 2, 3, 5].map(
    (value) => () => value,
  ),
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-320].map((value) => () => value),
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 32 + 64, 2 ** 53, 2 ** 63, Number.MAX_VALUE].map(
    (v) => () => v,
  ),
  () => 'x'.repeat(100_000),
  () => 1n,
  () => 2n ** 70n,
  () => Symbol('symbol'),
  () => () => {},
  () => throwOwn,
  () => [],
  () => [[]],
  () => new Array(3),
  () => new Array(2 ** 32 - 1),
  () => Object.assign(new Array(3), { 1: 1 }),
  () => [Number.NaN, -1, 2 ** 32 + 64],
  () => ({}),
  () => Object.create(null),
  () => Object.freeze({ rows: 1 }),
  () => ({ length: 2 ** 32 + 64 }),
  () => ({ length: -1 }),
  () => ({ rows: 2 ** 31 - 1, cols: 2 ** 31 - 1, data: new Float32Array(0) }),
  () => ({ rows: 65_536, cols: 65_536, data: new Float32Array(0) }),
  () => ({ rows: 2 ** 31 - 1, cols: 0, data: new Float32Array(0) }),
  () => ({ rows: 0, cols: 2 ** 31 - 1, data: new Float32Array(0) }),
  () => ({ toString: throwOwn, valueOf: throwOwn, toJSON: throwOwn }),
  cyclic,
  () => new Date(Number.NaN),
  () => new Map([[1, 2]]),
  () => new Set([1]),
  () => Promise.resolve(1),
  () => /x/g,
  () => new Error('an error'),
  () => new Proxy({}, {}),
  () => new Proxy([], {}),
  () => new Proxy(new Float32Array(4), {}),
  () => new Proxy({}, { get: throwOwn, has: throwOwn, ownKeys: throwOwn, getPrototypeOf: throwOwn }),
  () => new ArrayBuffer(8),
  () => new SharedArrayBuffer(8),
  () => new DataView(new ArrayBuffer(8)),
  () => new Float64Array(4),
  () => new BigInt64Array(2),
  () => new Uint8ClampedArray(3),
  () => new Float32Array(0),
  () => Float32Array.of(Number.NaN, 1),
  () => new Int32Array(0),
  () => Int32Array.of(-1, 2 ** 31 - 1),
  () => detached(new Float32Array(12)),
  () => detached(new Int32Array(12)),
  () => detached(new Uint8Array(12)),
  outOfBounds,
  () => new Float32Array(inside.arena.memory.buffer, inside.pointer, 16),
  () => new Int32Array(inside.arena.memory.buffer, inside.pointer, 64),
  () => Object.assign(Object.create(CsrMatrix.prototype), { rows: 1, cols: 1, values: 'text' }),
  () => Object.create(Float32Array.prototype),
  () => Object.create(AbortSignal.prototype),
  () => disposed,
  () => busy,
  () => CsrMatrix.fromDense({ rows: 2, cols: 2, data: Float32Array.of(1, 0, 0, 1) }),
  () => topology.snip(),
  () => ({ ...topology.set(), init: () => ({ pattern: { rows: 5, cols: 6, indptr: [0], indices: [] } }) }),
  () => ({ ...topology.set(), init: (layer: never) => wild(layer) }),
  () => ({
    ...topology.set(),
    evolve: () => ({ edit: { prune: Int32Array.of(-1), grow: {}, random: {} }, state: 1 }),
  }),
  () => ({ ...topology.cte(), schedule: { fraction: () => Number.NaN } }),
  () => ({ name: 'mine', options: {}, bound: () => Number.NaN }),
  () => ({ name: 'mine', slots: 2 ** 32 + 64, step: () => {} }),
  () => ({ name: 'mine', slots: 1, step: throwOwn }),
];

/** A pattern that would lead kernels out of their memory. */
function wild({ inDim, outDim, nnz }: { inDim: number; outDim: number; nnz: number }) {
  const indptr = Int32Array.from({ length: outDim + 1 }, (_, r) => (r === 0 ? 0 : nnz));
  return {
    pattern: { rows: outDim, cols: inDim, indptr, indices: new Int32Array(nnz).fill(2 ** 30) },
    state: null,
  };
}

/** Other shapes of the same thing, or of almost the same. */
function variants(value: unknown): (() => unknown)[] {
  if (typeof value === 'number') {
    return [-value, value + 1, value - 1, value + 0.5, value * 1000, 2 ** 32 + value, Number.NaN]
      .map((v) => () => v)
      .concat([() => String(value), () => BigInt(Math.floor(value)), () => Object(value)] as (() => never)[]);
  }
  if (typeof value === 'string')
    return [() => `${value}x`, () => value.slice(1), () => Object(value), () => value.toUpperCase()];
  if (typeof value === 'function') {
    return nasty.map((make) => () => () => make()).concat([() => throwOwn] as (() => never)[]);
  }
  if (!isObject(value) || (Array.isArray(value) && value.length > 1000)) return [];
  // A proxy of what is frozen may not lie.
  const open = Object.isFrozen(value) ? (Array.isArray(value) ? [...value] : { ...value }) : value;
  const proxied = [() => new Proxy(value, {}), () => new Proxy(open, changing())];
  if (isTyped(value)) {
    return [
      ...proxied,
      () => detached(value.slice()),
      () => shared(value),
      () => resizable(value),
      () => withinKernels(value),
      () => Float64Array.from(value),
      () => Array.from(value),
      () => value.subarray(1),
      () => Object.defineProperty(value.slice(), 'length', { value: 1e9 }),
      () => Object.defineProperty(value.slice(), 'buffer', { value: new ArrayBuffer(0) }),
      () => Object.freeze(Array.from(value)),
      ...[Number.NaN, -1, 2 ** 31 - 1, 1e38, -3e38].map((element) => () => {
        const copy = value.slice();
        copy[Math.floor(copy.length / 2)] = element;
        return copy;
      }),
    ];
  }
  if (Array.isArray(value)) {
    return [
      ...proxied,
      () => [...value, ...value],
      () => value.slice(1),
      () => value.toReversed(),
      () => Object.freeze([...value]),
      () => Object.assign(new Array(value.length), { [value.length - 1]: value.at(-1) }),
      () => Object.assign([...value], { map: undefined, length: value.length }),
      () => ({ ...value, length: value.length }),
      () => Int32Array.from(value),
      () => new Set(value),
    ];
  }
  return [
    ...proxied,
    () => Object.freeze({ ...value }),
    () => Object.assign(Object.create(null), value),
    () => Object.create(value),
    () => ({ ...value, unknown: 1 }),
    () => ({ ...value, __proto__: null }),
    () => [value],
  ];
}

/** A Proxy that says something else every time. */
function changing(): ProxyHandler<object> {
  let reads = 0;
  return {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      reads++;
      return reads % 3 === 0 && typeof value === 'number' ? value + 1000 : value;
    },
  };
}

function shared(array: TypedArray): TypedArray {
  const buffer = new SharedArrayBuffer(array.byteLength);
  const copy: TypedArray = Reflect.construct(array.constructor, [buffer]);
  copy.set(array);
  return copy;
}

function resizable(array: TypedArray): TypedArray {
  const buffer = Reflect.construct(ArrayBuffer, [array.byteLength, { maxByteLength: 2 * array.byteLength }]);
  const copy: TypedArray = Reflect.construct(array.constructor, [buffer]);
  copy.set(array);
  return copy;
}

function withinKernels(array: TypedArray): TypedArray {
  const { buffer } = inside.arena.memory;
  const copy: TypedArray = Reflect.construct(array.constructor, [
    buffer,
    inside.pointer,
    Math.min(64, array.length),
  ]);
  copy.set(array.subarray(0, copy.length));
  return copy;
}

/** Places within arguments: the arguments themselves, and what is in their objects and arrays. */
function pathsOf(value: unknown, depth = 3): string[][] {
  const isOpen = value instanceof CsrMatrix || Array.isArray(value) || isPlain(value);
  if (depth === 0 || !isOpen) return [];
  return Object.keys(value)
    .filter((key) => !Array.isArray(value) || Number(key) < 3)
    .flatMap((key) => [[key], ...pathsOf(Reflect.get(value, key), depth - 1).map((path) => [key, ...path])]);
}

function isPlain(value: unknown): value is object {
  return isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** A copy of the value with what is at the path spoiled; all objects on the way are copies. */
function spoil(
  value: unknown,
  [key, ...path]: readonly string[],
  change: (at: object, key: string) => void,
): unknown {
  const isWhole = ArrayBuffer.isView(value) || value instanceof SparseMLP;
  if (isWhole || (Array.isArray(value) && value.length > 1000)) throw new Error('no copy of it');
  const copy: object = Array.isArray(value) ? [...value] : Object.create(Object.getPrototypeOf(value));
  if (isObject(value) && !Array.isArray(value)) Object.defineProperties(copy, writable(value));
  if (path.length === 0) change(copy, key);
  else Reflect.set(copy, key, spoil(Reflect.get(copy, key), path, change));
  return copy;
}

function writable(value: object): PropertyDescriptorMap {
  const entries = Object.entries(value).map(([key, field]: [string, unknown]) => [
    key,
    { value: field, writable: true, enumerable: true, configurable: true },
  ]);
  return Object.fromEntries(entries);
}

function buffersIn(value: unknown, depth = 4): TypedArray[] {
  if (isTyped(value)) return [value];
  if (depth === 0 || !isObject(value)) return [];
  return Object.values(value).flatMap((field: unknown) => buffersIn(field, depth - 1));
}

/** One way of spoiling what is at a place, and its name. */
function changeOf(
  random: Random,
  args: unknown[],
): { name: string; change: (at: object, key: string) => void } {
  const kind = random.below(10);
  const n = random.below(nasty.length);
  const m = random.below(1000);
  const getter = (name: string, get: (before: unknown, reads: number) => unknown) => ({
    name,
    change: (at: object, key: string) => {
      const before: unknown = Reflect.get(at, key);
      let reads = 0;
      const read = () => get(before, reads++);
      Object.defineProperty(at, key, { get: read, enumerable: true, configurable: true });
    },
  });
  if (kind === 0)
    return getter(`a getter, then nasty ${n}`, (before, reads) => (reads === 0 ? before : nasty[n]()));
  if (kind === 1)
    return getter('a getter that throws the second time', (before, reads) =>
      reads === 0 ? before : throwOwn(),
    );
  if (kind === 2) {
    return getter('a getter that takes all buffers away', (before) => {
      for (const array of buffersIn(args))
        if (array.buffer instanceof ArrayBuffer && array !== before) detachQuietly(array);
      return before;
    });
  }
  if (kind === 3) {
    return getter('a getter that spoils all arrays', (before) => {
      for (const array of buffersIn(args)) if (array.length > 0) array.fill(2 ** 30);
      return before;
    });
  }
  if (kind === 4) return { name: 'left out', change: (at, key) => Reflect.deleteProperty(at, key) };
  if (kind < 8) return { name: `nasty ${n}`, change: (at, key) => Reflect.set(at, key, nasty[n]()) };
  return {
    name: `variant ${m}`,
    change: (at, key) => {
      const all = variants(Reflect.get(at, key));
      if (all.length > 0) Reflect.set(at, key, all[m % all.length]());
    },
  };
}

function detachQuietly(array: TypedArray): void {
  try {
    detached(array);
  } catch {
    // The kernels' own memory is not taken away.
  }
}

// --- What has to come of it

/** Fixed work whose bits say that nothing of the library was harmed. */
async function fixedTraining(): Promise<string> {
  const { x, y } = quadrants(40, 6);
  const model = await SparseMLP.create({ layers: [6, 20, 4], epsilon: 2, seed: 3 });
  await model.fit(x, y, { epochs: 3, batchSize: 16 });
  const hash = await sha256(model.save());
  model.dispose();
  return hash;
}

let before: { hash: string; blocks: number[] };
let arenas: readonly TrialArena[];
const blocks = (): number[] => arenas.map((arena) => arena.usage().blocks);

beforeAll(async () => {
  await prepareCalls();
  arenas = [getEngine(), await getSharedEngine()].map(trialArena);
  inside = { arena: arenas[0], pointer: arenas[0].allocate(256) };
  const { x, y } = quadrants(40, 6);
  [disposed, busy] = [await SparseMLP.create({ layers: [6, 4] }), await SparseMLP.create({ layers: [6, 4] })];
  disposed.dispose();
  busyEpochs = busy.train(x, y, { epochs: 1e9 });
  await busyEpochs.next();
  before = { hash: await fixedTraining(), blocks: blocks() };
});

afterAll(async () => {
  await busyEpochs.return(undefined);
  busy.dispose();
  inside.arena.release(inside.pointer, 256);
});

/** Results that can be looked at are what they should be, and what they hold is given back. */
async function checkResult(value: unknown, what: string): Promise<void> {
  if (value instanceof SparseMLP || value instanceof WorkerModel) value.dispose();
  else if (value instanceof CsrMatrix) CsrMatrix.fromParts(value);
  else if (isObject(value) && Symbol.asyncIterator in value) {
    const epochs = value as AsyncGenerator<unknown>;
    try {
      await epochs.next();
    } finally {
      await epochs.return(undefined);
    }
  } else if (isObject(value) && 'data' in value && 'rows' in value && 'cols' in value) {
    expect(value.data, what).toHaveLength(Number(value.rows) * Number(value.cols));
  }
}

function isAllowed(error: unknown): boolean {
  return error instanceof Own || (error instanceof CtreError && /^E_[A-Z_]+$/.test(error.code));
}

type State = 'idle' | 'training' | 'disposed';

/** A model in the given state, and how to end it. */
async function modelIn(state: State): Promise<{ model: SparseMLP; end: () => Promise<void> }> {
  const { x, y } = quadrants(40, 6);
  const model = await SparseMLP.create({ layers: [6, 5, 4], epsilon: 2, seed: 3 });
  const epochs = model.train(x, y, { epochs: 1e9 });
  if (state === 'training') await epochs.next();
  if (state === 'disposed') model.dispose();
  return {
    model,
    end: async () => {
      await epochs.return();
      model.dispose();
    },
  };
}

/** Milliseconds that no call may take. */
const HANG = 1000;

async function tryCall({ call }: PublicCall, args: unknown[], state: State, what: string): Promise<void> {
  const { model, end } = await modelIn(state);
  const [begin, used] = [performance.now(), process.cpuUsage()];
  let error: unknown;
  try {
    await checkResult(await call(model, args), what);
  } catch (reason) {
    error = reason;
  }
  const { user, system } = process.cpuUsage(used);
  // Of the process's own time, where others have the machine meanwhile.
  const took = Math.min(performance.now() - begin, (user + system) / 1000);
  await end();
  if (error !== undefined && !isAllowed(error))
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  if (took > HANG) throw new Error(`${what}: took ${took} ms`);
}

async function checkUnharmed(what: string): Promise<void> {
  expect(blocks(), what).toEqual(before.blocks);
  for (const arena of arenas) arena.checkGuards();
  expect(await fixedTraining(), what).toBe(before.hash);
}

const spoiled = effort(60, 1000);
const BATCH = 30;

describe.each(Object.entries(publicCalls))('%s', (name, entry) => {
  it('works as the table says', async () => {
    for (const state of entry.ofModel ? (['idle', 'training'] as const) : (['idle'] as const)) {
      const { model, end } = await modelIn(state);
      const isBusy = state === 'training' && /#(train|fit|partialFit)(?! on labels by name)/.test(name);
      const done = (async () => checkResult(await entry.call(model, entry.args()), name))();
      try {
        // That model learns integers, and has no names.
        if (state === 'training' && / on labels by name/.test(name)) {
          await expect(done).rejects.toMatchObject({ code: 'E_LABEL' });
        } else if (isBusy) await expect(done).rejects.toMatchObject({ code: 'E_BUSY' });
        else await done;
      } finally {
        await end();
      }
    }
    await checkUnharmed(name);
  });

  it(`comes to a result or a CtreError, whatever it is given (CTRE_SEED=${runSeed})`, async () => {
    const random = runRandom(`calls/${name}`);
    for (let index = 0; index < spoiled; index++) {
      const args = entry.args();
      const paths = pathsOf(args);
      const state: State =
        !entry.ofModel || random.next() < 0.7 ? 'idle' : random.next() < 0.5 ? 'training' : 'disposed';
      let given: unknown = args;
      let what = `CTRE_SEED=${runSeed}, ${name}, index ${index}, model ${state}`;
      // Two at a time now and then; of a training one, or it would lose its signal and go on for ever.
      const changes = paths.length === 0 ? 0 : /#(fit|train)/.test(name) || random.next() < 0.7 ? 1 : 2;
      for (let change = 0; change < changes; change++) {
        const path = paths[random.below(paths.length)];
        const { name: how, change: apply } = changeOf(random, args);
        try {
          given = spoil(given, path, apply);
          what += `; ${path.join('.')}: ${how}`;
        } catch {
          // What was spoiled first lets nobody in.
        }
      }
      await tryCall(entry, given as unknown[], state, what);
      if (index % BATCH === BATCH - 1) await checkUnharmed(what);
    }
    await checkUnharmed(name);
  });
});
