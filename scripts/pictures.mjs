// Takes the pictures of docs/pictures, and the one that links to the page show, from the built playground, in
// a headless Chromium: npm run pictures
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { preview } from 'vite';
import { findChromium } from './pages.mjs';

const root = new URL('..', import.meta.url);
const folder = fileURLToPath(new URL('docs/pictures', root));
const previewFile = fileURLToPath(new URL('examples/playground/preview.png', root));
const configFile = fileURLToPath(new URL('examples/playground/vite.config.ts', root));
/** The epochs whose connections are shown side by side. */
const EPOCHS = [0, 1, 5, 40];
/** Milliseconds that a training may take on a busy machine. */
const PATIENCE = 600_000;

await mkdir(folder, { recursive: true });
const server = await preview({ configFile, logLevel: 'error', preview: { port: 0 } });
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
try {
  // The page as a visitor sees it after the first training, and the size that previews have.
  await takePage(`${folder}/playground.png`, { width: 1280, height: 760 });
  await takePage(previewFile, { width: 1200, height: 630 });
  await takeTopology();
} finally {
  await browser.close();
  await server.close();
}

async function takePage(file, viewport) {
  const page = await open(viewport, '');
  const shot = await page.screenshot();
  const { width, height, data } = await page.evaluate(readPixels, shot.toString('base64'));
  await writeFile(file, encodePng(width, height, Buffer.from(data, 'base64')));
  await page.close();
}

/** One network at some epochs: its layers, and where it looks on the pixels. */
async function takeTopology() {
  const page = await open(
    { width: 800, height: 1220 },
    `#data=digits&epochs=${EPOCHS.at(-1)}&batch=16&b=off`,
  );
  await page.evaluate(() => {
    globalThis.looks = [];
  });
  await page.locator('#network').scrollIntoViewIfNeeded();
  for (const epoch of EPOCHS) {
    await page.fill('#epoch', String(epoch));
    // The layers glide to their places, in another thread.
    await page.waitForTimeout(3000);
    await page.evaluate(keepLook, epoch);
  }
  const url = await page.evaluate(drawStrip);
  await writeFile(`${folder}/topology.webp`, Buffer.from(url.split(',')[1], 'base64'));
}

/** The page, when it has trained. */
async function open(viewport, experiment) {
  const page = await browser.newPage({ viewport, colorScheme: 'light', serviceWorkers: 'block' });
  await page.goto(`${server.resolvedUrls.local[0]}${experiment}`);
  await page.waitForFunction(
    () => document.getElementById('status').textContent.startsWith('Done'),
    undefined,
    {
      timeout: PATIENCE,
    },
  );
  await page.waitForTimeout(1000);
  return page;
}

/** On the page: keeps a copy of both pictures of A. */
function keepLook(epoch) {
  const copies = ['network', 'inputs-a'].map((id) => {
    const canvas = document.getElementById(id);
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    copy.getContext('2d').drawImage(canvas, 0, 0);
    return copy;
  });
  globalThis.looks.push({ epoch, copies });
}

/** On the page: the looks side by side, as the address of a WebP. */
function drawStrip() {
  const { looks } = globalThis;
  const [gap, side, width] = [28, 190, 360];
  const [first] = looks[0].copies;
  const height = Math.round((width * first.height) / first.width);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [looks.length * (width + gap) + gap, height + side + 90];
  const context = canvas.getContext('2d');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textAlign = 'center';
  looks.forEach(({ epoch, copies: [network, inputs] }, at) => {
    const x = gap + at * (width + gap);
    context.font = '600 17px sans-serif';
    context.fillStyle = '#1d2229';
    context.fillText(epoch === 0 ? 'before training' : `epoch ${epoch}`, x + width / 2, 32);
    context.imageSmoothingEnabled = true;
    context.drawImage(network, x, 46, width, height);
    context.imageSmoothingEnabled = false;
    context.drawImage(inputs, x + (width - side) / 2, height + 64, side, side);
  });
  return canvas.toDataURL('image/webp', 0.9);
}

/** On the page: the pixels of a PNG, three bytes each. */
async function readPixels(png) {
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes]));
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const all = context.getImageData(0, 0, width, height).data.filter((_, at) => at % 4 < 3);
  let data = '';
  for (let at = 0; at < all.length; at += 30_000)
    data += btoa(String.fromCharCode(...all.subarray(at, at + 30_000)));
  return { width, height, data };
}

/**
 * A PNG of 256 colours, a third of the size of one of all: those that occur most, then the first of those
 * that are alike in the upper four bits of every channel, so that none is far from all of them (PNG
 * specification, W3C 2003).
 */
function encodePng(width, height, pixels) {
  const colourAt = (pixel) => pixels.readUIntBE(3 * pixel, 3);
  const counts = new Map();
  for (let pixel = 0; pixel < width * height; pixel++) {
    counts.set(colourAt(pixel), (counts.get(colourAt(pixel)) ?? 0) + 1);
  }
  const byCount = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one));
  const alike = new Map();
  for (const colour of byCount) alike.set(colour & 0xf0f0f0, alike.get(colour & 0xf0f0f0) ?? colour);
  const palette = [...new Set([...byCount.slice(0, 64), ...alike.values()])].slice(0, 256);
  const channels = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const known = palette.map(channels);
  const nearest = new Map();
  for (const colour of counts.keys()) {
    const own = channels(colour);
    const distances = known.map((one) => one.reduce((sum, value, c) => sum + (value - own[c]) ** 2, 0));
    nearest.set(colour, distances.indexOf(Math.min(...distances)));
  }
  const lines = Buffer.alloc(height * (width + 1));
  for (let pixel = 0; pixel < width * height; pixel++) {
    lines[Math.floor(pixel / width) * (width + 1) + 1 + (pixel % width)] = nearest.get(colourAt(pixel));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8);
  const chunk = (name, bytes) => {
    const body = Buffer.concat([Buffer.from(name), bytes]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(bytes.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(known.flat())),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
