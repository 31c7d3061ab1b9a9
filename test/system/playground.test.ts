// The playground in a headless Chromium, as a visitor uses it: built, served, clicked.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { POLICY } from '../../examples/shared/pageConfig.ts';
import { findChromium, ISOLATION, NO_CHROMIUM } from '../../scripts/pages.mjs';
import { randomStream } from '../../src/base/random.ts';
import { SparseMLP } from '../../src/index.ts';
import { METHOD_NAMES, methods } from '../../src/topology/methods.ts';
import { skipTest } from '../support/effort.ts';
import { ctre, jsonLines } from '../unit/cli/harness.ts';

const configFile = fileURLToPath(new URL('../../examples/playground/vite.config.ts', import.meta.url));
const executablePath = findChromium();
/** Milliseconds that a busy machine may take for what takes one or two seconds. */
const PATIENCE = 40_000;

/** A page, and what came up on it. */
interface Visit {
  readonly page: Page;
  readonly problems: string[];
  readonly hosts: Set<string>;
}

// Of programs of their own; an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('the playground', () => {
  let folder: string;
  let isolated: PreviewServer;
  let plain: PreviewServer;
  let browser: Browser;
  let visits: Visit[] = [];

  beforeAll(async () => {
    if (executablePath === undefined) return;
    folder = mkdtempSync(join(tmpdir(), 'ctre-playground-'));
    await build({ configFile, logLevel: 'error', build: { outDir: folder } });
    const serve = (base: string, headers: Record<string, string>) =>
      preview({
        ...{ configFile: false, logLevel: 'error', base, build: { outDir: folder } },
        preview: { host: '127.0.0.1', port: 0, headers },
      });
    isolated = await serve('/', { ...ISOLATION, 'Content-Security-Policy': POLICY });
    // As a static server does it: no headers, in a folder.
    plain = await serve('/some/folder/', {});
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }, PATIENCE);

  afterAll(async () => {
    await browser?.close();
    await Promise.all([isolated?.close(), plain?.close()]);
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  beforeEach((context) => {
    if (executablePath !== undefined) return;
    skipTest(context, NO_CHROMIUM);
  });

  afterEach(async () => {
    const ended = visits;
    visits = [];
    await Promise.all(ended.map(({ page }) => page.close()));
    for (const { problems, hosts } of ended) {
      expect(problems).toEqual([]);
      expect([...hosts]).toEqual(['127.0.0.1']);
    }
  });

  /** The page, with data loaded. */
  async function visit(server = isolated, width = 1200): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const problems: string[] = [];
    const hosts = new Set<string>();
    visits.push({ page, problems, hosts });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(message.text());
    });
    page.on('pageerror', ({ message }) => problems.push(message));
    page.on('request', (request) => {
      const url = new URL(request.url());
      // What is downloaded comes from the page itself.
      if (url.protocol !== 'blob:') hosts.add(url.hostname);
    });
    const [{ port }, { base }] = [server.httpServer.address() as { port: number }, server.config];
    await page.goto(`http://127.0.0.1:${port}${base}`);
    await page.waitForSelector('#start:enabled', { timeout: PATIENCE });
    return page;
  }

  async function start(page: Page, settings: Record<string, string>): Promise<void> {
    for (const [id, value] of Object.entries(settings)) {
      if (id.startsWith('method')) await page.selectOption(`#${id}`, value);
      else await page.fill(`#${id}`, value);
    }
    await page.click('#start');
    await page.waitForSelector('#stop:enabled', { timeout: PATIENCE });
  }

  /** Waits for the end of a training. */
  async function ended(page: Page): Promise<string> {
    await page.waitForSelector('#stop:disabled', { timeout: PATIENCE });
    await page.waitForSelector('#start:enabled', { timeout: PATIENCE });
    return (await page.textContent('#status')) ?? '';
  }

  /** Waits until a run is behind an epoch. */
  async function reach(page: Page, epoch: number): Promise<void> {
    const isThere = (wanted: number): boolean =>
      Number(/epoch (\d+)/.exec(document.getElementById('status')?.textContent ?? '')?.[1] ?? 0) >= wanted;
    await page.waitForFunction(isThere, epoch, { timeout: PATIENCE });
  }

  async function drop(page: Page, files: Record<string, Uint8Array>): Promise<void> {
    const list = Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]);
    await page.evaluate((all) => {
      const dataTransfer = new DataTransfer();
      for (const [name, text] of all) {
        const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
        dataTransfer.items.add(new File([bytes], name));
      }
      document.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, list);
  }

  /** The file of run A. */
  async function save(page: Page): Promise<Buffer> {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save-a')]);
    return readFileSync(await download.path());
  }

  const factsSay = (page: Page, text: string) =>
    page.waitForFunction((wanted) => document.getElementById('facts')?.textContent?.includes(wanted), text, {
      timeout: PATIENCE,
    });

  /** The numbers of the table, by row: of A, B and the dense network. */
  async function numbers(page: Page): Promise<Record<string, string[]>> {
    const rows = await page.$$eval('#numbers tbody tr', (all) =>
      all.map((row) => Array.from(row.children, (cell) => cell.textContent ?? '')),
    );
    return Object.fromEntries(rows.map(([title, ...cells]) => [title, cells]));
  }

  /** How many pixels of a run's picture are nearest to each of its colours, far from the ground. */
  function inkOf(page: Page, run: string): Promise<Record<string, number>> {
    return page.evaluate((name) => {
      const canvas = document.querySelector<HTMLCanvasElement>(`#run-${name} canvas.topology`);
      if (canvas === null) throw new Error('there is no picture');
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext('2d', { willReadFrequently: true });
      if (context === null) throw new Error('there is no context');
      const style = getComputedStyle(document.documentElement);
      const colours = ['kept', 'pruned', 'scored', 'random'].map((colour) => {
        context.fillStyle = style.getPropertyValue(`--${colour}`).trim();
        context.fillRect(0, 0, 1, 1);
        return { colour, is: context.getImageData(0, 0, 1, 1).data };
      });
      context.clearRect(0, 0, copy.width, copy.height);
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, copy.width, copy.height);
      const ink: Record<string, number> = { kept: 0, pruned: 0, scored: 0, random: 0, sum: 0 };
      for (let at = 0; at < data.length; at += 4) {
        ink.sum = (ink.sum * 31 + data[at] + 7 * data[at + 1] + 11 * data[at + 3]) % 1_000_003;
        if (data[at + 3] < 100) continue;
        const near = colours.find(({ is }) => [0, 1, 2].every((c) => Math.abs(is[c] - data[at + c]) < 24));
        if (near) ink[near.colour]++;
      }
      return ink;
    }, run);
  }

  it('trains two runs side by side, shows curves, topology and numbers, and leaves the page its time', async () => {
    const page = await visit();
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
    const stopWatching = await watchTasks(page);
    await start(page, { epochs: '60' });
    await reach(page, 3);
    const [early, firstPath] = [await inkOf(page, 'a'), await page.getAttribute('#curves path.a', 'd')];
    expect(await ended(page)).toMatch(/A: epoch 60, \d.*done · B: epoch 60, \d.*done/);
    const { wall, cpu } = await stopWatching();
    console.log(
      `the longest task on the page's thread: ${cpu} ms of its own, ${wall} ms with what other threads took`,
    );
    expect(cpu).toBeGreaterThan(0);
    expect(cpu).toBeLessThanOrEqual(50);

    // A line to every epoch, of the training and of the held-out rows of both runs.
    for (const run of ['a', 'b']) {
      const paths = await page.$$eval(`#curves path.${run}`, (all) =>
        all.map((path) => path.getAttribute('d')),
      );
      expect(paths.map((path) => path?.split('L').length)).toEqual([60, 60]);
      expect(new Set(paths).size).toBe(2);
    }
    expect(firstPath).not.toBe(await page.getAttribute('#curves path.a', 'd'));

    const [a, b] = [await inkOf(page, 'a'), await inkOf(page, 'b')];
    expect(a.sum).not.toBe(early.sum);
    for (const colour of ['pruned', 'scored', 'random']) expect(a[colour], colour).toBeGreaterThan(50);
    // SET knows no score.
    expect(b.random).toBeGreaterThan(a.random);
    expect(b.scored).toBe(0);

    // ε = 2 over 784 → 200 → 100 → 50 → 10, as SparseMLP counts them, and every connection of the dense one.
    const model = await SparseMLP.create({ layers: [784, 200, 100, 50, 10], epsilon: 2 });
    const table = await numbers(page);
    const dense = 784 * 200 + 200 * 100 + 100 * 50 + 50 * 10;
    expect(table.Connections.map((text) => Number(text.replace(',', '')))).toEqual([
      model.nnz,
      model.nnz,
      dense,
    ]);
    model.dispose();
    const [best] = table['Accuracy, held-out rows (best)'].map(Number.parseFloat);
    expect(best).toBeGreaterThan(90);
    expect(table['An epoch: training'].every((text) => /\d (ms|s)$/.test(text))).toBe(true);
  });

  it('offers every method of the table, and says which connections it grows', async () => {
    const page = await visit();
    const names = await page.$$eval('#method-a option', (all) => all.map(({ textContent }) => textContent));
    expect(names).toEqual(METHOD_NAMES);
    for (const name of METHOD_NAMES) {
      await page.selectOption('#method-b', name);
      expect(await page.textContent('#about-b')).toBe(methods[name].about);
    }
  });

  it('stops in the middle of an epoch, and starts anew', async () => {
    const page = await visit();
    // An epoch of 840 000 connections and 3200 rows takes seconds.
    await start(page, { hidden: '4000, 4000', 'epsilon-a': '50', 'method-a': 'static', 'method-b': '' });
    await page.waitForFunction(() => document.getElementById('status')?.textContent?.includes('starting'));
    const begin = performance.now();
    await page.click('#stop');
    expect(await ended(page)).toMatch(/^A: .*stopped$/);
    console.log(`stopped after ${Math.round(performance.now() - begin)} ms`);
    expect(await page.textContent('#status')).not.toContain('epoch');
    await start(page, { hidden: '30', 'epsilon-a': '2', epochs: '3' });
    expect(await ended(page)).toMatch(/^A: epoch 3, .*done$/);
  });

  it('reads a dropped .mat file off its thread, and trains on it', async () => {
    const page = await visit();
    // Ten columns from −100 to 100, but the third, from 0 to 0.2, says the class: without its scaling the
    // others drown it.
    const [rows, cols, random] = [150, 10, randomStream(1, 'a .mat file')];
    const x = Float64Array.from({ length: rows * cols }, (_, at) => {
      const value = random.next();
      return Math.floor(at / rows) === 2 ? 0.2 * value : 200 * value - 100;
    });
    const y = Float64Array.from({ length: rows }, (_, row) => (x[2 * rows + row] > 0.1 ? 1 : -1));
    const mat = matFile({ X: { rows, cols, data: x }, Y: { rows, cols: 1, data: y } });
    await drop(page, { 'small.mat': mat });
    await factsSay(page, '120 rows to train on, 30 held out; 10 columns, 2 classes');
    await start(page, { hidden: '20', epochs: '60', 'batch-size': '10' });
    expect(await ended(page)).toContain('A: epoch 60');
    expect(Number.parseFloat((await numbers(page))['Accuracy, held-out rows (best)'][0])).toBeGreaterThan(80);
    // The strongest input is the one that matters.
    expect(await page.textContent('#run-a .bars .name')).toBe('column 2');

    // The command line takes the saved model for its own: it names the classes as the file does, and scales
    // as the page did.
    const [model, data] = [join(folder, 'small.safetensors'), join(folder, 'small.mat')];
    writeFileSync(model, await save(page));
    writeFileSync(data, mat);
    const { stdout, stderr } = await ctre(['evaluate', model, data, '--json']);
    expect(stderr).toBe('');
    const [{ accuracy, classes }] = jsonLines(stdout);
    expect(accuracy).toBeGreaterThan(0.8);
    expect(classes).toMatchObject([{ label: -1 }, { label: 1 }]);
  });

  it('reads a folder of IDX files, and shows where on the pictures the network looks', async () => {
    const page = await visit();
    // The class is the half that is bright; the corners never are.
    const side = 8;
    const pictures = (rows: number) => {
      const bytes = new Uint8Array(rows * side * side);
      const labels = Uint8Array.from({ length: rows }, (_, row) => row % 2);
      labels.forEach((label, row) => {
        for (let line = 2; line < 6; line++) {
          bytes.fill(
            100 + ((row * 37) % 150),
            row * 64 + line * 8 + 4 * label,
            row * 64 + line * 8 + 4 * label + 4,
          );
        }
      });
      return { images: idxFile([rows, side, side], bytes), labels: idxFile([rows], labels) };
    };
    const [train, test] = [pictures(200), pictures(60)];
    const idx = join(folder, 'idx');
    mkdirSync(idx);
    const files = {
      'train-images-idx3-ubyte': train.images,
      'train-labels-idx1-ubyte': train.labels,
      't10k-images-idx3-ubyte': test.images,
      't10k-labels-idx1-ubyte': test.labels,
      README: Buffer.from('halves'),
    };
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(idx, name), bytes);
    await page.setInputFiles('#folder', idx);
    await factsSay(page, '200 rows to train on, 60 held out; 64 columns, 2 classes; pixels divided by 255');
    await start(page, { hidden: '30', epochs: '30', 'batch-size': '20', 'method-b': '' });
    expect(await ended(page)).toMatch(/^A: epoch 30, .*done$/);
    expect((await numbers(page))['Accuracy, held-out rows (best)'][0]).toBe('100.0 %');
    await page.fill('#row', '7');
    await page.press('#row', 'Enter');
    await page.waitForFunction(
      () => document.getElementById('seen-about')?.textContent === 'Held-out row 7: class 1',
    );
    const size = await page.$eval('#run-a .inputs canvas', (canvas) => (canvas as HTMLCanvasElement).width);
    expect(size).toBe(side);
    expect(await page.textContent('#run-a .inputs figcaption')).toMatch(
      /^Connections of every pixel.* of 64 pixels/,
    );
  });

  it('says what is wrong with a file, while the training goes on', async () => {
    const page = await visit();
    await start(page, { epochs: '100000' });
    await reach(page, 2);
    const facts = await page.textContent('#facts');
    const complaint = async (text: RegExp) => {
      await page.waitForFunction(
        (source) => new RegExp(source).test(document.getElementById('problem')?.textContent ?? ''),
        text.source,
        { timeout: PATIENCE },
      );
    };
    await drop(page, { 'broken.mat': new Uint8Array(300).fill(7) });
    await complaint(/^broken\.mat: /);
    await drop(page, { 'picture.png': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3) });
    await complaint(/^picture\.png: .*an image/);
    await drop(page, { 'model.safetensors': new Uint8Array(40) });
    await complaint(/safetensors|cut short|header/);
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      const part = new Blob([new Uint8Array(2 ** 20)]);
      dataTransfer.items.add(new File(Array(600).fill(part), 'huge.csv'));
      document.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    });
    await complaint(/^huge\.csv: 600 MiB are too many for a page.*; use a part of it/);
    const at = Number(/epoch (\d+)/.exec((await page.textContent('#status')) ?? '')?.[1]);
    await reach(page, at + 3);
    expect(await page.textContent('#facts')).toBe(facts);
    expect(await page.isChecked('[value=digits]')).toBe(true);
    await page.click('#stop');
    expect(await ended(page)).toMatch(/A: .*stopped · B: .*stopped/);
  });

  it('saves a model and loads it again with the same predictions', async () => {
    const page = await visit();
    await start(page, { hidden: '50', epochs: '3', 'method-b': '' });
    await ended(page);
    const predictions = async (): Promise<string[]> => {
      const said: string[] = [];
      for (const row of ['3', '5', '7']) {
        await page.fill('#row', row);
        await page.press('#row', 'Enter');
        await page.waitForFunction(
          (wanted) => document.getElementById('seen-about')?.textContent?.includes(`row ${wanted}:`),
          row,
        );
        await page.waitForTimeout(200);
        said.push((await page.textContent('#probabilities')) ?? '');
      }
      return said;
    };
    const [bytes, before] = [await save(page), await predictions()];
    expect(new Set(before).size).toBe(3);
    const model = await SparseMLP.load(bytes);
    expect(model.metadata).toMatchObject({ dataset: 'Drawn digits' });
    model.dispose();

    await page.click('#reset');
    await page.waitForSelector('#save-a:disabled');
    await page.setInputFiles('#load', { name: 'mine.safetensors', mimeType: '', buffer: bytes });
    await page.waitForSelector('#save-a:enabled', { timeout: PATIENCE });
    expect(await page.textContent('#run-a h3')).toBe('A: ctre-sim, from mine.safetensors');
    expect(await predictions()).toEqual(before);
    // The very same file: then all predictions are the same, to the bit.
    expect((await save(page)).equals(bytes)).toBe(true);
  });

  it('takes a drawn digit, and rows by keyboard alone', async () => {
    const page = await visit();
    await start(page, { epochs: '12', 'method-b': '' });
    await ended(page);
    await page.locator('#pad').scrollIntoViewIfNeeded();
    const box = await page.locator('#pad').boundingBox();
    if (box === null) throw new Error('there is no pad');
    const to = (x: number, y: number) => [box.x + box.width * x, box.y + box.height * y] as const;
    await page.mouse.move(...to(0.25, 0.2));
    await page.mouse.down();
    await page.mouse.move(...to(0.75, 0.2), { steps: 6 });
    await page.mouse.move(...to(0.45, 0.85), { steps: 8 });
    await page.mouse.up();
    await page.waitForFunction(() =>
      /A says 7/.test(document.getElementById('prediction')?.textContent ?? ''),
    );
    const shares = await page.$$eval('#probabilities .value', (all) =>
      all.map(({ textContent }) => Number.parseFloat(textContent ?? '')),
    );
    expect(shares).toHaveLength(10);
    expect(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 100)).toBeLessThan(6);

    await page.focus('#row');
    await page.keyboard.press('ArrowUp');
    await page.waitForFunction(() =>
      /row 1: class \d/.test(document.getElementById('seen-about')?.textContent ?? ''),
    );
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() =>
      /row 2: class \d/.test(document.getElementById('seen-about')?.textContent ?? ''),
    );
  });

  it('works from a static server, in a folder and not isolated, on one thread; and on a phone', async () => {
    const page = await visit(plain, 360);
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(false);
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    expect(await width()).toBe(360);
    await start(page, { epochs: '4' });
    expect(await ended(page)).toMatch(/A: epoch 4, .*done · B: epoch 4, .*done/);
    expect((await numbers(page)).Threads).toEqual(['1', '1', '1']);
    expect(await width()).toBe(360);
  });

  it('runs no script but its own', async () => {
    for (const server of [isolated, plain]) {
      const page = await visit(server);
      const inline = await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'document.body.dataset.ran = "yes"';
        document.body.append(script);
        return document.body.dataset.ran;
      });
      expect(inline).toBeUndefined();
      const refusals = visits.at(-1)?.problems.splice(0) ?? [];
      expect(refusals).toHaveLength(server === isolated ? 2 : 1);
      for (const refusal of refusals) expect(refusal).toMatch(/Content Security Policy/);
    }
  });
});

