// A head on embeddings in a headless Chromium: it learns while the page is used, and takes up a class.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COLS, classRows } from '../../examples/head/embeddings.ts';
import { POLICY } from '../../examples/shared/pageConfig.ts';
import { findChromium, ISOLATION, NO_CHROMIUM } from '../../scripts/pages.mjs';
import { skipTest } from '../support/effort.ts';

const configFile = fileURLToPath(new URL('../../examples/head/vite.config.ts', import.meta.url));
const executablePath = findChromium();
/** Milliseconds that a busy machine may take for a training of some seconds. */
const PATIENCE = 180_000;

describe('made-up embeddings', () => {
  it('are the same again, of length 1, and other for every class', () => {
    const [one, again, other] = [classRows(3, 8, 4), classRows(3, 8, 4), classRows(4, 8, 4)];
    expect(again).toEqual(one);
    expect(other.train).not.toEqual(one.train);
    expect([one.train.length, one.heldOut.length]).toEqual([8 * COLS, 4 * COLS]);
    for (let row = 0; row < 8; row++) {
      const own = one.train.subarray(row * COLS, (row + 1) * COLS);
      expect(own.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
    }
  });
});

// Of programs of their own; an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('a head on embeddings', () => {
  let folder: string;
  let server: PreviewServer;
  let browser: Browser;
  let problems: string[] = [];

  beforeAll(async () => {
    if (executablePath === undefined) return;
    folder = mkdtempSync(join(tmpdir(), 'ctre-head-'));
    await build({ configFile, logLevel: 'error', build: { outDir: folder } });
    server = await preview({
      ...{ configFile: false, logLevel: 'error', build: { outDir: folder } },
      preview: {
        ...{ host: '127.0.0.1', port: 0 },
        headers: { ...ISOLATION, 'Content-Security-Policy': POLICY },
      },
    });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }, PATIENCE);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  beforeEach((context) => {
    problems = [];
    if (executablePath === undefined) skipTest(context, NO_CHROMIUM);
  });

  afterEach(() => {
    expect(problems).toEqual([]);
  });

  async function visit(width = 1280): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(message.text());
    });
    page.on('pageerror', ({ message }) => problems.push(message));
    const { port } = server.httpServer.address() as { port: number };
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.waitForSelector('#start:enabled', { timeout: PATIENCE });
    return page;
  }

  const says = (page: Page, pattern: string) =>
    page.waitForFunction(
      (wanted) => new RegExp(wanted).test(document.getElementById('status')?.textContent ?? ''),
      pattern,
      { timeout: PATIENCE },
    );

  /** The cells of the table: of the sparse head and the dense layer, by the name of the row. */
  async function numbers(page: Page): Promise<Record<string, [sparse: string, dense: string]>> {
    const rows = await page.$$eval('#numbers tr', (all) =>
      all.map((row) => [...row.querySelectorAll('th, td')].map(({ textContent }) => textContent ?? '')),
    );
    return Object.fromEntries(rows.map(([name, sparse, dense]) => [name, [sparse, dense]]));
  }

  /** Shares of rows from percentages. */
  const shares = (texts: readonly string[]): number[] =>
    texts.map((text) => Number(/^([\d.]+) %$/.exec(text)?.[1]) / 100);

  it('learns as well as a dense softmax layer, takes up a class, and keeps the others', async () => {
    const page = await visit();
    expect(await page.textContent('#facts')).toMatch(/^10,000 embeddings of 384 numbers .* 20 classes/);
    await page.click('#start');
    await says(page, 'of 100,000 rows learnt from$');
    // The page answers while the heads learn.
    await page.waitForFunction(() => document.querySelectorAll('#answer .name').length === 3, undefined, {
      timeout: PATIENCE,
    });
    const [before] = [await page.textContent('#asked')];
    await page.click('#another-row');
    await page.waitForFunction(
      (old) =>
        document.getElementById('asked')?.textContent?.split(' is of ')[0] !== old?.split(' is of ')[0],
      before,
      { timeout: PATIENCE },
    );
    await says(page, '^100,000 of 100,000 rows learnt from, done');
    const learnt = await numbers(page);
    const [sparse, dense] = shares(learnt['All classes']);
    expect(dense).toBeGreaterThan(0.85);
    expect(sparse).toBeGreaterThanOrEqual(dense - 0.005);
    const [connections, all] = learnt.Connections.map((text) => Number(text.replaceAll(',', '')));
    expect(all).toBe(COLS * 20);
    expect(connections).toBeLessThan(all);
    expect(learnt['Class 21']).toEqual(['–', '–']);

    await page.click('#add');
    await says(page, 'Class 21 joined: of the others’ rows [\\d.]+ % were right, and [\\d.]+ % are now');
    const [, was, is] = / ([\d.]+) % were right, and ([\d.]+) % are now/.exec(
      (await page.textContent('#status')) ?? '',
    ) as RegExpExecArray;
    expect(Number(was) / 100).toBeCloseTo(sparse, 2);
    // An output that has learnt nothing yet takes few rows away from the others.
    expect(Number(is)).toBeGreaterThan(Number(was) - 3);
    await says(page, 'rows learnt from, done');
    const later = await numbers(page);
    expect(shares(later['Class 21'])[0]).toBeGreaterThan(0.8);
    expect(shares(later['First 20'])[0]).toBeGreaterThan(sparse - 0.02);
    expect(await page.$$eval('#classes li', (items) => items.length)).toBe(21);
    await page.close();
  }, 300_000);

  it('is used by keyboard, and pauses', async () => {
    const page = await visit(390);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('start');
    await page.keyboard.press('Enter');
    await says(page, '^[1-9][\\d,]* of 100,000 rows learnt from$');
    // A class joins in the middle.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('add');
    await page.keyboard.press('Enter');
    await says(page, 'Class 21 joined');
    await page.focus('#start');
    await page.keyboard.press('Enter');
    await says(page, 'rows learnt from, paused');
    expect(await page.textContent('#start')).toBe('Go on');
    // Nothing reaches over the edge of a telephone.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.close();
  });
});
