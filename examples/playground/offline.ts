// What the built page has besides its files: a service worker, so that it starts without a network, and the
// picture that links to it show.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

/** The file of the service worker; its folder is what it serves. */
const FILE = 'sw.js';
const PICTURE = 'preview.png';

/** Serves the page's files from a cache of this build. A new build waits until the pages before are closed. */
function serviceWorker(cache: string, files: readonly string[]): string {
  return `const CACHE = ${JSON.stringify(cache)};
const FILES = ${JSON.stringify(files)};
// Servers that say Vary: Origin mean scripts of modules, which ask with one.
const FOUND = { ignoreSearch: true, ignoreVary: true };
const PREFIX = CACHE.replace(/[^-]*$/, '');
addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })))));
});
addEventListener('activate', (event) => {
  event.waitUntil(
    caches.keys().then((keys) =>
      Promise.all(keys.filter((key) => key.startsWith(PREFIX) && key !== CACHE).map((key) => caches.delete(key))),
    ),
  );
});
addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
  event.respondWith(
    caches.open(CACHE).then(async (cache) => (await cache.match(request, FOUND)) ?? fetch(request)),
  );
});
`;
}

/**
 * Writes the service worker and the preview into the built page.
 * @param pageAddress where the page will be, for previews: they need a whole address.
 */
export function offlinePage(pageAddress: string | undefined): Plugin {
  const picture = new URL(PICTURE, import.meta.url);
  const base = pageAddress === undefined ? './' : `${pageAddress.replace(/\/*$/, '')}/`;
  return {
    name: 'offline-page',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { name: 'service-worker', content: `./${FILE}` }, injectTo: 'head' },
      meta('og:image', `${base}${PICTURE}`),
      meta('og:image:width', '1200'),
      meta('og:image:height', '630'),
      meta('og:image:alt', 'Two networks side by side: one with few connections, one with all'),
      ...(pageAddress === undefined ? [] : [meta('og:url', base)]),
      { tag: 'meta', attrs: { name: 'twitter:card', content: 'summary_large_image' }, injectTo: 'head' },
    ],
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const files = Object.keys(bundle).sort();
        const hash = createHash('sha256');
        for (const file of files) {
          const output = bundle[file];
          hash.update(file).update(output.type === 'chunk' ? output.code : output.source);
        }
        const cache = `ctre-playground-${hash.digest('hex').slice(0, 16)}`;
        // The page is asked for as a folder.
        const served = ['./', ...files.filter((file) => file !== 'index.html').map((file) => `./${file}`)];
        this.emitFile({ type: 'asset', fileName: FILE, source: serviceWorker(cache, served) });
        this.emitFile({ type: 'asset', fileName: PICTURE, source: readFileSync(picture) });
      },
    },
  };
}

function meta(property: string, content: string) {
  return { tag: 'meta', attrs: { property, content }, injectTo: 'head' as const };
}
