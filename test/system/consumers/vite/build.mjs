import { build } from 'vite';

await build({
  root: import.meta.dirname,
  base: './',
  logLevel: 'warn',
  // Small files would become data: addresses, which the page's policy refuses.
  // And a slow machine is no reason for a warning.
  build: { outDir: 'out', assetsInlineLimit: 0, rolldownOptions: { checks: { pluginTimings: false } } },
});
