// "Same seed, same bits": one hash a method, for every engine, compiler and number of threads that can be had
// here.
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { installedNode, LTS_LINES } from '../../scripts/nodeVersions.mjs';
import { findChromium, NO_CHROMIUM } from '../../scripts/pages.mjs';
import { methods } from '../../src/topology/methods.ts';
import { isFull, skipTest } from '../support/effort.ts';
import { usePage } from './bits/page.ts';

/**
 * What test/system/bits/program.mjs answers; with a warning where there were fewer threads than asked for.
 */
interface Outcome {
  readonly hashes: Record<string, string>;
  readonly warning?: string;
  /** What init answered where it was asked to revectorise. */
  readonly kernels?: { readonly revectorized: boolean; readonly warning?: string };
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const expected: Record<string, string> = JSON.parse(readFileSync(here('bits/hashes.json'), 'utf8'));
const all = Object.keys(expected);
/** Enough for many threads in a hurry: handing them such small jobs takes longer than the jobs. */
const few = ['ctre-sim', 'rigl', 'wide layers'];
const THREADS = [1, 2, 3, 8];

/** V8's ways to run the same code, by the flags that mean them; of several sets the first that a V8 knows. */
const compilers: Record<string, readonly string[][]> = {
  'the usual compilers': [[]],
  'baseline WebAssembly alone': [['--liftoff', '--no-wasm-tier-up']],
  'optimised WebAssembly alone': [['--no-liftoff']],
  'JavaScript never optimised': [['--no-opt', '--no-maglev']],
  'JavaScript optimised early': [['--always-turbofan'], ['--stress-maglev', '--always-osr']],
  'wider vectors': [['--experimental-wasm-revectorize']],
};
const [usual] = Object.keys(compilers);
const wider = 'wider vectors';

/** The flags for a compiler in the words of the Node at `path`; undefined where it has none. */
function flagsOf(path: string, compiler: string): readonly string[] | undefined {
  const { stdout } = spawnSync(path, ['--v8-options'], { encoding: 'utf8' });
  const known = new Set(Array.from(stdout.matchAll(/^ +--([a-z0-9-]+)/gm), ([, name]) => name));
  return compilers[compiler].find((flags) => flags.every((flag) => known.has(flag.replace(/^--(no-)?/, ''))));
}

async function inNode(
  path: string,
  flags: readonly string[],
  threads: number,
  names: readonly string[],
): Promise<Outcome> {
  const args = [...flags, here('bits/node.mjs'), String(threads), ...names];
  const { stdout } = await promisify(execFile)(path, args);
  return JSON.parse(stdout);
}

/** What to evaluate on a page. */
function onPage(threads: number, names: readonly string[], place = 'here'): string {
  const call = `hashAll(${threads}, ${JSON.stringify(names)}, '${place}')`;
  return `import('/test/system/bits/program.mjs').then((program) => program.${call})`;
}

function hashesOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, expected[name]]));
}

/**
 * The hashes as written down, and all the threads; a machine too busy to start them leaves that part
 * untested, and says so.
 */
function expectBits(context: TestContext, outcome: Outcome, names: readonly string[]): void {
  expect(outcome.hashes).toEqual(hashesOf(names));
  if (outcome.warning?.includes('did not start in time')) skipTest(context, outcome.warning);
  expect(outcome.warning).toBeUndefined();
}

/**
 * What to hash with which compilers on how many threads: everything in a full test, and on one thread always.
 */
function plan(wanted: readonly string[], counts = THREADS) {
  return wanted.flatMap((compiler) =>
    counts
      .filter((threads) => isFull || threads === 1 || compiler === usual)
      .map((threads) => ({ compiler, threads, names: isFull || threads === 1 ? all : few })),
  );
}

/** What other Nodes than this hash: everything in a full test, else what takes seconds. */
const ofOthers = isFull
  ? plan(Object.keys(compilers))
  : [
      { compiler: usual, threads: 1, names: few },
      { compiler: usual, threads: 2, names: few },
    ];

