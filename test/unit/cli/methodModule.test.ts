// A topology method of one's own on the command line: from the first training to the saved model.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SparseMLP } from '../../../src/index.ts';
import { methods } from '../../../src/topology/methods.ts';
import { ctre, jsonLines, type Outcome, PROGRAM, temporaryFolder } from './harness.ts';
import { csv } from './problem.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const trees = folder.path('trees.csv');
writeFileSync(trees, csv());

/** A method with an option: `share`. */
const SPREAD = readFileSync(new URL('../../system/consumers/method.js', import.meta.url), 'utf8');
let files = 0;
/** The path of a new module with this text. */
function moduleOf(text: string): string {
  const path = folder.path(`method-${files++}.mjs`);
  writeFileSync(path, text);
  return path;
}
const spread = moduleOf(SPREAD);
/** A method that says what it was made with. */
const echo = (name: string, more = ''): string =>
  `import method from '${spread}';
   export default {
     name: '${name}',
     ${more}
     create: (options) => ({ ...method.create(), name: '${name}', options }),
   };`;

const SMALL = ['--hidden', '12,9', '--epsilon', '2', '--batch-size', '20', '--epochs', '5', '--json'];
const train = (...argv: string[]): Promise<Outcome> => ctre(['train', trees, ...SMALL, ...argv]);
const compare = (results: string, ...argv: string[]): Promise<Outcome> => {
  const [hidden, epsilons] = [SMALL.slice(0, 2), ['--epsilons', '2']];
  return ctre(['compare', trees, ...hidden, ...epsilons, ...SMALL.slice(4), '--results', results, ...argv]);
};

async function startOf(...argv: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await train(...argv);
  expect([code, stderr]).toEqual([0, '']);
  return jsonLines(stdout)[0];
}

/** What an epoch came to, without a clock. */
const losses = (stdout: string): unknown[] => jsonLines(stdout).flatMap(({ loss }) => loss ?? []);

describe('ctre train with a method of one’s own', () => {
  it('trains with it, and its options', async () => {
    const { code, stdout, stderr } = await train(
      '--method-module',
      spread,
      '--method-options',
      '{"share": 0.4}',
    );
    expect([code, stderr]).toEqual([0, '']);
    const [start, ...lines] = jsonLines(stdout);
    expect(start).toMatchObject({ method: 'spread', topology: { share: 0.4 } });
    expect(lines.at(-1)).toMatchObject({ event: 'result', method: 'spread' });
    const layers = lines
      .filter(({ evolution }) => evolution)
      .map(({ evolution }) => Object(evolution).layers[0]);
    expect(layers).toHaveLength(4);
    const [nnz] = start.nnzByLayer as number[];
    for (const layer of layers) expect(layer).toMatchObject({ pruned: Math.floor(0.4 * nnz) });
    const usual = await train('--method-module', spread);
    expect(losses(usual.stdout)).not.toEqual(losses(stdout));
  });

  it('says in words what it trains, lists and objects of options too', async () => {
    const module = moduleOf(echo('deep'));
    const argv = ['--method-module', module, '--method-options', '{"list": [1, {"k": 2}]}'];
    const { stdout } = await ctre(['train', trees, ...SMALL.slice(0, -1), ...argv]);
    expect(stdout).toMatch(/method +deep, list \[1,\{"k":2\}\]$/m);
  });

  it('lets --method choose another one, and among several', async () => {
    expect(await startOf('--method-module', spread, '--method', 'set')).toMatchObject({ method: 'set' });
    const second = moduleOf(echo('second'));
    const both = ['--method-module', `${spread},${second},${spread}`];
    expect(await startOf(...both, '--method', 'second')).toMatchObject({ method: 'second' });
    const { code, stderr } = await train(...both);
    expect([code, stderr]).toEqual([
      2,
      'ctre: --method-module gives several methods; choose with --method: spread, second\n',
    ]);
  });

  it('gives it the flags that its options name, and presets where it was published', async () => {
    const prune = "options: { zeta: { flag: 'prune-fraction' } },";
    const argv = ['--prune-fraction', '0.35', '--cosine-rows', '9', '--method-preset', 'published'];
    const plain = await startOf('--method-module', moduleOf(echo('plain', prune)), ...argv);
    expect(plain.topology).toEqual({ zeta: 0.35 });
    const named = moduleOf(echo('named', `${prune} published: { zeta: 0.5 },`));
    const { topology } = await startOf('--method-module', named, ...argv, '--method-options', '{"k": [3]}');
    expect(topology).toEqual({ zeta: 0.35, preset: 'published', k: [3] });
  });

  it('is evaluated, asked and ranked without its module', async () => {
    const out = folder.path('spread.safetensors');
    await startOf('--method-module', spread, '--out', out);
    for (const argv of [
      ['evaluate', out, trees],
      ['predict', out, trees],
      ['features', out],
    ]) {
      const { code, stdout, stderr } = await ctre(argv);
      expect([code, stderr], argv[0]).toEqual([0, '']);
      expect(stdout.length).toBeGreaterThan(20);
    }
    const { default: method } = await import(spread);
    const model = await SparseMLP.load(readFileSync(out), { topology: method.create() });
    expect(model.method).toBe('spread');
    model.dispose();
  });

  it('cannot write over the module', async () => {
    const { code, stderr } = await train('--method-module', spread, '--out', spread);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is what is read from')]);
  });
});

