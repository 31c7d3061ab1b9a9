import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, NO_CHROMIUM } from '../../../scripts/pages.mjs';
import { parseArguments } from '../../../src/cli/args.ts';
import { runCell } from '../../../src/cli/cellTask.ts';
import { trainSyntax } from '../../../src/cli/trainSyntax.ts';
import type { CellRecord } from '../../../src/compare/cell.ts';
import { escapeHtml } from '../../../src/compare/report/html.ts';
import { type ReportContext, renderReport } from '../../../src/compare/report/htmlReport.ts';
import { pngUrl } from '../../../src/compare/report/png.ts';
import { summarize } from '../../../src/compare/summary.ts';
import { isFull } from '../../support/effort.ts';
import { temporaryFolder } from '../cli/harness.ts';

const executablePath = findChromium();
if (executablePath === undefined) console.log(`reports are not looked at: ${NO_CHROMIUM}`);

const folder = temporaryFolder();
afterAll(folder.remove);

const HOSTILE = `<script>alert(1)</script>"' onload=x & <img src=http://example.invalid/a.png>`;
const METHODS = ['ctre-sim', 'set', 'dense'];
const SEEDS = [0, 1];
const EPOCHS = 5;

/**
 * Pictures of 8 × 8 pixels: class 1 is bright on the left, class 0 on the right; the upper rows are always
 * dark.
 */
function pictures(): string {
  const rows = Array.from({ length: 120 }, (_, row) => {
    const pixels = Array.from({ length: 64 }, (_, at) =>
      at < 16 ? 0 : at % 8 < 4 === (row % 2 === 1) ? 150 + ((row * at) % 100) : (row + at) % 40,
    );
    return [...pixels, row % 2].join(',');
  });
  return `${rows.join('\n')}\n`;
}

const records: CellRecord[] = [];
const context: ReportContext = {
  command: `ctre compare ${HOSTILE}`,
  version: '0.0.0',
  node: 'v0',
  machine: HOSTILE,
  jobs: 1,
  date: new Date('2026-01-02T03:04:05Z'),
  epochs: String(EPOCHS),
  datasets: [{ name: HOSTILE, about: HOSTILE }],
};

beforeAll(async () => {
  const path = folder.path('pictures.csv');
  writeFileSync(path, pictures());
  for (const epsilon of [1, 3]) {
    for (const method of METHODS) {
      for (const seed of SEEDS) {
        const cell = { dataset: HOSTILE, hidden: [12, 10], epsilon, method, seed };
        const argv = [path, '--hidden=12,10', `--epsilon=${epsilon}`, `--method=${method}`, `--seed=${seed}`];
        const more = [`--epochs=${EPOCHS}`, '--batch-size=20'];
        const task = {
          cell,
          data: '',
          args: parseArguments(trainSyntax, [...argv, ...more]),
          picture: { width: 8, height: 8 },
        };
        records.push(await runCell(task, () => {}));
      }
    }
  }
});

const report = (some: readonly CellRecord[] = records): Promise<string> =>
  renderReport(summarize(some), some, context);

