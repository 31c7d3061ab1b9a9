// A Redis server of one's own for tests, from PATH, on a free loopback port and in a temporary folder.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';

export const NO_REDIS = 'redis-server is not in PATH; apt-get install redis-server';

/** Whether tests can have a server. */
export function hasRedis(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** A port that is free on all loopback addresses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export class RedisServer {
  readonly port: number;
  readonly client: Redis;
  readonly #folder = mkdtempSync(join(tmpdir(), 'ctre-redis-'));
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
    this.client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, maxRetriesPerRequest: null });
    this.client.on('error', () => {});
  }

  static async start(options: readonly string[] = ['--appendonly', 'yes']): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.again();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** Starts it again, with what its files have. */
  async again(): Promise<void> {
    const port = this.#options.includes('--tls-port') ? [] : ['--port', String(this.port)];
    this.#child = spawn(
      'redis-server',
      [...port, '--bind', '127.0.0.1', '--dir', this.#folder, '--save', '', ...this.#options],
      { stdio: 'ignore' },
    );
    if (this.#options.includes('--tls-port')) return pause(1000);
    // It answers with an error, too, where a password is missing.
    await this.client.ping().catch(() => {});
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#child?.once('close', resolve));
    this.#child?.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    this.client.disconnect();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
