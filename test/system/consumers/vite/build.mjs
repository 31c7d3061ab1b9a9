import { build } from 'vite';

await build({
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  // Small files would become data: addresses, which the page's policy refuses.
  build: { outDir: 'out', assetsInlineLimit: 0 },
});
