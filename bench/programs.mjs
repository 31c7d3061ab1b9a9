// The contestants' programs. Each is a process that answers a line with a line of JSON. So programs in any
// language can take turns.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { installedNode, LTS_LINES } from '../scripts/nodeVersions.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const succeeds = (command, args) => spawnSync(command, args).status === 0;

/**
 * All pinned programs share one core. They take turns, so none disturbs another.
 */
const pin = ['-c', String(os.cpus().length - 1)];
const canPin = succeeds('taskset', [...pin, 'true']);

/** A process that answers questions, one at a time. */
export class Program {
  #child;
  #waiting;
  #said = '';
  /** Why it answers nothing any more. */
  #ended;

  /** @param pinned whether it stays on one core, as programs of one thread should. */
  constructor(command, args, { pinned = true } = {}) {
    const all = pinned && canPin ? ['taskset', ...pin, command, ...args] : [command, ...args];
    this.#child = spawn(all[0], all.slice(1));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line);
      if (answer?.error === undefined) this.#waiting?.resolve(answer);
      else this.#waiting?.reject(new Error(answer.error));
    });
    this.#child.stderr.on('data', (data) => {
      this.#said += data;
    });
    this.#child.stdin.on('error', () => {}); // the exit says more
    const end = (reason) => {
      this.#ended ??= new Error(`${command} ${args.join(' ')}: ${reason}`);
      this.#waiting?.reject(this.#ended);
    };
    this.#child.on('error', (error) => end(error.message));
    this.#child.on('close', (code, signal) => end(`${this.#said.trim().slice(-500)} (${signal ?? code})`));
  }

  /** The answer to a line of words. Without one after `seconds` the program is ended, and this throws. */
  async ask(words, seconds = 3600) {
    // It may have ended between two questions, or before the first.
    if (this.#ended !== undefined) throw this.#ended;
    const timer = setTimeout(() => {
      this.#waiting?.reject(new Error(`no answer within ${seconds} s`));
      this.#child.kill('SIGKILL');
    }, 1000 * seconds);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject };
        this.#child.stdin.write(`${words.join(' ')}\n`);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  close() {
    this.#child.stdin.end();
    this.#child.kill();
  }
}

/** A script of this folder, served by the Node at `path`. @param options { flags: of Node, pinned } */
export function nodeProgram({ path }, script, args = [], { flags = [], ...options } = {}) {
  return new Program(path, [...flags, here(script), ...args], options);
}

/** V8 fuses neighbouring 128-bit operations into 256-bit ones under this flag. */
export const REVECTORIZE = '--experimental-wasm-revectorize';

/** Whether a Node knows a flag. */
export function knowsFlag({ path }, flag) {
  const { stdout = '' } = spawnSync(path, ['--v8-options'], { encoding: 'utf8' });
  return stdout.split('\n').some((line) => line.trim().split(' ')[0] === flag);
}

/** A script of bench/peers in the first Python that can import the modules; undefined without one. */
export function pythonProgram(script, modules, args = []) {
  const pythons = [process.env.CTRE_PYTHON, 'python3', '/usr/bin/python3'].filter(Boolean);
  const python = pythons.find((name) => succeeds(name, ['-c', `import ${modules.join(', ')}`]));
  return python && new Program(python, [here(`peers/${script}`), ...args.map(String)]);
}

/** What native programs need. */
export const COMPILER = 'a C compiler that is called cc, and that knows its flags';

/** Compiles a C file of bench/native with `cc -O3` and starts it; undefined where that fails. */
export function nativeProgram(source, name, flags) {
  const folder = here('../build/bench');
  mkdirSync(folder, { recursive: true });
  const binary = `${folder}/${name}`;
  return succeeds('cc', ['-O3', ...flags, '-o', binary, here(`native/${source}`)])
    ? new Program(binary, [])
    : undefined;
}

/**
 * The Nodes to measure on, this one first. The other is the one at `path` ('none': no other) or the newest
 * LTS line.
 */
export async function findNodes(path) {
  const nodes = [{ name: 'this', path: process.execPath, ...versions(process.execPath) }];
  const newest = LTS_LINES.at(-1);
  if (path === 'none' || (path === undefined && nodes[0].node.startsWith(`v${newest}.`))) return nodes;
  const other = path ?? (await installedNode(newest));
  const found = other && versions(other);
  if (found) nodes.push({ name: 'lts', path: other, ...found });
  else console.log(`No other Node to compare with: ${path ?? `node@${newest}`} could not be had.`);
  return nodes;
}

function versions(path) {
  const script = 'JSON.stringify([process.version, process.versions.v8])';
  const { status, stdout } = spawnSync(path, ['-p', script]);
  if (status !== 0) return undefined;
  try {
    const [node, v8] = JSON.parse(stdout);
    return { node, v8 };
  } catch {
    return undefined; // another program than Node
  }
}