/** One of Chromium's own events: times in µs, `tdur` without what the thread waited for the processor. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * Watches the tasks of the page's thread; the answer is called for the longest of them, in ms. A busy machine
 * stretches any task, so that what a `longtask` observer says there is of the machine: what counts is what a
 * task itself takes.
 */
async function watchTasks(page: Page): Promise<() => Promise<{ wall: number; cpu: number }>> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    const given: readonly object[] = value;
    events.push(...given.filter((event): event is TraceEvent => 'name' in event));
  });
  const traceConfig = { includedCategories: ['toplevel'] };
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
  return async () => {
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    const thread = ({ pid, tid }: TraceEvent): string => `${pid}/${tid}`;
    const main = new Set(
      events
        .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
        .map(thread),
    );
    const tasks = events.filter((event) => main.has(thread(event)) && event.name.endsWith('RunTask'));
    const longest = (part: 'dur' | 'tdur'): number =>
      Math.ceil(tasks.reduce((most, task) => Math.max(most, task[part] ?? 0), 0) / 1000);
    return { wall: longest('dur'), cpu: longest('tdur') };
  };
}

/** A MATLAB 5 file of double matrices, column-major (MAT-File Format, MathWorks, chapter 1). */
function matFile(variables: Record<string, { rows: number; cols: number; data: Float64Array }>): Uint8Array {
  const element = (type: number, bytes: Uint8Array): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(type, 0);
    head.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([head, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
  };
  const int32 = (...values: number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  const matrices = Object.entries(variables).map(([name, { rows, cols, data }]) =>
    element(
      14,
      Buffer.concat([
        element(6, int32(6, 0)),
        element(5, int32(rows, cols)),
        element(1, Buffer.from(name)),
        element(9, new Uint8Array(data.buffer)),
      ]),
    ),
  );
  return Buffer.concat([header, ...matrices]);
}

/** An IDX file of bytes (the format of MNIST's files). */
function idxFile(sizes: readonly number[], bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head.set([0, 0, 8, sizes.length]);
  sizes.forEach((size, at) => {
    head.writeUInt32BE(size, 4 + 4 * at);
  });
  return Buffer.concat([head, bytes]);
}
