// The model's worker as tests of src/ start it: Node 20 runs no TypeScript, and dist/ may be older than what is tested.
import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'vitest/config';

const path = (of: string): string => fileURLToPath(new URL(of, import.meta.url));

/** Bundles the worker's file, and has src/remote/link.ts start the bundle. */
export function workerBundle(): Plugin {
  return {
    name: 'worker-bundle',
    // Before quotes are others.
    enforce: 'pre',
    async buildStart() {
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
    },
    transform(code, id) {
      if (!id.endsWith('/src/remote/link.ts')) return undefined;
      return code.replaceAll("'./modelWorker.js'", "'../../build/test/modelWorker.js'");
    },
  };
}
