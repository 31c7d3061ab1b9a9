// How the pages of the examples are built: as static files for any folder of any server.
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin, UserConfig } from 'vite';
import { ISOLATION } from '../../scripts/pages.mjs';

/** Nothing from other servers, no inline script, no code made of text; WebAssembly may be compiled. */
export const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
].join('; ');

/**
 * Writes the policy into the page, since static servers set no headers. Not while developing: Vite injects
 * styles then.
 */
const policyInPage: Plugin = {
  name: 'policy-in-page',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
      injectTo: 'head-prepend',
    },
  ],
};

/** Takes out the indentation of the page, which everybody would load before anything is seen. */
const withoutIndentation: Plugin = {
  name: 'without-indentation',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html) =>
      html
        .split(/(<pre[\s>].*?<\/pre>)/s)
        .map((part, at) => (at % 2 === 1 ? part : part.replaceAll(/\n\s+/g, '\n')))
        .join(''),
  },
};

/** Builds the page of a folder into the folder of that name in build/. */
export function pageConfig(folder: URL): UserConfig {
  const root = fileURLToPath(folder);
  return {
    root,
    base: './',
    plugins: [policyInPage, withoutIndentation],
    worker: { format: 'es' },
    build: {
      outDir: fileURLToPath(new URL(`../../build/${basename(root)}`, import.meta.url)),
      emptyOutDir: true,
      target: 'es2022',
      // A data: address would be a foreign one to the policy.
      assetsInlineLimit: 0,
    },
    server: { headers: ISOLATION },
    preview: { headers: { ...ISOLATION, 'Content-Security-Policy': POLICY } },
  };
}
