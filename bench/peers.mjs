// Programs that ctre is measured against, where the machine has them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const pythons = [process.env.CTRE_PYTHON, 'python3', '/usr/bin/python3'].filter((name) => name !== undefined);

/** The first Python that can import the modules, or undefined. */
export function pythonWith(...modules) {
  return pythons.find((python) => spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0);
}

/** Runs a script of bench/peers and returns what it printed, parsed as JSON. */
export function runPeer(python, script, args) {
  const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [path, ...args.map(String)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} failed: ${stderr}`);
  return JSON.parse(stdout);
}
