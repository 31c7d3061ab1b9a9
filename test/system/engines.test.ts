// Firefox, WebKit and Chromium as people start them: the same bits, and the same playground.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { POLICY } from '../../examples/shared/pageConfig.ts';
import { ISOLATION, serve } from '../../scripts/pages.mjs';
import { skipTest } from '../support/effort.ts';
import { repositoryFile } from './bits/page.ts';
import { firefox, type PlainBrowser, plainChromium, webKit, whileOpen } from './engines/plainBrowser.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const expectedHashes: Record<string, string> = JSON.parse(readFileSync(here('bits/hashes.json'), 'utf8'));

/** What is hashed on one thread, and what in all other ways: a browser on a busy machine is slow. */
const NAMES = ['ctre-sim', 'rigl', 'wide layers'];
const FEW = ['rigl'];

/** How networks are trained that are hashed. */
interface Way {
  readonly threads: number;
  readonly place: 'here' | 'worker';
  readonly names: readonly string[];
}

/** Milliseconds that a browser on a busy machine may take to its report. */
const PATIENCE = 180_000;

/** What test/system/engines/hashes.mjs reports. */
interface HashReport {
  readonly outcomes: readonly {
    readonly hashes?: Record<string, string>;
    readonly warning?: string;
    readonly error?: string;
  }[];
  readonly crossOriginIsolated: boolean;
  readonly sharesMemory: boolean;
}

/** What test/system/engines/playground.js reports. */
interface PlaygroundReport {
  readonly status: string;
  readonly 'big-a': string;
  readonly 'big-b': string;
  readonly problems: string;
  readonly rows: readonly (readonly string[])[];
  readonly errors: readonly string[];
  readonly crossOriginIsolated: boolean;
  readonly networkInk: number;
  readonly inputsInk: number;
}

function hashesOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, expectedHashes[name]]));
}

/** Opens a page of the server in the browser, until it reports. */
async function reportOf<T>(
  context: TestContext,
  browser: PlainBrowser,
  headers: Readonly<Record<string, string>>,
  respond: (url: URL) => Promise<string | Uint8Array>,
  path: string,
): Promise<T> {
  if (browser.missing !== undefined) return skipTest(context, browser.missing);
  let hear = (_: T): void => {};
  let timer: NodeJS.Timeout | undefined;
  const report = new Promise<T>((resolve, reject) => {
    hear = resolve;
    timer = setTimeout(() => reject(new Error(`${browser.name} has not reported in time`)), PATIENCE);
  });
  const server = await serve(headers, respond, (posted) => hear(JSON.parse(posted)));
  try {
    return await whileOpen(browser, `${server.origin}${path}`, report);
  } finally {
    clearTimeout(timer);
    server.close();
  }
}

/** A link to a short experiment: two networks on the drawn digits. */
const EXPERIMENT = '#data=digits&hidden=50&epochs=3&b=set_2';

// Of programs of their own; an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('browsers as people start them', () => {
  describe.each([firefox, webKit])('$name', (browser) => {
    /** What the page of hashes reports, for what is hashed on so many threads in such places. */
    async function hashReport(
      context: TestContext,
      headers: Readonly<Record<string, string>>,
      ways: readonly Way[],
    ): Promise<HashReport> {
      const query = new URLSearchParams({ ways: JSON.stringify(ways) });
      const page = '<!doctype html><script type="module" src="/test/system/engines/hashes.mjs"></script>';
      const respond = async (url: URL): Promise<string> =>
        url.pathname === '/hashes/' ? page : repositoryFile(url);
      return reportOf<HashReport>(context, browser, headers, respond, `/hashes/?${query}`);
    }

    it('comes to the same bits, on one thread and on two, here and in workers', async (context) => {
      const ways: Way[] = [
        { threads: 1, place: 'here', names: NAMES },
        { threads: 1, place: 'worker', names: FEW },
        { threads: 2, place: 'here', names: FEW },
        { threads: 2, place: 'worker', names: FEW },
      ];
      const report = await hashReport(context, ISOLATION, ways);
      expect(report.crossOriginIsolated).toBe(true);
      // WebKit of GTK has isolated pages, but no memory to share.
      const noMemory = expect.stringMatching(
        /^one thread instead of 2: the page is cross-origin isolated, but its browser has no SharedArrayBuffer/,
      );
      expect(report.outcomes).toEqual(
        ways.map(({ threads, names }) => ({
          hashes: hashesOf(names),
          ...(threads > 1 && !report.sharesMemory && { warning: noMemory }),
        })),
      );
      if (browser === firefox) expect(report.sharesMemory).toBe(true);
    });

    it('comes to the same bits with one thread instead of two on a page not isolated', async (context) => {
      const ways: Way[] = [
        { threads: 2, place: 'here', names: FEW },
        { threads: 2, place: 'worker', names: FEW },
      ];
      const report = await hashReport(context, {}, ways);
      const warning = expect.stringMatching(
        /^one thread instead of 2: the page is not cross-origin isolated/,
      );
      expect(report.outcomes).toEqual(ways.map(() => ({ hashes: hashesOf(FEW), warning })));
    });
  });

  describe('the playground', () => {
    let folder: string;
    let inChromium: PlaygroundReport | undefined;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'ctre-engines-'));
      const configFile = here('../../examples/playground/vite.config.ts');
      await build({ configFile, logLevel: 'error', build: { outDir: folder } });
    }, PATIENCE);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /** The built page, with a script first that watches it. */
    async function respond({ pathname }: URL): Promise<string | Uint8Array> {
      if (pathname === '/watch.js') return readFile(here('engines/playground.js'));
      if (pathname !== '/') return readFile(join(folder, pathname));
      const html = await readFile(join(folder, 'index.html'), 'utf8');
      return html.replace('<head>', '<head><script src="watch.js"></script>');
    }

    const open = (context: TestContext, browser: PlainBrowser): Promise<PlaygroundReport> =>
      reportOf(
        context,
        browser,
        { ...ISOLATION, 'Content-Security-Policy': POLICY },
        respond,
        `/${EXPERIMENT}`,
      );

    it.for([plainChromium, firefox, webKit])('shows the same numbers in $name', async (browser, context) => {
      const report = await open(context, browser);
      expect(report).toMatchObject({ errors: [], problems: '', crossOriginIsolated: true });
      expect(report.status).toMatch(/^Done after 3 epochs\./);
      expect(report.networkInk).toBeGreaterThan(1000);
      expect(report.inputsInk).toBeGreaterThan(100);
      inChromium ??= browser === plainChromium ? report : await open(context, plainChromium);
      const exact = ({ rows, 'big-a': a, 'big-b': b }: PlaygroundReport) => ({
        ...{ a, b },
        rows: rows.filter(([title]) => !/takes/.test(title)),
      });
      expect(exact(report)).toEqual(exact(inChromium));
    });
  });
});
