// Bundlers, frameworks, test runners and engines that this repository does not depend on: small projects in
// test/system/consumers, each with its own package.json, installed from npm with the packed tarball beside.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { findChromium, NO_CHROMIUM } from '../../scripts/pages.mjs';
import {
  type AtEnd,
  expectedWith,
  type Outcome,
  outcomeOf,
  outcomeOfFolder,
} from '../support/consumerPage.ts';
import { skipTest } from '../support/effort.ts';
import { installPacked, pack, root, run } from '../support/packed.ts';

/** In the order in which they are prepared: those of the first tests first, and the slowest early. */
const NAMES = [
  ...(['vite6', 'rollup', 'next', 'parcel', 'rspack', 'react', 'sveltekit'] as const),
  ...(['jsdom', 'jest', 'deno', 'bun', 'workerd'] as const),
] as const;
type Name = (typeof NAMES)[number];

/** How many projects are installed and built at a time. */
const AT_A_TIME = 2;
/** Milliseconds that npm may take for one project. */
const NPM_WITHIN = 150_000;
/** What npm says where there is no registry to ask. */
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/;

/** As people run it: the test runner's own variables change what bundlers build. */
const { NODE_ENV: _, VITEST: _runner, ...environment } = process.env;

/** A project that is installed and, where it has something to build, built; or why it is not. */
type Prepared = { readonly folder: string } | { readonly skipped: string };

/** How a page is opened: what it is asked for, and what is not as in Node. */
const WAYS: readonly [query: string, more: { readonly threads: number }][] = [
  ['', { threads: 1 }],
  ['threads=2', { threads: 2 }],
  ['hosted', { threads: 1 }],
];

