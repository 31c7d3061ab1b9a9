// A page with the repository's files on it, in a headless Chromium.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What bundlers do for pages and their workers: where a package's name leads. `?cjs` marks CommonJS, which neither knows. */
const imports: Record<string, string> = {
  '@assemblyscript/loader': '/node_modules/@assemblyscript/loader/index.js',
  fflate: '/node_modules/fflate/esm/browser.js',
  papaparse: '/node_modules/papaparse/papaparse.js?cjs',
  'seedrandom/lib/alea.js': '/node_modules/seedrandom/lib/alea.js?cjs',
};
const html = '<!doctype html>';
/** Types of files by the ends of their names. */
export const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
};

/** The path of a Chromium: CTRE_CHROMIUM, or the first of the usual names that is installed. */
export function findChromium(): string | undefined {
  if (process.env.CTRE_CHROMIUM !== undefined) return process.env.CTRE_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** Headers of a page that may share memory with its workers. */
export const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** A server of what `respond` has for an address; what it throws for is not found. */
export async function serve(
  headers: Readonly<Record<string, string>>,
  respond: (url: URL) => Promise<{ readonly type: string; readonly body: string | Uint8Array }>,
): Promise<Server> {
  const server = createServer((request, response) => {
    respond(new URL(request.url ?? '/', 'http://localhost')).then(
      ({ type, body }) => response.writeHead(200, { ...headers, 'Content-Type': type }).end(body),
      () => response.writeHead(404, headers).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

/** The repository's files. */
async function respond({ pathname, searchParams }: URL): Promise<{ type: string; body: string }> {
  if (pathname === '/') return { type: 'text/html', body: html };
  const file = await readFile(join(root, pathname), 'utf8');
  // Not an import map: workers have none.
  const text = file.replace(
    /(?<=\bfrom )'([^'.][^']*)'/g,
    (all, name) => `'${imports[name] ?? all.slice(1, -1)}'`,
  );
  const body = searchParams.has('cjs')
    ? `const module = { exports: {} }, { exports } = module;\n${text}\nexport default module.exports;`
    : text;
  return { type: types[extname(pathname)] ?? 'text/plain', body };
}

/** Where a server listens. */
export function addressOf(server: Server): string {
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** Calls `use` with a way to evaluate expressions on a page, promises awaited, and with the page. @param flags of V8. */
export async function usePage(
  executablePath: string,
  { isolated, flags }: { readonly isolated: boolean; readonly flags: readonly string[] },
  use: (evaluate: (expression: string) => Promise<unknown>, page: Page) => Promise<void>,
): Promise<void> {
  const server = await serve(isolated ? ISOLATION : {}, respond);
  const args = ['--no-sandbox', `--js-flags=${flags.join(' ')}`];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    await page.goto(`${addressOf(server)}/`);
    await use((expression) => page.evaluate(expression), page);
  } finally {
    await browser.close();
    server.close();
  }
}
