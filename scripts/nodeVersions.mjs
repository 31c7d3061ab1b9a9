// Other Nodes than this one, as the npm package `node` brings them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The long-term-support lines, the newest last. */
export const LTS_LINES = [22, 24, 26];

/**
 * The path of the newest Node of a line; installed into build/ the first time, for among the dev dependencies it would become
 * the Node of every npm script. Undefined where it cannot be had.
 */
export function installedNode(line) {
  const folder = fileURLToPath(new URL(`../build/node-${line}`, import.meta.url));
  const path = `${folder}/node_modules/node/bin/node`;
  if (existsSync(path)) return path;
  console.log(`Installing node@${line} into build/node-${line} …`);
  mkdirSync(folder, { recursive: true });
  // The package fetches the binary of this system in its install script.
  spawnSync('npm', [
    'install',
    '--prefix',
    folder,
    '--no-audit',
    '--no-fund',
    '--ignore-scripts=false',
    `node@${line}`,
  ]);
  return existsSync(path) ? path : undefined;
}