const nodes = [
  { node: 'this Node', line: undefined, hashed: plan(Object.keys(compilers)) },
  ...LTS_LINES.map((line) => ({ node: `Node ${line}`, line, hashed: ofOthers })),
];

// Every program here is a process of its own: an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('the bits of test/system/bits/hashes.json', () => {
  /** The path of each line's Node, where it can be had. */
  const others = new Map<number, string | undefined>();
  beforeAll(async () => {
    const seconds = isFull ? 600 : 40;
    await Promise.all(
      LTS_LINES.map(async (line) => others.set(line, await installedNode(line, { seconds }))),
    );
  }, 700_000);

  it('are of every method', () => {
    expect(all).toEqual([...Object.keys(methods), 'wide layers', 'all-relu']);
  });

  describe.each(nodes)('come from $node', ({ node, line, hashed }) => {
    let path: string | undefined;
    beforeAll(() => {
      path = line === undefined ? process.execPath : others.get(line);
    });

    it.for(hashed)('with $compiler on $threads threads', async ({ compiler, threads, names }, context) => {
      if (path === undefined) return skipTest(context, `${node} could not be installed`);
      const flags = flagsOf(path, compiler);
      if (flags === undefined) return skipTest(context, `the V8 of ${node} has no flags for it`);
      expectBits(context, await inNode(path, flags, threads, names), names);
    });

    it.for(
      [1, 2].flatMap((threads) =>
        [[], ['--worker']].map((place) => ({
          threads,
          place,
          where: place.length === 0 ? 'here' : 'in workers',
        })),
      ),
    )('revectorised, $where, on $threads threads', async ({ threads, place }, context) => {
      if (path === undefined) return skipTest(context, `${node} could not be installed`);
      const names = isFull || (line === undefined && threads === 1) ? all : few;
      const outcome = await inNode(path, [], threads, [...names, ...place, '--revectorize']);
      expectBits(context, outcome, names);
      const { revectorized, warning } = outcome.kernels ?? {};
      if (revectorized !== true) return skipTest(context, `${warning}`);
    });
  });

  it.for([1, 3])('come from models in workers of Node, on %s threads', async (threads, context) => {
    const names = isFull || threads === 1 ? all : few;
    expectBits(context, await inNode(process.execPath, [], threads, [...names, '--worker']), names);
  });

  describe('come from Chromium', () => {
    const chromium = findChromium();

    const wanted = isFull ? [...Object.keys(compilers).slice(0, 3), wider] : [usual, wider];
    it.for(plan(wanted, isFull ? THREADS : [1, 3]))(
      'with $compiler on $threads threads',
      async ({ compiler, threads, names }, context) => {
        if (chromium === undefined) return skipTest(context, NO_CHROMIUM);
        const [flags] = compilers[compiler];
        await usePage(chromium, { isolated: true, flags }, async (evaluate) => {
          expectBits(context, (await evaluate(onPage(threads, names))) as Outcome, names);
        });
      },
    );

    it.for([1, 3])('with models in workers, on %s threads', async (threads, context) => {
      if (chromium === undefined) return skipTest(context, NO_CHROMIUM);
      const names = isFull || threads === 1 ? all : few;
      await usePage(chromium, { isolated: true, flags: [] }, async (evaluate) => {
        expectBits(context, (await evaluate(onPage(threads, names, 'worker'))) as Outcome, names);
      });
    });

    it.for(['here', 'worker'])(
      'on a page that is not isolated, %s, with one thread instead of three',
      async (place, context) => {
        if (chromium === undefined) return skipTest(context, NO_CHROMIUM);
        const names = isFull ? all : few;
        const warning = expect.stringMatching(/one thread instead of 3: .*isolated/);
        await usePage(chromium, { isolated: false, flags: [] }, async (evaluate) => {
          expect(await evaluate(onPage(3, names, place))).toEqual({ hashes: hashesOf(names), warning });
        });
      },
    );
  });
});
