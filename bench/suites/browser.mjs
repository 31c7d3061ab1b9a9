// The same epochs in headless Chromium and in Node, on the same numbers of threads. And epochs of the dense
// network in tfjs-wasm, on the same page.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { findChromium, ISOLATION, NO_CHROMIUM, serve } from '../../scripts/pages.mjs';
import { randomRows } from '../problems.mjs';
import { nodeProgram } from '../programs.mjs';
import { ratio, takeTurns } from '../turns.mjs';

const LAYERS = [784, 1000, 1000, 1000, 10];
const [EPSILON, BATCH_SIZE] = [5, 128];
const THREADS = [1, 2];
const PLACES = ['page', 'worker'];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const tfjs = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));

/** A page on which `contestants` is bench/page/epochs.mjs, with the rows on its server. */
async function openPage(executablePath, { x, y }) {
  const { outputFiles } = await build({
    entryPoints: [here('../page/epochs.mjs')],
    bundle: true,
    format: 'iife',
    globalName: 'contestants',
    platform: 'browser',
    // The address of the bundle. Threads, and models in workers, look for their files beside it.
    define: { 'import.meta.url': 'document.baseURI' },
    write: false,
    logLevel: 'error',
  });
  const files = {
    '/': '<!doctype html><link rel="icon" href="data:,"><script src="/contestants.js"></script>',
    '/contestants.js': outputFiles[0].text,
    '/rows': Buffer.from(x.data.buffer, x.data.byteOffset, x.data.byteLength),
    '/labels': Buffer.from(y.buffer, y.byteOffset, y.byteLength),
  };
  const server = await serve(ISOLATION, async ({ pathname }) => {
    if (pathname.startsWith('/tfjs/')) return readFile(join(tfjs, pathname.slice('/tfjs/'.length)));
    return files[pathname] ?? readFile(here(`../../dist/bundle${pathname}`));
  });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(`${server.origin}/`);
  return {
    version: browser.version(),
    call: (name, ...args) =>
      page.evaluate(([of, given]) => globalThis.contestants[of](...given), [name, args]),
    async close() {
      await browser.close();
      server.close();
    },
  };
}

export async function run({ nodes, quick, say }) {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    say(`Pages are not measured: ${NO_CHROMIUM}.`);
    return undefined;
  }
  const [rows, count] = quick ? [640, 2] : [5000, 10];
  const data = randomRows(rows, LAYERS[0], LAYERS.at(-1), 0.2);
  const page = await openPage(executablePath, data);
  const programs = nodes.map((node) => [
    node.name,
    nodeProgram(node, 'served/training.mjs', [], { pinned: false }),
  ]);
  try {
    say(
      `${rows} ${data.name}, ${LAYERS.join('-')}, ε = ${EPSILON}, batch ${BATCH_SIZE}, SET; ` +
        `Chromium ${page.version}; median seconds of an epoch:`,
    );
    const turns = {};
    await page.call('load', rows, LAYERS[0]);
    for (const threads of THREADS) {
      const model = { layers: LAYERS, epsilon: EPSILON, threads };
      const wanted = { data: { random: [rows, LAYERS[0], LAYERS.at(-1)] }, method: 'set', model };
      for (const [name, program] of programs) {
        const { warning } = await program.ask([
          'open',
          threads,
          JSON.stringify({ ...wanted, batchSize: BATCH_SIZE }),
        ]);
        if (warning !== undefined) say(`${name}: ${warning}`);
        turns[`${name} ${threads}`] = async () => (await program.ask(['epochs', threads, count])).train;
      }
      for (const place of PLACES) {
        const { warning } = await page.call('open', `${place} ${threads}`, place, model);
        if (warning !== undefined) say(`${place}: ${warning}`);
        turns[`${place} ${threads}`] = () => page.call('epochs', `${place} ${threads}`, count, BATCH_SIZE);
      }
    }
    await page.call('openDense', LAYERS);
    const losses = [];
    turns.tfjs = async () => {
      const { seconds, loss } = await page.call('denseEpoch', BATCH_SIZE);
      losses.push(loss);
      return seconds;
    };
    // The first epochs warm up compilers and caches.
    for (const turn of Object.values(turns)) await turn();
    const found = await takeTurns(turns, { rounds: quick ? 3 : 7, seconds: 300 });
    if (!(losses.at(-1) < losses[0]))
      throw new Error(`tfjs learns nothing: its losses are ${losses.join(', ')}`);
    const figures = { rows, layers: LAYERS, epsilon: EPSILON, batchSize: BATCH_SIZE, chromium: page.version };
    const brief = ({ min, median }) => ({ min, median });
    figures.threads = THREADS.map((threads) => {
      const of = (name) => found[`${name} ${threads}`];
      const seconds = [...programs.map(([name]) => name), ...PLACES].map((name) => [name, brief(of(name))]);
      const nodesToPlaces = programs.map(([name]) => [
        name,
        Object.fromEntries(PLACES.map((place) => [place, ratio(of(name), of(place))])),
      ]);
      return { threads, seconds: Object.fromEntries(seconds), ratios: Object.fromEntries(nodesToPlaces) };
    });
    figures.tfjs = {
      ...brief(found.tfjs),
      toCtre: Object.fromEntries(PLACES.map((place) => [place, ratio(found.tfjs, found[`${place} 1`])])),
    };
    for (const { threads, seconds, ratios } of figures.threads) {
      const times = Object.entries(seconds).map(([name, { median }]) => `${name} ${median.toFixed(3)}`);
      const speeds = Object.entries(ratios).map(
        ([name, to]) => `${name} ÷ page ${to.page.toFixed(2)}, ÷ worker ${to.worker.toFixed(2)}`,
      );
      say(`${threads} thread${threads === 1 ? '' : 's'}: ${times.join(', ')}; ${speeds.join('; ')}`);
    }
    const { median, toCtre } = figures.tfjs;
    say(
      `dense in tfjs-wasm: ${median.toFixed(2)}; ÷ page ${toCtre.page.toFixed(1)}, ` +
        `÷ worker ${toCtre.worker.toFixed(1)}`,
    );
    return figures;
  } finally {
    await page.close();
    for (const [, program] of programs) program.close();
  }
}
