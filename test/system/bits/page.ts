// A page with the repository's files on it, in a headless Chromium.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { ISOLATION, serve } from '../../../scripts/pages.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What bundlers do for pages and their workers: where a package's name leads. `?cjs` marks CommonJS, which neither knows. */
const imports: Record<string, string> = {
  fflate: '/node_modules/fflate/esm/browser.js',
  papaparse: '/node_modules/papaparse/papaparse.js?cjs',
};

/** The repository's files, as a page can load them. */
export async function repositoryFile({ pathname, searchParams }: URL): Promise<string> {
  if (pathname === '/') return '<!doctype html>';
  const file = await readFile(join(root, pathname), 'utf8');
  // Not an import map: workers have none.
  const text = file.replace(
    /(?<=\bfrom )'([^'.][^']*)'/g,
    (all, name) => `'${imports[name] ?? all.slice(1, -1)}'`,
  );
  return searchParams.has('cjs')
    ? `const module = { exports: {} }, { exports } = module;\n${text}\nexport default module.exports;`
    : text;
}

/** Calls `use` with a way to evaluate expressions on a page, promises awaited, and with the page. @param flags of V8. */
export async function usePage(
  executablePath: string,
  { isolated, flags }: { readonly isolated: boolean; readonly flags: readonly string[] },
  use: (evaluate: (expression: string) => Promise<unknown>, page: Page) => Promise<void>,
): Promise<void> {
  const server = await serve(isolated ? ISOLATION : {}, repositoryFile);
  const args = ['--no-sandbox', `--js-flags=${flags.join(' ')}`];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.origin}/`);
    await use((expression) => page.evaluate(expression), page);
  } finally {
    await browser.close();
    server.close();
  }
}