// Of programs of their own; an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('the packed package, installed from npm', () => {
  const executablePath = findChromium();
  let projects: string;
  /** What the program comes to in Node; the same everywhere, to the bit. */
  let expected: Outcome;
  let browser: Browser | undefined;
  const prepared = new Map<Name, Promise<Prepared>>();

  beforeAll(async () => {
    projects = mkdtempSync(join(tmpdir(), 'ctre-matrix-'));
    const { filename } = await pack(projects);
    const node = copyProject('node');
    await installPacked(node);
    const program = "import { consume } from './program.js'; console.log(JSON.stringify(await consume()))";
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], node);
    expected = JSON.parse(stdout);
    if (executablePath !== undefined) {
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    }
    const queue = limited(AT_A_TIME);
    for (const name of NAMES) {
      const promise = queue(() => prepare(name, join(projects, filename)));
      // It is the test's to hear of it, later.
      promise.catch(() => {});
      prepared.set(name, promise);
    }
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await Promise.allSettled(prepared.values());
    rmSync(projects, { recursive: true, force: true });
  }, 240_000);

  /** The folder of a project, and what all projects have. */
  function copyProject(name: string): string {
    const folder = join(projects, name);
    const consumers = join(root, 'test/system/consumers');
    mkdirSync(folder);
    for (const file of ['program.js', 'page.js', 'method.js']) {
      cpSync(join(consumers, file), join(folder, file));
    }
    cpSync(join(consumers, name), folder, { recursive: true });
    if (name === 'node') writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    return folder;
  }

  async function prepare(name: Name, tarball: string): Promise<Prepared> {
    const folder = copyProject(name);
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1', '--prefer-offline'];
    const { code, stderr } = await run('npm', ['install', ...options, tarball], folder, {
      env: environment,
      timeout: NPM_WITHIN,
    });
    if (code !== 0) {
      if (code < 0 || UNREACHABLE.test(stderr)) return { skipped: `npm cannot install ${name} here` };
      throw new Error(`npm install of ${name} failed: ${stderr}`);
    }
    const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (scripts.build !== undefined) {
      const built = await run('npm', ['run', '--silent', 'build'], folder, { env: environment });
      if (built.code !== 0) throw new Error(`${name} cannot be built: ${built.stdout}${built.stderr}`);
    }
    return { folder };
  }

  /** The folder of a project that is ready; skips the test where it cannot be had. */
  async function folderOf(context: TestContext, name: Name): Promise<string> {
    const ready = await prepared.get(name);
    if (ready === undefined) throw new Error(`${name} is not prepared`);
    return 'skipped' in ready ? skipTest(context, ready.skipped) : ready.folder;
  }

  async function openPage(context: TestContext): Promise<Page> {
    return browser === undefined ? skipTest(context, NO_CHROMIUM) : browser.newPage();
  }

  it.for(['vite6', 'rollup', 'rspack', 'parcel'] as const)(
    'trains on a page that is built by %s, on one thread, on two, and with the module hosted',
    async (name, context) => {
      const folder = join(await folderOf(context, name), 'out');
      for (const [query, more] of WAYS) {
        const outcome = await outcomeOfFolder(
          await openPage(context),
          folder,
          `/?${query}`,
          more.threads > 1,
        );
        const { here, inWorker, ...others } = expectedWith(expected, more);
        // The program of Parcel trains these alone.
        const wanted = name === 'parcel' ? { here, inWorker } : { here, inWorker, ...others };
        expect(outcome, query).toEqual(wanted);
      }
    },
  );

  it('trains on the development server of vite6', async (context) => {
    await whileServed(await folderOf(context, 'vite6'), async (origin) => {
      for (const [query, more] of WAYS) {
        const outcome = await outcomeOf(await openPage(context), `${origin}/?${query}`, {
          words: /^\[vite\] connect/,
        });
        expect(outcome, query).toEqual(expectedWith(expected, more));
      }
    });
  });

  /** What the `start` script of a project writes to its outcome.json. */
  async function outcomeOfStart(context: TestContext, name: Name, more: readonly string[] = []) {
    const folder = await folderOf(context, name);
    const args = ['run', '--silent', 'start', ...(more.length > 0 ? ['--', ...more] : [])];
    const { code, stdout, stderr } = await run('npm', args, folder, { env: environment });
    expect(code, `${stdout}${stderr}`).toBe(0);
    return { stderr, outcome: JSON.parse(readFileSync(join(folder, 'outcome.json'), 'utf8')) };
  }

  it('trains in vitest with jsdom', async (context) => {
    expect((await outcomeOfStart(context, 'jsdom')).outcome).toEqual(expected);
  });

  it('trains in Jest', async (context) => {
    expect((await outcomeOfStart(context, 'jest')).outcome).toEqual(expected);
  });

  it.for(['deno', 'bun'] as const)('trains in %s, on one thread and on two', async (name, context) => {
    for (const threads of [1, 2]) {
      const { stderr, outcome } = await outcomeOfStart(context, name, [String(threads)]);
      expect(stderr).toBe('');
      expect(outcome).toEqual(expectedWith(expected, { threads }));
    }
  });

  it('trains in a Cloudflare Worker that gives the compiled module, and says what does not work', async (context) => {
    const { outcome } = await outcomeOfStart(context, 'workerd');
    expect(outcome).toEqual({
      losses: expected.here.losses,
      warning: 'one thread instead of 2: a Cloudflare Worker starts no others',
      withoutModule: expect.stringMatching(
        /^E_ENGINE: a Cloudflare Worker compiles no WebAssembly .* init\(\{ wasm \}\)/,
      ),
      inWorker:
        'E_ENGINE: no worker can be started here (a Cloudflare Worker starts no others); ' +
        'SparseMLP works without one',
    });
  });

  it('trains in Next, in a client component and in a route handler', async (context) => {
    await whileServed(await folderOf(context, 'next'), async (origin) => {
      for (const [query, more] of WAYS) {
        const outcome = await outcomeOf(await openPage(context), `${origin}/?${query}`);
        expect(outcome, query).toEqual(expectedWith(expected, more));
      }
      for (const threads of [1, 2]) {
        const answer = await fetch(`${origin}/api/train?threads=${threads}`);
        expect(await answer.json()).toEqual(expectedWith(expected, { threads }));
      }
    });
  });

  it.for([
    { script: 'serve', ways: WAYS },
    // A preview of static pages sends no headers of one's own, so there are no threads.
    { script: 'preview', ways: WAYS.filter(([, { threads }]) => threads === 1) },
  ])('trains in SvelteKit: $script', async ({ script, ways }, context) => {
    const use = async (origin: string): Promise<void> => {
      for (const [query, more] of ways) {
        const outcome = await outcomeOf(await openPage(context), `${origin}/?${query}`, {
          words: /^\[vite\] connect/,
        });
        expect(outcome, query).toEqual(expectedWith(expected, more));
      }
    };
    await whileServed(await folderOf(context, 'sveltekit'), use, script);
  });

  describe("leaves no worker behind when React's StrictMode mounts and unmounts its component", () => {
    it('while developing', async (context) => {
      await whileServed(await folderOf(context, 'react'), async (origin) => {
        const words = /^\[vite\] connect|React DevTools/;
        const page = await openPage(context);
        await toggle(page, (atEnd) => outcomeOf(page, origin, { words, atEnd }));
      });
    });

    it('built', async (context) => {
      const folder = join(await folderOf(context, 'react'), 'out');
      const page = await openPage(context);
      await toggle(page, (atEnd) => outcomeOfFolder(page, folder, '/', false, atEnd));
    });

    /** Opens the page, which shows its component ten times, and trains at the last at least. */
    async function toggle(page: Page, open: (atEnd: AtEnd) => Promise<unknown>): Promise<void> {
      let started = 0;
      page.on('worker', () => started++);
      const outcome = (await open(() => expect.poll(() => page.workers().length).toBe(0))) as Toggled;
      expect(outcome).toMatchObject({ toggles: 20, errors: [] });
      expect(outcome.trained.at(-1)).toEqual(expected.here.losses);
      expect(started).toBeGreaterThanOrEqual(10);
    }
  });
});

/** What test/system/consumers/react comes to. */
interface Toggled {
  readonly toggles: number;
  readonly trained: readonly (readonly number[])[];
  readonly errors: readonly string[];
}

/** Runs `use` while a script of the project serves it at the port that it prints as a line. */
async function whileServed(
  folder: string,
  use: (origin: string) => Promise<void>,
  script = 'serve',
): Promise<void> {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const [command, ...args] = scripts[script].split(' ');
  const server: ChildProcess = spawn(command, args, {
    cwd: folder,
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await use(`http://127.0.0.1:${await portOf(server)}`);
  } finally {
    server.stdin?.end();
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  }
}

/** The first line that is a number alone. Servers may print more. */
async function portOf(server: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: server.stdout as Readable })) {
    if (/^\d+$/.test(line)) return Number(line);
  }
  throw new Error('the server has ended before it said where it listens');
}

/** Runs what it is given, so many at a time, in the order in which it is given. */
function limited(atATime: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= atATime) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
