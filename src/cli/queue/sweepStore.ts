import { CtreError } from '../../base/errors.ts';
import { isRecord, jsonIfAny } from '../../base/json.ts';
import type { CellRecord } from '../../compare/cell.ts';
import { isCellRecord } from '../../compare/results.ts';
import type { TrainArguments } from '../trainSyntax.ts';
import { digestOf } from './cellName.ts';
import type { QueueServer } from './server.ts';

// What a sweep keeps on the server beside BullMQ's queues.

/** Before the name of every key, BullMQ's among them. */
export const PREFIX = 'ctre';

/** Seconds after which what is no longer used is forgotten. */
const LIFE = 30 * 24 * 3600;
/** Seconds that a result stays which is in a file already. */
const LIFE_IN_FILE = 24 * 3600;

/** The most bytes of a checkpoint that the server keeps. */
export const CHECKPOINT_BYTES = 16 * 2 ** 20;

/** A result as the store has it. */
export interface StoredResult {
  readonly record: CellRecord;
  readonly digest: string;
  /** Where it was computed. */
  readonly machine: string;
}

/** Two results of one cell that are not the same bits. */
export interface Conflict {
  readonly first: string;
  readonly second: string;
}

/** What a queue's cells need, and how its workers find it. */
export interface QueueNeeds {
  /** The release that trains. */
  readonly version: string;
  /** What people call the data. */
  readonly dataset: string;
  /** The fingerprint of the data. */
  readonly data: string;
  /** With what the data are read. */
  readonly args: TrainArguments;
  /** The method's name, and the hash of its module. */
  readonly module?: { readonly method: string; readonly hash: string };
}

export class SweepStore {
  readonly #server: QueueServer;

  constructor(server: QueueServer) {
    this.#server = server;
  }

  /**
   * Puts a result, unless there is one.
   * @returns undefined for the first result and one of the same bits; else what differs, which is kept.
   */
  async putResult(name: string, record: CellRecord, machine: string): Promise<Conflict | 'first' | 'same'> {
    const { connection } = this.#server;
    const own: StoredResult = { record, digest: digestOf(record), machine };
    const text = JSON.stringify(own);
    if ((await this.#insist(() => connection.set(resultKey(name), text, 'EX', LIFE, 'NX'))) !== null) {
      return 'first';
    }
    const first = (await this.results([name])).get(name);
    // It was forgotten in between.
    if (first === undefined) return this.putResult(name, record, machine);
    // A command that was sent twice, because the connection broke: its seconds are one's own.
    if (JSON.stringify(first) === text) return 'first';
    if (first.digest === own.digest) return 'same';
    const conflict = { first: first.machine, second: machine };
    await this.#insist(() => connection.hset(key('conflicts'), name, JSON.stringify(conflict)));
    return conflict;
  }

  async hasResult(name: string): Promise<boolean> {
    return (await this.#insist(() => this.#server.connection.exists(resultKey(name)))) === 1;
  }

  /**
   * Those of the results that are there.
   * @throws CtreError `E_FORMAT` for something else in the place of a result.
   */
  async results(names: readonly string[]): Promise<ReadonlyMap<string, StoredResult>> {
    if (names.length === 0) return new Map();
    const texts = await this.#insist(() => this.#server.connection.mget(names.map(resultKey)));
    return new Map(
      names.flatMap((name, at) => {
        const text = texts[at];
        return text === null ? [] : [[name, readResult(name, text)] as const];
      }),
    );
  }

  /** Lets results that are in a file be forgotten soon. */
  async releaseResults(names: readonly string[]): Promise<void> {
    const pipeline = this.#server.connection.pipeline();
    for (const name of names) pipeline.expire(resultKey(name), LIFE_IN_FILE);
    await pipeline.exec();
  }

  async putCheckpoint(name: string, bytes: Uint8Array): Promise<void> {
    await this.#server.connection.set(checkpointKey(name), Buffer.from(bytes), 'EX', LIFE);
  }

  async checkpoint(name: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#insist(() => this.#server.connection.getBuffer(checkpointKey(name)));
    return bytes === null ? undefined : new Uint8Array(bytes);
  }

  async removeCheckpoint(name: string): Promise<void> {
    await this.#server.connection.del(checkpointKey(name));
  }

  /** Notes epochs that were computed for nothing. */
  async addWasted(name: string, epochs: number): Promise<void> {
    if (epochs <= 0) return;
    const { connection } = this.#server;
    await this.#insist(() =>
      connection.multi().hincrby(key('wasted'), name, epochs).expire(key('wasted'), LIFE).exec(),
    );
  }

  /** Epochs of these cells that were computed for nothing, as far as somebody could tell. */
  async wasted(names: readonly string[]): Promise<number> {
    const counts = await this.#fields('wasted', names);
    return counts.reduce((sum, count) => sum + Number(count ?? 0), 0);
  }

  /** Those of the cells that came out differently on two machines. */
  async conflicts(names: readonly string[]): Promise<ReadonlyMap<string, Conflict>> {
    const texts = await this.#fields('conflicts', names);
    return new Map(
      names.flatMap((name, at) => {
        const text = texts[at];
        if (text === null) return [];
        const { first, second } = Object(jsonIfAny(text));
        return [[name, { first: String(first), second: String(second) }] as const];
      }),
    );
  }

  /** Tells workers of a queue. */
  async announce(queue: string, needs: QueueNeeds): Promise<void> {
    await this.#insist(() => this.#server.connection.hset(key('queues'), queue, JSON.stringify(needs)));
  }

  /** Takes back what `announce` told. */
  async withdraw(queue: string): Promise<void> {
    await this.#server.connection.hdel(key('queues'), queue);
  }

  /** The queues that coordinators have told of. */
  async queues(): Promise<ReadonlyMap<string, QueueNeeds>> {
    const found = await this.#insist(() => this.#server.connection.hgetall(key('queues')));
    return new Map(
      Object.entries(found).flatMap(([queue, text]) => {
        const needs = jsonIfAny(text);
        return isQueueNeeds(needs) ? [[queue, needs] as const] : [];
      }),
    );
  }

  /** Fields of a hash, a thousand at a time. */
  async #fields(hash: string, names: readonly string[]): Promise<(string | null)[]> {
    const all: (string | null)[] = [];
    for (let at = 0; at < names.length; at += 1000) {
      const some = names.slice(at, at + 1000);
      all.push(...(await this.#insist(() => this.#server.connection.hmget(key(hash), ...some))));
    }
    return all;
  }

  #insist<T>(call: () => Promise<T>): Promise<T> {
    return this.#server.insist(call);
  }
}

function key(name: string): string {
  return `${PREFIX}:${name}`;
}

function resultKey(name: string): string {
  return key(`result:${name}`);
}

function checkpointKey(name: string): string {
  return key(`checkpoint:${name}`);
}

function readResult(name: string, text: string): StoredResult {
  const { record, digest, machine }: Partial<Record<keyof StoredResult, unknown>> = Object(jsonIfAny(text));
  if (!isCellRecord(record) || typeof digest !== 'string') {
    throw new CtreError(
      'E_FORMAT',
      `the queue holds something else than a result in ${resultKey(name)}; remove that key`,
    );
  }
  return { record, digest, machine: String(machine) };
}

function isQueueNeeds(needs: unknown): needs is QueueNeeds {
  if (!isRecord(needs) || !isRecord(needs.args)) return false;
  const { version, dataset, data, args, module } = needs;
  return (
    [version, dataset, data].every((text) => typeof text === 'string') &&
    Array.isArray(args.positionals) &&
    isRecord(args.options) &&
    (module === undefined || isRecord(module))
  );
}