describe('ctre train --resume with a method of one’s own', () => {
  const path = moduleOf(SPREAD);
  const argv = ['train', trees, ...SMALL.slice(0, -1), '--method-options', '{"share": 0.4}'];
  const whole = folder.path('whole.safetensors');
  const resumed = folder.path('resumed.safetensors');
  const checkpoints = folder.path('run');
  const resume = (...more: string[]): Promise<Outcome> =>
    ctre([...argv, '--checkpoint', checkpoints, '--resume', '--out', resumed, ...more]);

  beforeAll(async () => {
    await ctre([...argv, '--method-module', path, '--out', whole]);
    const kept = ['--checkpoint', checkpoints, '--checkpoint-every', '1'];
    const { code } = await ctre([...argv, '--method-module', path, ...kept], { interruptAt: /epoch 2\/5/ });
    expect(code).toBe(130);
  });

  it.each<[string, () => string[], RegExp]>([
    [
      'no module',
      () => [],
      /^ctre: --method-options are for a method of --method-module, and the method is /,
    ],
    [
      'another method',
      () => ['--method-module', moduleOf(echo('other'))],
      /has method "spread", and this command has "other"/,
    ],
    [
      'other options',
      () => ['--method-module', path, '--method-options', '{}'],
      /has topology \{"share":0.4\}, and this command has \{"share":0.2\}/,
    ],
    [
      'another content',
      () => ['--method-module', moduleOf(`${SPREAD}// later\n`)],
      /had another content of the module of spread; give the same file/,
    ],
  ])('is refused with %s', async (_, more, sentence) => {
    const { code, stderr } = await resume(...more());
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
  });

  it('ends with the same bits', async () => {
    const { code, stdout, stderr } = await resume('--method-module', path);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/resumed +after epoch [12]/);
    expect(readFileSync(resumed).equals(readFileSync(whole))).toBe(true);
  });
});

