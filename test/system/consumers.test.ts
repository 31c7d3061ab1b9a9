// Small projects in test/system/consumers, each with the packed tarball installed, as people use it: with
// Node, TypeScript, bundlers and none.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { findChromium, ISOLATION, NO_CHROMIUM } from '../../scripts/pages.mjs';
import { expectedWith, type Outcome, outcomeOf, outcomeOfFolder } from '../support/consumerPage.ts';
import { skipTest } from '../support/effort.ts';
import { installPacked, root, run } from '../support/packed.ts';

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
    await installPacked(projects, ['vite', 'webpack', 'esbuild']);
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
        expect(await open(context, out, `/?${query}`, more.threads > 1)).toEqual(
          expectedWith(expected, more),
        );
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
        expect(await outcomeOf(page, `${origin}/?${query}`, { words: /^\[vite\] connect/ }), name).toEqual(
          expectedWith(expected, more),
        );
      });
    });

    it.for(WAYS)('without a bundler, by an import map, %s', async ([, query, more], context) => {
      const outcome = await open(context, projects, `/import-map/?${query}`, more.threads > 1);
      expect(outcome).toEqual(expectedWith(expected, more));
    });

    it('with one thread instead of two where the page is not isolated', async (context) => {
      const outcome = await open(context, projects, '/import-map/?threads=2', false);
      const warning = expect.stringMatching(/^one thread instead of 2: .*not cross-origin isolated/);
      expect(outcome).toEqual(expectedWith(expected, { warning }));
    });

    /** The outcome of a page, which has to come without a complaint. */
    async function open(
      context: TestContext,
      folder: string,
      path: string,
      isolated: boolean,
    ): Promise<unknown> {
      return outcomeOfFolder(await openPage(context), folder, path, isolated);
    }

    async function openPage(context: TestContext): Promise<Page> {
      return browser === undefined ? skipTest(context, NO_CHROMIUM) : browser.newPage();
    }
  });
});
