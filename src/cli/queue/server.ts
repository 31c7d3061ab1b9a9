import type { Redis, RedisOptions } from 'ioredis';
import { CtreError, reasonOf } from '../../base/errors.ts';
import type { QueueAddress } from './address.ts';
import type { QueuePackages } from './packages.ts';

/** Milliseconds that a server may take to answer when a command starts. */
const START_PATIENCE = 10_000;
/** Milliseconds between two questions whether the server is there, and that an answer may take. */
const PULSE = 5000;
/** The most milliseconds between two attempts to connect. */
const RETRY_PAUSE = 1000;

/** What `INFO` tells, by its names. */
type ServerFacts = ReadonlyMap<string, string>;

/**
 * The server of a queue, and a connection to it that comes back by itself. Commands wait while the server is
 * gone, and `say` gets a sentence when it goes and when it is back.
 */
export class QueueServer {
  readonly address: QueueAddress;
  readonly packages: QueuePackages;
  readonly connection: Redis;
  /** What a user should know of how the server is set up. */
  readonly warnings: readonly string[];
  readonly #say: (sentence: string) => void;
  readonly #backListeners = new Set<() => void>();
  #goneSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(
    address: QueueAddress,
    packages: QueuePackages,
    connection: Redis,
    warnings: readonly string[],
    say: (sentence: string) => void,
  ) {
    this.address = address;
    this.packages = packages;
    this.connection = connection;
    this.warnings = warnings;
    this.#say = say;
    connection.on('close', () => this.#gone('has closed the connection'));
    connection.on('ready', () => this.#back());
    this.#beat();
  }

  /** @throws CtreError `E_ARGUMENT` where no server answers, `E_UNSUPPORTED` for one that cannot keep a queue. */
  static async open(
    address: QueueAddress,
    packages: QueuePackages,
    say: (sentence: string) => void,
  ): Promise<QueueServer> {
    let isOpen = false;
    const options: RedisOptions = {
      // As BullMQ needs it: a command waits as long as the server is gone.
      maxRetriesPerRequest: null,
      lazyConnect: true,
      connectTimeout: START_PATIENCE,
      keepAlive: PULSE,
      retryStrategy: (times) => (isOpen ? Math.min(100 * times, RETRY_PAUSE) : null),
    };
    const connection = new packages.Redis(address.url, options);
    let reason: unknown;
    connection.on('error', (error) => {
      reason = error;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer')), START_PATIENCE);
    });
    try {
      const facts = await Promise.race([late, connection.connect().then(() => connection.info())]);
      const warnings = checkServer(address, readFacts(facts));
      isOpen = true;
      return new QueueServer(address, packages, connection, warnings, say);
    } catch (error) {
      connection.disconnect();
      if (error instanceof CtreError) throw error;
      throw new CtreError(
        'E_ARGUMENT',
        `no queue at ${address.shown}: ${reasonInWords(reason ?? error)}; check host, port, password and ` +
          'that a Redis server runs there',
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the server does not answer at present. */
  get isGone(): boolean {
    return this.#goneSince !== undefined;
  }

  /** Calls back each time the server is back: it may have forgotten what came last. */
  onBack(listener: () => void): () => void {
    this.#backListeners.add(listener);
    return () => this.#backListeners.delete(listener);
  }

  /**
   * Calls until the server takes it: it may be loading, out of memory or its disk full. Each refusal of a new
   * kind is told.
   * @throws what is no answer of the server; CtreError `E_ABORTED` with the signal.
   */
  async insist<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let told: string | undefined; ; ) {
      try {
        return await call();
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const sentence = reasonInWords(error);
        if (sentence !== told)
          this.#say(`the server at ${this.address.shown} refuses: ${sentence}; trying on`);
        told = sentence;
      }
      if (signal?.aborted) throw new CtreError('E_ABORTED', 'stopped while the server refused');
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE));
    }
  }

  /** Ends the connection at once. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.connection.disconnect();
  }

  /** Asks now and then whether the server is there: a network that is cut does not tell. */
  #beat(): void {
    this.#timer = setTimeout(async () => {
      let late: NodeJS.Timeout | undefined;
      const silence = new Promise<false>((resolve) => {
        late = setTimeout(() => resolve(false), PULSE);
      });
      const isThere = await Promise.race([
        silence,
        this.connection.ping().then(
          () => true,
          () => false,
        ),
      ]);
      clearTimeout(late);
      if (this.#closed) return;
      if (isThere) this.#back();
      else {
        this.#gone('does not answer');
        this.connection.disconnect(true);
      }
      this.#beat();
    }, PULSE);
    // What waits for the server keeps the process, not the question whether it is there.
    this.#timer.unref();
  }

  #gone(how: string): void {
    if (this.#closed || this.isGone) return;
    this.#goneSince = performance.now();
    this.#say(`the server at ${this.address.shown} ${how}; waiting for it`);
  }

  #back(): void {
    if (this.#goneSince === undefined) return;
    const seconds = (performance.now() - this.#goneSince) / 1000;
    this.#goneSince = undefined;
    this.#say(`the server at ${this.address.shown} is back after ${seconds.toFixed(1)} s`);
    for (const listener of this.#backListeners) listener();
  }
}

/** Whether it is the server's answer that it cannot at present. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^(-?)(OOM|MISCONF|LOADING|BUSY|READONLY|MASTERDOWN|NOREPLICAS|TRYAGAIN|CLUSTERDOWN)\b/.test(
      error.message,
    )
  );
}

const SERVER_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ENOTFOUND: 'there is no such host (ENOTFOUND)',
  EAI_AGAIN: 'the host is not found (EAI_AGAIN)',
  ETIMEDOUT: 'nothing answers (ETIMEDOUT)',
};

function reasonInWords(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const [line] = reasonOf(error).split('\n');
  return SERVER_REASONS[code] ?? (line === '' ? code : line.replace(/\.$/, ''));
}

function readFacts(info: string): ServerFacts {
  const lines = info.split(/\r?\n/).map((line) => line.split(':'));
  return new Map(lines.map(([name, ...value]) => [name, value.join(':')]));
}

/** @returns warnings. @throws CtreError `E_UNSUPPORTED` for a server that would lose cells. */
function checkServer({ shown }: QueueAddress, facts: ServerFacts): string[] {
  const version = facts.get('redis_version') ?? '';
  const [major, minor] = version.split('.').map(Number);
  const refuse = (what: string): never => {
    throw new CtreError('E_UNSUPPORTED', `the server at ${shown} ${what}`);
  };
  if (!(major > 6 || (major === 6 && minor >= 2))) {
    refuse(
      `is Redis ${version === '' ? 'of an unknown version' : version}; expected 6.2 or later, or Valkey`,
    );
  }
  if (facts.get('cluster_enabled') === '1') refuse('is a cluster; expected a server of its own');
  if (facts.get('role') === 'slave') refuse('is a replica, which only reads; name the one it follows');
  const policy = facts.get('maxmemory_policy') ?? 'noeviction';
  const advice = 'set it with CONFIG SET maxmemory-policy noeviction, and in its file';
  const isLimited = Number(facts.get('maxmemory') ?? 0) > 0;
  if (policy !== 'noeviction' && isLimited) {
    refuse(`throws cells away when its memory is full (${policy}); expected noeviction: ${advice}`);
  }
  return [
    ...(policy === 'noeviction'
      ? []
      : [`the server would throw cells away if its memory had a limit (${policy}); ${advice}`]),
    ...(facts.get('aof_enabled') === '0'
      ? [
          'the server keeps no append-only file, so a restart of it forgets up to minutes; set it with ' +
            'CONFIG SET appendonly yes, and in its file',
        ]
      : []),
  ];
}
