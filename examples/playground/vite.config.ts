// Builds the playground into build/playground, as static files for any folder of any server, and serves it:
// npm run playground
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { ISOLATION } from '../../scripts/pages.mjs';

/** Nothing from elsewhere, no inline script, no code made of text; WebAssembly is compiled. */
export const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
].join('; ');

/**
 * Static servers set no headers: the policy stands in the page as well. Not while developing, where Vite
 * injects styles.
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