describe('ctre compare with a method of one’s own', () => {
  const grid = ['--methods', 'spread,set', '--seeds', '0-1'];

  it('trains it as ctre train does, each time in a process of its own', async () => {
    const results = folder.path('first.jsonl');
    // From where the program runs: the processes run there, too.
    const module = relative(process.cwd(), spread);
    const options = ['--method-module', module, '--method-options', '{"share": 0.4}'];
    const { code, stdout, stderr } = await compare(results, ...grid, ...options);
    expect([code, stderr]).toEqual([0, '']);
    const cells = jsonLines(stdout).filter(({ event }) => event === 'cell');
    expect(cells.map(({ method, seed }) => `${method} ${seed}`).sort()).toEqual([
      'set 0',
      'set 1',
      'spread 0',
      'spread 1',
    ]);
    for (const { method, seed, testAccuracy, finalTestAccuracy, bestEpoch, module: hash } of cells) {
      const own = method === 'spread';
      expect(hash).toEqual(own ? expect.stringMatching(/^[0-9a-f]{16}$/) : undefined);
      const alone = await train('--seed', String(seed), ...(own ? options : ['--method', 'set']));
      expect(jsonLines(alone.stdout).at(-1)).toMatchObject({ testAccuracy, finalTestAccuracy, bestEpoch });
    }
    // Nothing is trained twice, wherever the file is now.
    const again = await compare(results, ...grid, '--method-module', moduleOf(SPREAD), ...options.slice(2));
    expect(jsonLines(again.stdout).filter(({ resumed }) => resumed)).toHaveLength(4);
    // Another content of the module, other options and another preset are other trainings.
    for (const [more, sentence] of [
      [
        ['--method-module', moduleOf(`${SPREAD}// later\n`), ...options.slice(2)],
        /another content of the module of spread; name another file/,
      ],
      [
        ['--method-module', module],
        /was made with --method-options \{"share": 0.4\}, this command has no --method-options/,
      ],
      [
        [...options, '--method-preset', 'published'],
        /was made with no --method-preset, this command has --method-preset published/,
      ],
    ] as const) {
      const refused = await compare(results, ...grid, ...more);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(sentence)]);
    }
  });

  it('is among the usual ones, and among all', async () => {
    const usual = await compare(
      folder.path('usual.jsonl'),
      '--seeds',
      '0',
      '--epochs',
      '1',
      '--method-module',
      spread,
    );
    const names = (stdout: string): unknown[] =>
      jsonLines(stdout).flatMap(({ event, method }) => (event === 'cell' ? [method] : []));
    expect(names(usual.stdout)).toContain('spread');
    expect(names(usual.stdout)).toHaveLength(4);
    const all = await compare(
      folder.path('all.jsonl'),
      '--methods',
      'all',
      '--seeds',
      '0',
      '--epochs',
      '1',
      '--method-module',
      spread,
    );
    expect(names(all.stdout).sort()).toEqual([...Object.keys(methods), 'spread'].sort());
  });

  it('is in the report', async () => {
    const report = folder.path('report.html');
    const { code } = await compare(
      folder.path('report.jsonl'),
      ...grid,
      '--method-module',
      spread,
      '--report',
      report,
    );
    expect(code).toBe(0);
    expect(readFileSync(report, 'utf8')).toContain('>spread<');
  });

  it('loses the training of a method that throws in an update, and says why', async () => {
    const module = moduleOf(`
      import method from '${spread}';
      const evolve = () => { throw new RangeError('out of luck'); };
      export default { name: 'broken', create: () => ({ ...method.create(), name: 'broken', evolve }) };`);
    const results = folder.path('broken.jsonl');
    const { code, stderr } = await compare(
      results,
      '--methods',
      'broken,set',
      '--seeds',
      '0',
      '--method-module',
      module,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/a training did not come to its end: broken, seed 0: .*RangeError: out of luck/);
    expect(jsonLines(readFileSync(results, 'utf8'))[1]).toMatchObject({ method: 'set' });
  });

  it('refuses options for nobody, and names that nobody has', async () => {
    const results = folder.path('none.jsonl');
    const nobody = await compare(
      results,
      '--methods',
      'set',
      '--method-module',
      spread,
      '--method-options',
      '{}',
    );
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('expected one among set')]);
    const unknown = await compare(results, '--methods', 'sprea,set', '--method-module', spread);
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('--methods has no sprea; did you mean spread?'),
    ]);
  });
});

