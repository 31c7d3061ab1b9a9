// What pages need that tests, benchmarks and pictures look at: a Chromium, and a server.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, extname, join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The path of a Chromium: CTRE_CHROMIUM, or the first of the usual names that is installed. */
export function findChromium() {
  if (process.env.CTRE_CHROMIUM !== undefined) return process.env.CTRE_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** What to say where there is none. */
export const NO_CHROMIUM = 'there is no Chromium here; install one, or say where it is with CTRE_CHROMIUM';

/** Headers of a page that may share memory with its workers. */
export const ISOLATION = Object.freeze({
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
});

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/**
 * A server of what `respond` has for an address, typed by how that ends, `/` as a page; what it throws for is
 * not found.
 * @param hear is called with what pages post, as text.
 */
export async function serve(headers, respond, hear) {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'POST' && hear !== undefined) {
      text(request).then(hear, () => {});
      response.writeHead(204, headers).end();
      return;
    }
    const type = types[extname(url.pathname.replace(/\/$/, '/index.html'))] ?? 'application/octet-stream';
    respond(url).then(
      (body) => response.writeHead(200, { ...headers, 'Content-Type': type }).end(body),
      () => response.writeHead(404, headers).end(),
    );
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { origin: `http://localhost:${server.address().port}`, close: () => server.close() };
}
