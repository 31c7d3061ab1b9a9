// The model's worker as tests of src/ start it. Node 20 runs no TypeScript, and dist/ may be older than what
// is tested.
import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'vitest/config';

const path = (of: string): string => fileURLToPath(new URL(of, import.meta.url));

/** Before tests: bundles the worker's file. */
export default async (): Promise<void> => {
  await build({
    entryPoints: [path('../../src/remote/modelWorker.ts')],
    outfile: path('../../build/test/modelWorker.js'),
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'es2022',
    sourcemap: 'inline',
  });
  // The threads of the model look for their file beside their own.
  await copyFile(path('../../src/run/worker.mjs'), path('../../build/test/worker.mjs'));
};

/** Has src/remote/link.ts start the bundle. */
export function startWorkerBundle(): Plugin {
  return {
    name: 'start-worker-bundle',
    // Before other plugins change the quotes.
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/src/remote/link.ts')) return undefined;
      return code.replaceAll("'./modelWorker.js'", "'../../build/test/modelWorker.js'");
    },
  };
}