describe('the text of a report', () => {
  it('has the results, the command, the version, the machine and the date', async () => {
    const html = await report();
    for (const { method } of records) expect(html).toContain(`</i>${method}</th>`);
    const [group] = summarize(records);
    for (const { testAccuracy } of group.methods) expect(html).toContain(testAccuracy?.mean.toFixed(4));
    for (const fact of [escapeHtml(context.command), 'ctre 0.0.0, Node v0', '2026-01-02 03:04 UTC']) {
      expect(html).toContain(fact);
    }
  });

  it('shows a hostile name as what it is', async () => {
    const html = await report();
    expect(html).not.toMatch(/<script|<img src=(?!"data:)|onload=x"/i);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x &amp; &lt;img');
  });

  it('can do with a single training, and with none that ended', async () => {
    expect(await report(records.slice(0, 1))).toContain('<svg');
    const failed = records.map(({ dataset, hidden, epsilon, method, seed }) => ({
      ...{ dataset, hidden, epsilon, method, seed },
      data: '',
      failed: 'diverged',
    }));
    expect(await report(failed)).toContain('0 (2 diverged)');
  });
});

describe.skipIf(executablePath === undefined)('a report in a browser', () => {
  let browser: Browser;
  const path = folder.path('report.html');
  beforeAll(async () => {
    writeFileSync(path, await report());
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(() => browser?.close());

  async function open(scheme: 'light' | 'dark', width: number) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:') && request.url() !== pathToFileURL(path).href) {
        complaints.push(`request of ${request.url()}`);
      }
    });
    page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`));
    await page.goto(pathToFileURL(path).href);
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
    return { page, complaints };
  }

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const)(
    '%s, %i pixels wide: no complaint, no request, no overflow, readable type',
    async (scheme, width) => {
      const { page, complaints } = await open(scheme, width);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      const sizes = await page.evaluate(() =>
        [...document.querySelectorAll('figure svg')].map((svg) => {
          const scale = svg.getBoundingClientRect().width / Number(svg.getAttribute('width'));
          return scale * Number.parseFloat(getComputedStyle(svg.querySelector('text') ?? svg).fontSize);
        }),
      );
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10);
      // WCAG 2.2, 1.4.3: 4.5 between text and what is behind it.
      const contrasts = await page.evaluate(() => {
        const channels = (colour: string): number[] =>
          (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
        const luminance = (colour: string): number => {
          const [r, g, b] = channels(colour).map((value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (element: Element | null): string => {
          for (let at = element; at !== null; at = at.parentElement) {
            const { backgroundColor } = getComputedStyle(at);
            if (!/, 0\)$/.test(backgroundColor)) return backgroundColor;
          }
          return 'rgb(255, 255, 255)';
        };
        return [...document.querySelectorAll('p, td, th, figcaption, h1, h2, h3, h4, dd, dt, summary')].map(
          (element) => {
            const [a, b] = [getComputedStyle(element).color, behind(element)].map(luminance);
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          },
        );
      });
      expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  it('has a curve for every method, over all epochs and from the lowest mean to the highest', async () => {
    const { page } = await open('light', 1280);
    const plots = await page.evaluate(() =>
      [...document.querySelectorAll('figure')]
        .filter((figure) => figure.querySelector('h4')?.textContent === 'Validation accuracy')
        .map((figure) => {
          const plot = figure.querySelector('svg')?.getBoundingClientRect();
          const boxOf = (element: Element) => {
            const { left, right, top, bottom } = element.getBoundingClientRect();
            const [x, y] = [plot?.left ?? 0, plot?.top ?? 0];
            const scale = 360 / (plot?.width ?? 1);
            return [left - x, right - x, top - y, bottom - y].map((value) => value * scale);
          };
          const paths = (kind: string) => [...figure.querySelectorAll(`svg .${kind} path`)];
          return {
            curves: paths('curve').map((path) => ({
              box: boxOf(path),
              points: (path.getAttribute('d')?.match(/[ML]/g) ?? []).length,
              colour: getComputedStyle(path).stroke,
            })),
            bands: paths('band').length,
          };
        }),
    );
    expect(plots).toHaveLength(2); // one for each density
    for (const { curves, bands } of plots) {
      expect(curves).toHaveLength(METHODS.length);
      expect(bands).toBe(METHODS.length);
      expect(new Set(curves.map(({ colour }) => colour)).size).toBe(METHODS.length);
      for (const { box, points } of curves) {
        const [left, right, top, bottom] = box;
        expect(points).toBe(EPOCHS);
        // The plot's margins are 52 and 14 at the sides, 28 above and 40 below, of 360 × 240.
        expect(left).toBeCloseTo(52, -1);
        expect(right).toBeCloseTo(360 - 14, -1);
        expect(top).toBeGreaterThan(26);
        expect(bottom).toBeLessThan(202);
      }
    }
    await page.close();
  });

  it('paints: every plot has many pixels of its methods’ colours, in light and dark', async () => {
    for (const scheme of isFull ? (['light', 'dark'] as const) : (['dark'] as const)) {
      const { page } = await open(scheme, 1280);
      const figures = page.locator('figure:has(svg .curve)');
      const count = await figures.count();
      expect(count).toBeGreaterThanOrEqual(20);
      for (let index = 0; index < count; index++) {
        const figure = figures.nth(index);
        const title = await figure.locator('h4').textContent();
        const shot = await figure.locator('svg').screenshot();
        const painted = await page.evaluate(async (base64) => {
          const image = new Image();
          image.src = `data:image/png;base64,${base64}`;
          await image.decode();
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.width, image.height];
          const context = canvas.getContext('2d');
          context?.drawImage(image, 0, 0);
          const { data } = context?.getImageData(0, 0, image.width, image.height) ?? { data: [] };
          let colourful = 0;
          for (let p = 0; p < data.length; p += 4) {
            const [r, g, b] = [data[p], data[p + 1], data[p + 2]];
            if (Math.max(r, g, b) - Math.min(r, g, b) > 60) colourful++;
          }
          return colourful;
        }, shot.toString('base64'));
        expect(painted, `${scheme}, ${title}`).toBeGreaterThan(100);
      }
      await page.close();
    }
  });

  it('shows where the network looks: not at pixels that are always dark', async () => {
    const { page } = await open('light', 1280);
    const strips = await page.evaluate(() =>
      [...document.querySelectorAll('.strip')].map((strip) => ({
        method: strip.querySelector('h4')?.textContent,
        pictures: [...strip.querySelectorAll('img')].map((image) => {
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          const context = canvas.getContext('2d');
          context?.drawImage(image, 0, 0);
          const data = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
          // Red rises with the number of connections.
          return Array.from({ length: data.length / 4 }, (_, pixel) => data[4 * pixel]);
        }),
      })),
    );
    // Dense networks look everywhere alike, and are left out.
    expect(strips.map(({ method }) => method)).toEqual(['ctre-sim', 'set', 'ctre-sim', 'set']);
    for (const { method, pictures: shown } of strips) {
      expect(shown).toHaveLength(4); // before, and after 1, 2 and 5 epochs
      for (const pixels of shown) expect(pixels).toHaveLength(64);
      expect(new Set(shown[0]).size, 'a random network looks at some more than at others').toBeGreaterThan(1);
      if (method !== 'ctre-sim') continue;
      const mean = (pixels: number[]): number =>
        pixels.reduce((sum, level) => sum + level, 0) / pixels.length;
      const last = shown[shown.length - 1];
      expect(mean(last.slice(0, 16))).toBeLessThan(mean(last.slice(16)));
    }
    await page.close();
  });
});

describe('pngUrl', () => {
  it('makes a PNG of the levels', () => {
    const bytes = Buffer.from(pngUrl(3, 2, Uint8Array.of(0, 255, 7, 1, 2, 3)).split(',')[1], 'base64');
    expect(bytes.subarray(0, 8)).toEqual(Buffer.from('89504e470d0a1a0a', 'hex'));
    const begin = bytes.indexOf('IDAT') + 4;
    const lines = inflateSync(bytes.subarray(begin, begin + bytes.readUInt32BE(begin - 8)));
    expect([...lines]).toEqual([0, 0, 255, 7, 0, 1, 2, 3]);
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([3, 2]);
  });
});
