// Pages of test/system/consumers: what their program comes to.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { ISOLATION, serve } from '../../scripts/pages.mjs';

/** What test/system/consumers/program.js comes to. */
export interface Outcome {
  readonly here: Trained;
  readonly inWorker: Trained;
  /** With a topology method of one's own, by its functions and by the address of its module. */
  readonly ownHere: readonly number[];
  readonly ownInWorker: readonly number[];
}

export interface Trained {
  readonly losses: readonly number[];
  readonly threads: number;
  readonly warning: string | null;
}

/** What is looked at before the page is closed. */
export type AtEnd = (page: Page) => Promise<unknown>;

/** Nothing but the page's own files, and WebAssembly. */
const POLICY = "script-src 'self' 'wasm-unsafe-eval'";

/** The outcome in Node, but of both models, here and in a worker, what is not as there. */
export function expectedWith(
  expected: Outcome,
  more: { readonly threads?: number; readonly warning?: unknown },
): object & { readonly here: object; readonly inWorker: object } {
  const { here, inWorker } = expected;
  return { ...expected, here: { ...here, ...more }, inWorker: { ...inWorker, ...more } };
}

/** The outcome of a page of the folder, which is served with a strict policy and, if wanted, isolated. */
export async function outcomeOfFolder(
  page: Page,
  folder: string,
  path: string,
  isolated: boolean,
  atEnd?: AtEnd,
): Promise<unknown> {
  // An import map stands in the page itself: the policy has to name it.
  const html = readFileSync(join(folder, path.replace(/\?.*/, ''), 'index.html'), 'utf8');
  const [, map] = /<script type="?importmap"?>([\s\S]*?)<\/script>/.exec(html) ?? [];
  const hash = map && ` 'sha256-${createHash('sha256').update(map).digest('base64')}'`;
  const headers = { 'Content-Security-Policy': `${POLICY}${hash ?? ''}`, ...(isolated && ISOLATION) };
  const server = await serve(headers, async ({ pathname }) => {
    if (pathname === '/favicon.ico') return '';
    return readFile(join(folder, pathname.endsWith('/') ? `${pathname}index.html` : pathname));
  });
  try {
    return await outcomeOf(page, `${server.origin}${path}`, { atEnd });
  } finally {
    server.close();
  }
}

/**
 * What is on the page at the end, which is closed then. It has to come without a complaint.
 * @param words what its console may say.
 */
export async function outcomeOf(
  page: Page,
  address: string,
  { words, atEnd }: { readonly words?: RegExp; readonly atEnd?: AtEnd } = {},
): Promise<unknown> {
  const complaints: string[] = [];
  let hosted = false;
  try {
    page.on('request', (request) => {
      hosted ||= request.resourceType() === 'fetch' && /\.wasm$/.test(request.url());
    });
    page.on('console', (message) => {
      const { url } = message.location();
      const isExpected = words?.test(message.text()) || url.endsWith('/favicon.ico');
      if (!isExpected) complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(address, { timeout: 120_000 });
    const output = page.locator('output:not(:empty)');
    await output.waitFor({ state: 'attached', timeout: 120_000 }).catch(() => {});
    expect(complaints).toEqual([]);
    const text = await output.textContent({ timeout: 1000 });
    expect(text).toMatch(/^\{/);
    expect(hosted).toBe(address.includes('hosted'));
    await atEnd?.(page);
    return JSON.parse(text ?? '');
  } finally {
    await page.close();
  }
}
