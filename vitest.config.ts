import { defineConfig } from 'vitest/config';
import { startWorkerBundle } from './test/support/workerBundle.ts';

/** Unit tests that run dist/ in processes of their own, beside src/. */
const RUN_DIST = ['test/unit/cli/**/*.test.ts', 'test/unit/remote/workerModel.test.ts'];

/** Unit tests that take the most time; `npm run test:quick` leaves them out. */
const SLOW = [
  'test/unit/bench/run.test.ts',
  'test/unit/compare/report.test.ts',
  'test/unit/data/read.test.ts',
  'test/unit/engine/arena.test.ts',
  'test/unit/files/checkpoint.test.ts',
  'test/unit/files/resumeFailure.test.ts',
  'test/unit/growth/candidates.test.ts',
  'test/unit/growth/cost.test.ts',
  'test/unit/growth/tools.test.ts',
  'test/unit/kernels/kernels.test.ts',
  'test/unit/run/pool.test.ts',
  'test/unit/run/threads.test.ts',
  'test/unit/topology/methods/training.test.ts',
  'test/unit/train/dispose.test.ts',
  'test/unit/train/movingConnections.test.ts',
  'test/unit/train/multiplyAdds.test.ts',
  'test/unit/train/restoreBest.test.ts',
  'test/unit/train/schedules.test.ts',
  'test/unit/train/sequence.test.ts',
];
const isQuick = process.env.CTRE_TEST === 'quick';

export default defineConfig({
  plugins: [startWorkerBundle()],
  test: {
    setupFiles: ['test/support/setup.ts'],
    // Against tests that hang. A busy machine may take several times as long as one at rest.
    testTimeout: process.env.CTRE_TEST === 'full' ? 3_600_000 : 240_000,
    projects: [
      project('unit', ['test/unit/**/*.test.ts'], isQuick ? [...RUN_DIST, ...SLOW] : RUN_DIST),
      project('built', RUN_DIST),
      project('hard', ['test/hard/**/*.test.ts']),
      project('system', ['test/system/**/*.test.ts']),
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.generated.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      reportsDirectory: 'build/coverage',
      thresholds: { branches: 95 },
    },
  },
});

/** Tests of a kind. All but those of src/ alone wait for a build where dist/ is older than the sources. */
function project(name: string, include: string[], exclude: string[] = []) {
  const build = name === 'unit' ? 'test/support/buildKernels.ts' : 'test/support/buildPackage.ts';
  return {
    extends: true as const,
    test: { name, include, exclude, globalSetup: [build, 'test/support/workerBundle.ts'] },
  };
}
