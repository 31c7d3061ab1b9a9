export default {
  base: './',
  // Small files would become data: addresses, which the page's policy refuses.
  build: { outDir: 'out', assetsInlineLimit: 0 },
};
