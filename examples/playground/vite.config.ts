// Builds the playground as static files for any folder of any server, into build/playground; npm run
// playground serves it.
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
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

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [policyInPage],
  worker: { format: 'es' },
  build: {
    outDir: fileURLToPath(new URL('../../build/playground', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // A data: address would be a foreign one to the policy.
    assetsInlineLimit: 0,
  },
  server: { headers: ISOLATION },
  preview: { headers: { ...ISOLATION, 'Content-Security-Policy': POLICY } },
});
