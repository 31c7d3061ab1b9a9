import { defineConfig } from 'vitest/config';
import { workerBundle } from './test/support/workerBundle.ts';

export default defineConfig({
  plugins: [workerBundle()],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    testTimeout: process.env.CTRE_TEST === 'full' ? 3_600_000 : 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/engine/wasm.generated.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      reportsDirectory: 'build/coverage',
      thresholds: { branches: 95 },
    },
  },
});
