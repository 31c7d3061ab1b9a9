// Other Nodes than this one, as the npm package `node` brings them.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The long-term-support lines, the newest last. */
export const LTS_LINES = [22, 24, 26];

const run = promisify(execFile);
const succeeds = (command, args, options) =>
  run(command, args, options).then(
    () => true,
    () => false,
  );

/**
 * The path of the newest Node of a line; installed into build/ the first time, for among the dev dependencies
 * it would become the Node of every npm script. Undefined where it cannot be had within `seconds`.
 */
export async function installedNode(line, { seconds = 600 } = {}) {
  const folder = fileURLToPath(new URL(`../build/node-${line}`, import.meta.url));
  const path = `${folder}/node_modules/node/bin/node`;
  // An install that was ended early leaves a file that does not run.
  if (await succeeds(path, ['-v'])) return path;
  console.log(`Installing node@${line} into build/node-${line} …`);
  mkdirSync(folder, { recursive: true });
  const options = ['--no-audit', '--no-fund', '--fetch-retries=1'];
  // The package fetches the binary of this system in its install script.
  const args = ['install', '--prefix', folder, ...options, '--ignore-scripts=false', `node@${line}`];
  await succeeds('npm', args, { timeout: 1000 * seconds });
  return (await succeeds(path, ['-v'])) ? path : undefined;
}