describe('a module that is none', () => {
  const cases: [string, () => string, RegExp][] = [
    ['is not there', () => folder.path('none.mjs'), /none\.mjs" cannot be read|none\.mjs/],
    ['is a folder', () => folder.path(''), /./],
    ['is no JavaScript', () => moduleOf('export default {'), /cannot be loaded: /],
    [
      'lacks what it imports',
      () => moduleOf("import './nowhere.mjs';"),
      /cannot be loaded: Cannot find module/,
    ],
    ['throws', () => moduleOf("throw new Error('first\\nsecond');"), /cannot be loaded: first second/],
    [
      'exports nothing',
      () => moduleOf('export const mine = 1;'),
      /has no default export; expected export default/,
    ],
    ['exports a function', () => moduleOf('export default () => 1;'), /exports a function by default/],
    ['has a name of ours', () => moduleOf(echo('set')), /has the name "set", which is taken/],
    [
      'creates nothing',
      () => moduleOf("export default { name: 'a', create() {} };"),
      /cannot create a: topology is undefined/,
    ],
    [
      'throws in create',
      () => moduleOf("export default { name: 'a', create() { throw new Error('no'); } };"),
      /cannot create a: no$/,
    ],
  ];

  it.each(cases)('%s: one sentence, and the code of a mistake', async (_, path, sentence) => {
    for (const command of ['train', 'compare']) {
      const { code, stdout, stderr } = await ctre([command, trees, '--method-module', path()]);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^ctre: [^\n]+\n$/);
      expect(stderr.trimEnd()).toMatch(sentence);
    }
  });

  it.concurrent.each([
    ['create does not end', 'for (;;);', '', 'create of'],
    [
      'create is an endless recursion that catches its end',
      'const f = () => { for (;;) try { f(); } catch {} }; f();',
      '',
      'create of',
    ],
    ['it never loads', '', 'await new Promise(() => {});', 'the top-level await of'],
    [
      'it never loads, and keeps the program busy',
      '',
      'await new Promise(() => setInterval(() => {}, 100));',
      'the top-level await of',
    ],
  ])('that does not end is ended: %s', async (_, inCreate, atTop, what) => {
    const path = moduleOf(`${atTop} export default { name: 'a', create() { ${inCreate} } };`);
    const ended = promisify(execFile)(process.execPath, [PROGRAM, 'train', trees, '--method-module', path]);
    await expect(ended).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: `ctre: ${what} "${path}" has not ended after 10 s; expected it to end at once\n`,
    });
  });

  it('may leave a timer behind: the program ends all the same', async () => {
    const path = moduleOf(`setInterval(() => {}, 100); ${SPREAD}`);
    const argv = [PROGRAM, 'train', trees, ...SMALL, '--method-module', path];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, argv);
    expect(stderr).toBe('');
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: 'result', method: 'spread' });
    const compared = await compare(
      folder.path('timer.jsonl'),
      '--methods',
      'spread',
      '--seeds',
      '0',
      '--method-module',
      path,
    );
    expect([compared.code, compared.stderr]).toEqual([0, '']);
  });

  it('is not two of one name', async () => {
    const { code, stderr } = await train('--method-module', `${spread},${moduleOf(SPREAD)}`);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/the methods of .* and .* are both called spread/),
    ]);
  });

  it.each([
    ['no JSON', '{k: 3}', /^ctre: --method-options is "\{k: 3\}"; expected a JSON object like \{"k": 3\}/],
    ['a list', '[3]', /expected a JSON object/],
    ['null', 'null', /expected a JSON object/],
  ])('takes no options that are %s', async (_, options, sentence) => {
    const { code, stderr } = await train('--method-module', spread, '--method-options', options);
    expect([code, stderr]).toEqual([2, expect.stringMatching(sentence)]);
  });

  it('takes no options for a method of the package', async () => {
    const { code, stderr } = await train('--method', 'set', '--method-options', '{"every": 3}');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/--method-options are for .* the method is set/),
    ]);
  });
});

describe('--method-preset', () => {
  it('fills in what is not given: as published', async () => {
    const { published } = methods.rigl;
    const argv = ['--method', 'rigl', '--prune-fraction', '0.25'];
    const start = await startOf(...argv, '--method-preset', 'published');
    expect(start.topology).toMatchObject({ ...published, pruneFraction: 0.25 });
    expect(await startOf(...argv, '--method-preset', 'default')).toMatchObject({
      topology: (await startOf(...argv)).topology,
    });
  });

  it.each(['default', 'published'])('goes before what --preset gives its own method: %s', async (preset) => {
    const { topology } = await startOf('--preset', 'paper', '--method-preset', preset);
    expect(topology).toEqual(methods['ctre-sim'].create({ preset } as never).options);
  });

  it('is default or published', async () => {
    const { code, stderr } = await train('--method-preset', 'paper');
    expect([code, stderr]).toEqual([
      2,
      'ctre: --method-preset is "paper"; expected one of default, published\n',
    ]);
  });
});
