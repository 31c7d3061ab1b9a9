// Small projects in test/system/consumers, each with the packed tarball installed, as people use it: with
// Node, TypeScript, bundlers and none.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { findChromium, ISOLATION, NO_CHROMIUM, serve } from '../../scripts/pages.mjs';
import { skipTest } from '../support/effort.ts';
import { pack, root, run } from '../support/packed.ts';

/** What test/system/consumers/program.js comes to. */
interface Outcome {
  readonly here: Trained;
  readonly inWorker: Trained;
  /** With a topology method of one's own, by its functions and by the address of its module. */
  readonly ownHere: readonly number[];
  readonly ownInWorker: readonly number[];
}

interface Trained {
  readonly losses: readonly number[];
  readonly threads: number;
  readonly warning: string | null;
}

/** Nothing but the page's own files, and WebAssembly. */
const POLICY = "script-src 'self' 'wasm-unsafe-eval'";

/** How a page is opened: what it is asked for, and what is not as in Node. */
const WAYS: [name: string, query: string, more: { readonly threads: number }][] = [
  ['on one thread', '', { threads: 1 }],
  ['on two threads', 'threads=2', { threads: 2 }],
  ['with the module hosted', 'hosted', { threads: 1 }],
];

// Of programs of their own; an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('the packed package', () => {
  let projects: string;
  /** What the program comes to in Node; the same everywhere, to the bit. */
  let expected: Outcome;

  beforeAll(async () => {
    projects = mkdtempSync(join(tmpdir(), 'ctre-consumers-'));
    cpSync(join(root, 'test/system/consumers'), projects, { recursive: true });
    writeFileSync(join(projects, 'package.json'), '{ "type": "module" }');
    await install(projects);
    const { stdout, stderr } = await run(process.execPath, ['node/import.mjs'], projects);
    expect(stderr).toBe('');
    expected = JSON.parse(stdout);
  });
  afterAll(() => rmSync(projects, { recursive: true, force: true }));

  it('trains in Node by import', () => {
    const { here, inWorker } = expected;
    expect(expected).toMatchObject({ oneClass: true, here: { threads: 1, warning: null } });
    expect(here.losses.length).toBe(5);
    expect(here.losses[4]).toBeLessThan(here.losses[0]);
    expect(inWorker).toEqual(here);
    const { ownHere, ownInWorker } = expected;
    expect(ownHere.length).toBe(5);
    expect(ownHere[4]).toBeLessThan(ownHere[0]);
    expect(ownHere).not.toEqual(here.losses);
    expect(ownInWorker).toEqual(ownHere);
  });

  it('trains in Node from the module that is exported', async () => {
    const { stdout, stderr } = await run(process.execPath, ['node/hosted.mjs'], projects);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  it('trains in Node by require', async () => {
    const { stdout, stderr } = await run(process.execPath, ['node/require.cjs'], projects);
    expect(stderr.replace(/^.*(ExperimentalWarning: .*require|--trace-warnings).*\n/gm, '')).toBe('');
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  describe('compiles in strict TypeScript, declarations checked, and trains', () => {
    it.each([
      { moduleResolution: 'nodenext', lib: ['es2022'] },
      { moduleResolution: 'nodenext', lib: ['es2022', 'dom'] },
      { moduleResolution: 'bundler', lib: ['es2022'] },
      { moduleResolution: 'bundler', lib: ['es2022', 'dom'] },
    ])('with $moduleResolution and $lib', async ({ moduleResolution, lib }) => {
      const folder = join(projects, `typescript-${moduleResolution}-${lib.join('-')}`);
      mkdirSync(folder);
      const compilerOptions = {
        ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
        ...{ target: 'es2022', module: moduleResolution === 'bundler' ? 'preserve' : moduleResolution },
        ...{ moduleResolution, lib, types: [], skipLibCheck: false, rootDir: '..', outDir: '.' },
      };
      const files = ['../typescript/main.mts'];
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      const tsc = join(root, 'node_modules/typescript/bin/tsc');
      const { stdout: said } = await run(process.execPath, [tsc, '-p', '.'], folder);
      expect(said).toBe('');
      const program = `console.log(JSON.stringify(await (await import('./typescript/main.mjs')).train()))`;
      const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program], folder);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({ epochs: 3, right: 200, neighbours: 400, best: true });
    });
  });

  describe('trains on a page that allows no script but its own', () => {
    const executablePath = findChromium();
    let browser: Browser | undefined;

    beforeAll(async () => {
      if (executablePath === undefined) return;
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    });
    afterAll(() => browser?.close());

    describe.each([
      { by: 'Vite', folder: 'vite' },
      { by: 'webpack', folder: 'webpack' },
      { by: 'esbuild', folder: 'esbuild' },
    ])('bundled by $by', ({ folder }) => {
      beforeAll(async () => {
        const { code, stderr } = await run(process.execPath, [`${folder}/build.mjs`], projects);
        expect(stderr).toBe('');
        expect(code).toBe(0);
      }, 240_000);

      it.for(WAYS)('%s', async ([, query, more], context) => {
        const out = join(projects, folder, 'out');
        expect(await open(context, out, `/?${query}`, more.threads > 1)).toEqual(expectedWith(more));
      });
    });

    describe('of the development server of Vite', () => {
      let server: ChildProcess;
      let origin: string;

      beforeAll(async () => {
        const program = [join(projects, 'vite/serve.mjs'), JSON.stringify(ISOLATION)];
        server = spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'inherit'] });
        const [line] = await once(server.stdout as Readable, 'data');
        origin = `http://localhost:${String(line).trim()}`;
      }, 240_000);
      afterAll(() => server.stdin?.end());

      it.for(WAYS)('%s', async ([name, query, more], context) => {
        const page = await openPage(context);
        // The server bundles dependencies when it first sees them, and then has the page load anew.
        expect(await outcomeOf(page, `${origin}/?${query}`, /^\[vite\] connect/), name).toEqual(
          expectedWith(more),
        );
      });
    });

    it.for(WAYS)('without a bundler, by an import map, %s', async ([, query, more], context) => {
      const outcome = await open(context, projects, `/import-map/?${query}`, more.threads > 1);
      expect(outcome).toEqual(expectedWith(more));
    });

    it('with one thread instead of two where the page is not isolated', async (context) => {
      const outcome = await open(context, projects, '/import-map/?threads=2', false);
      const warning = expect.stringMatching(/^one thread instead of 2: .*not cross-origin isolated/);
      expect(outcome).toEqual(expectedWith({ warning }));
    });

    /** Of both models, here and in a worker, what is not as in Node. */
    function expectedWith(more: { readonly threads?: number; readonly warning?: unknown }): unknown {
      const { here, inWorker } = expected;
      return { ...expected, here: { ...here, ...more }, inWorker: { ...inWorker, ...more } };
    }

    /** The outcome of a page, which has to come without a complaint. */
    async function open(
      context: TestContext,
      folder: string,
      path: string,
      isolated: boolean,
    ): Promise<unknown> {
      const page = await openPage(context);
      // An import map stands in the page itself: the policy has to name it.
      const html = readFileSync(join(folder, path.replace(/\?.*/, ''), 'index.html'), 'utf8');
      const [, map] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html) ?? [];
      const hash = map && ` 'sha256-${createHash('sha256').update(map).digest('base64')}'`;
      const headers = { 'Content-Security-Policy': `${POLICY}${hash ?? ''}`, ...(isolated && ISOLATION) };
      const server = await serve(headers, async ({ pathname }) => {
        if (pathname === '/favicon.ico') return '';
        return readFile(join(folder, pathname.endsWith('/') ? `${pathname}index.html` : pathname));
      });
      try {
        return await outcomeOf(page, `${server.origin}${path}`);
      } finally {
        server.close();
      }
    }

    async function openPage(context: TestContext): Promise<Page> {
      return browser === undefined ? skipTest(context, NO_CHROMIUM) : browser.newPage();
    }

    /** What is on the page at the end, which is closed then. @param expectedWords what its console may say. */
    async function outcomeOf(page: Page, address: string, expectedWords?: RegExp): Promise<unknown> {
      const complaints: string[] = [];
      let hosted = false;
      try {
        page.on('request', (request) => {
          hosted ||= request.resourceType() === 'fetch' && /\.wasm$/.test(request.url());
        });
        page.on('console', (message) => {
          const { url } = message.location();
          const isExpected = expectedWords?.test(message.text()) || url.endsWith('/favicon.ico');
          if (!isExpected) complaints.push(message.text());
        });
        page.on('pageerror', ({ message }) => complaints.push(message));
        await page.goto(address);
        const output = page.locator('output:not(:empty)');
        await output.waitFor({ state: 'attached', timeout: 60_000 }).catch(() => {});
        expect(complaints).toEqual([]);
        const text = await output.textContent({ timeout: 1000 });
        expect(text).toMatch(/^\{/);
        expect(hosted).toBe(address.includes('hosted'));
        return JSON.parse(text ?? '');
      } finally {
        await page.close();
      }
    }
  });
});

/**
 * Puts the tarball into the folder's node_modules, with the dependencies and tools that this repository has:
 * no registry is asked.
 */
async function install(folder: string): Promise<void> {
  const { filename } = await pack(folder);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'ctre'), { recursive: true });
  const { code, stderr } = await run(
    'tar',
    ['-xzf', filename, '--strip-components=1', '-C', join(modules, 'ctre')],
    folder,
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { dependencies } = JSON.parse(readFileSync(join(modules, 'ctre/package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), 'vite', 'webpack', 'esbuild']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir');
  }
}
