import type { Queue } from 'bullmq';
import { type DataFolders, type Fingerprint, isUnchanged, type Place } from './dataFolders.ts';
import type { QueueServer } from './server.ts';
import { PREFIX, type QueueNeeds, type SweepStore } from './sweepStore.ts';

/** Milliseconds between two looks at the queues. */
const BOARD_AGE = 1000;
/** Milliseconds until a queue that could not be served is tried again. */
const TRY_AGAIN = 30_000;

/** A queue that can be served here. */
export interface ServableQueue {
  readonly name: string;
  readonly place: Place;
}

interface KnownQueue {
  readonly queue: Queue;
  needs: QueueNeeds;
  place: Place | undefined;
  finding?: Promise<Place | undefined> | undefined;
  /** When it was last found that the queue cannot be served. */
  refused: number | undefined;
  told: string | undefined;
  waiting: number;
  active: number;
}

/**
 * What there is to do: the queues that coordinators have told of, which of them can be served here, and which
 * have cells. A queue that cannot be served is left to others, and why is told once.
 */
export class Board {
  readonly #server: QueueServer;
  readonly #store: SweepStore;
  readonly #version: string;
  readonly #folders: DataFolders;
  readonly #warn: (sentence: string) => void;
  readonly #known = new Map<string, KnownQueue>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #look: Promise<void> | undefined;
  #turn = 0;

  constructor(
    server: QueueServer,
    store: SweepStore,
    version: string,
    folders: DataFolders,
    warn: (sentence: string) => void,
  ) {
    this.#server = server;
    this.#store = store;
    this.#version = version;
    this.#folders = folders;
    this.#warn = warn;
  }

  /**
   * A queue to serve: one with cells that wait, or else one whose cells others train, because these may die.
   * Queues take turns.
   */
  async next(fingerprint: Fingerprint): Promise<ServableQueue | undefined> {
    await this.#refresh();
    const busy = [...this.#known].filter(([, { waiting, active }]) => waiting + active > 0);
    this.#turn++;
    const inTurn = busy.map((_, at) => busy[(at + this.#turn) % busy.length]);
    const first = inTurn.filter(([, { waiting }]) => waiting > 0);
    for (const [name, known] of [...first, ...inTurn.filter((one) => !first.includes(one))]) {
      const place = await this.#placeOf(known, fingerprint);
      if (place !== undefined) return { name, place };
    }
    return undefined;
  }

  /** Whether another queue has cells that could be trained here. */
  async hasOther(name: string): Promise<boolean> {
    await this.#refresh();
    return [...this.#known].some(
      ([other, known]) => other !== name && known.waiting > 0 && (known.place !== undefined || mayTry(known)),
    );
  }

  /** Notes that a queue cannot be served any more, and tells why. */
  refuse(name: string, reason: string): void {
    const known = this.#known.get(name);
    if (known !== undefined) this.#refuse(known, reason);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ queue }) => queue.close().catch(() => {})));
  }

  #refresh(): Promise<void> {
    if (performance.now() - this.#lookedAt < BOARD_AGE) return this.#look ?? Promise.resolve();
    this.#look ??= this.#readQueues().finally(() => {
      this.#look = undefined;
      this.#lookedAt = performance.now();
    });
    return this.#look;
  }

  async #readQueues(): Promise<void> {
    const queues = await this.#store.queues();
    for (const [name, known] of this.#known) {
      if (queues.has(name)) continue;
      this.#known.delete(name);
      await known.queue.close().catch(() => {});
    }
    const looks = Array.from(queues, async ([name, needs]) => {
      const known = this.#known.get(name) ?? this.#open(name, needs);
      known.needs = needs;
      this.#known.set(name, known);
      const counts = await this.#server.insist(() =>
        known.queue.getJobCounts('wait', 'active', 'delayed', 'prioritized'),
      );
      const { active, wait, delayed, prioritized } = counts;
      known.active = active;
      known.waiting = wait + delayed + prioritized;
    });
    await Promise.all(looks);
  }

  #open(name: string, needs: QueueNeeds): KnownQueue {
    const { bullmq } = this.#server.packages;
    const queue: Queue = new bullmq.Queue(name, {
      connection: this.#server.connection,
      prefix: PREFIX,
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    queue.on('error', () => {});
    return { queue, needs, place: undefined, refused: undefined, told: undefined, waiting: 0, active: 0 };
  }

  /** Looked for once at a time. */
  #placeOf(known: KnownQueue, fingerprint: Fingerprint): Promise<Place | undefined> {
    known.finding ??= this.#findPlace(known, fingerprint).finally(() => {
      known.finding = undefined;
    });
    return known.finding;
  }

  async #findPlace(known: KnownQueue, fingerprint: Fingerprint): Promise<Place | undefined> {
    const { needs, place } = known;
    if (place !== undefined) {
      if (await isUnchanged(place)) return place;
      known.place = undefined;
    }
    if (!mayTry(known)) return undefined;
    if (needs.version !== this.#version) {
      this.#refuse(
        known,
        `they are of ctre ${needs.version}, and this is ${this.#version}; start that release`,
      );
      return undefined;
    }
    const found = await this.#folders.find(needs, fingerprint);
    if ('reason' in found) {
      this.#refuse(known, found.reason);
      return undefined;
    }
    if (known.told !== undefined) this.#warn(`cells on ${needs.dataset} can be trained here now`);
    known.told = undefined;
    known.refused = undefined;
    known.place = found;
    return found;
  }

  #refuse(known: KnownQueue, reason: string): void {
    known.place = undefined;
    known.refused = performance.now();
    if (known.told !== reason) {
      this.#warn(`cells on ${known.needs.dataset} are left to other workers: ${reason}`);
    }
    known.told = reason;
  }
}

/** Whether it is worth to look for what a queue needs. */
function mayTry({ refused }: KnownQueue): boolean {
  return refused === undefined || performance.now() - refused >= TRY_AGAIN;
}
