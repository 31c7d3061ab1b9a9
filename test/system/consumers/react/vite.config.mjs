export default {
  base: './',
  esbuild: { jsx: 'automatic' },
  build: { outDir: 'out', assetsInlineLimit: 0 },
};
