// What users of the package download is what is in this repository, it is little, and nothing runs unasked.
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build, type Plugin } from 'esbuild';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { rewriteDeclarations } from '../../scripts/declarations.mjs';
import { inlineText } from '../../scripts/inlineText.mjs';
import { takeLoader } from '../../scripts/loader.mjs';
import { completeWorker } from '../../scripts/worker.mjs';
import { skipTest } from '../support/effort.ts';
import { type Ended, type Packed, pack, root, run } from '../support/packed.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const bin = (path: string): string => join(root, 'node_modules', path);

/** What may be shipped. */
const ALLOWED = [
  /^(README|LICENSE|CHANGELOG|CONTRIBUTING|SECURITY)(\.md)?$/,
  /^package\.json$/,
  /^docs\/[\w-]+\.md$/,
  /^docs\/pictures\/\w+\.(png|webp)$/,
  /^examples\/\w+\.(mjs|py)$/,
  /^examples\/tables\/README\.md$/,
  // The command line is in the bundle alone: what it imports is not installed.
  /^dist\/(?!cli|compare)([\w-]+\/)*[\w.-]+\.(js|js\.map|d\.ts)$/,
  /^dist\/ctre\.wasm$/,
  /^dist\/(run|bundle)\/worker\.mjs$/,
  /^dist\/bundle\/LICENSES\.txt$/,
];

/** What npm says where the registry cannot be reached and its cache does not help. */
const OFFLINE = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/;

/** Milliseconds that npm may take, on a slow machine with a slow network. */
const PATIENCE = 120_000;

/** Every file below a folder, by its path from there. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

// Of programs of their own; an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('the package', () => {
  let temporary: string;
  let packed: Packed;

  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), 'ctre-package-'));
    packed = await pack(temporary);
  }, PATIENCE);

  afterAll(() => rmSync(temporary, { recursive: true, force: true }));

  describe('is built from this repository', () => {
    it('dist/ is what src/ compiles to (npm run build makes it so)', async () => {
      const fresh = join(temporary, 'dist');
      const { stdout, code } = await run(process.execPath, [
        bin('typescript/bin/tsc'),
        ...['-p', 'tsconfig.build.json', '--outDir', fresh],
      ]);
      expect(stdout).toBe('');
      expect(code).toBe(0);
      await rewriteDeclarations(fresh);
      await takeLoader(fresh, Uint8Array.from(readFileSync(join(root, 'build/ctre.wasm'))));
      copyFileSync(join(root, 'src/run/worker.mjs'), join(fresh, 'run/worker.mjs'));
      // It says which files do nothing where they are only imported.
      copyFileSync(join(root, 'package.json'), join(temporary, 'package.json'));
      await completeWorker(fresh);
      const added = ['ctre.wasm'];
      const built = filesBelow(join(root, 'dist')).filter((file) => !file.startsWith('bundle/'));
      expect(built).toEqual([...filesBelow(fresh), ...added].sort());
      // A map says where the sources are from its own folder, which is another one here.
      const compared = filesBelow(fresh).filter((file) => !file.endsWith('.map'));
      const whole = 'remote/modelWorker.js';
      const stale = compared.filter(
        (file) => file !== whole && readFileSync(join(fresh, file), 'utf8') !== read(`dist/${file}`),
      );
      // Which short names it has depends on where its folder is.
      const unnamed = (text: string) => text.replaceAll(/(?<![\w$])[A-Za-z_$][\w$]{0,2}(?![\w$])/g, 'x');
      expect(unnamed(readFileSync(join(fresh, whole), 'utf8'))).toBe(unnamed(read(`dist/${whole}`)));
      expect(stale).toEqual([]);
      expect(read('dist/run/worker.mjs')).toBe(read('src/run/worker.mjs'));
    });

    it('dist/bundle/ is dist/ with what it imports, byte for byte', async () => {
      const fresh = join(temporary, 'bundle');
      const { code, stderr } = await run(process.execPath, ['scripts/bundle.mjs', fresh]);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      const contents = (folder: string): Record<string, string> =>
        Object.fromEntries(
          filesBelow(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
        );
      expect(contents(fresh)).toEqual(contents(join(root, 'dist/bundle')));
      expect(read('dist/bundle/worker.mjs')).toBe(read('src/run/worker.mjs'));
    });

    it('dist/bundle/ has the licence of every package that is in it', () => {
      const parts = read('dist/bundle/LICENSES.txt').split(`\n${'-'.repeat(72)}\n\n`);
      const named = parts.map((part) => /^(\S+) [\d.]+ \([\w.-]+\)\n\n[^\n]/.exec(part)?.[1]);
      expect(named).not.toContain(undefined);
      const some = [
        '@assemblyscript/loader',
        'fflate',
        'papaparse',
        'seedrandom',
        '@observablehq/plot',
        'linkedom',
        'cli-progress',
      ];
      // Of these, the code is within a file of another package.
      const within = ['internmap', 'delaunator', 'robust-predicates', 'html-escaper'];
      expect(named).toEqual(
        expect.arrayContaining([...some, 'cli-table3', 'd3-scale', 'entities', ...within]),
      );
      for (const part of parts) expect(part).toMatch(/copyright|public domain/i);
    });

    it.each<[name: string, table: string]>([
      ['the bytes of ctre.wasm', 'index'],
      ['the inlined bytes of the kernels on matrices', 'matrixKernels'],
      ['the inlined bytes of the kernels of training', 'trainingKernels'],
    ])('%s are what assembly/%s.ts compiles to, byte for byte', async (_, table) => {
      const fresh = join(temporary, 'kernels.wasm');
      const { code, stderr } = await run(process.execPath, [
        bin('assemblyscript/bin/asc.js'),
        ...[`assembly/${table}.ts`, '--config', 'asconfig.json', '--target', 'release', '--outFile', fresh],
      ]);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      const built = (file: string): string => pathToFileURL(join(root, 'dist/engine', file)).href;
      const bytes = readFileSync(fresh);
      if (table === 'index') {
        expect(bytes.equals(readFileSync(join(root, 'dist/ctre.wasm')))).toBe(true);
        return;
      }
      const { inlinedBytes }: { inlinedBytes(text: string): Uint8Array } = await import(built('source.js'));
      const { [`${table}Text`]: text } = await import(built(`${table}.generated.js`));
      expect(bytes.equals(inlinedBytes(text))).toBe(true);
    });
  });

  describe('holds', () => {
    it('what the list in this file allows, and nothing else', () => {
      const paths = packed.files.map(({ path }) => path);
      expect(paths.filter((path) => !ALLOWED.some((pattern) => pattern.test(path)))).toEqual([]);
      for (const path of ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts', 'dist/ctre.wasm']) {
        expect(paths).toContain(path);
      }
    });

    it('every file that its pages link to', () => {
      const paths = new Set(packed.files.map(({ path }) => path));
      const pages = [...paths].filter((path) => /^(\w+|docs\/\w+)\.md$/.test(path));
      expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/design.md', 'docs/results.md']));
      const broken = pages.flatMap((page) =>
        Array.from(read(page).matchAll(/\]\((?!\w+:)([^)\s#]+)[^)]*\)|\b(?:src|href)="(?!\w+:|#)([^"#]+)/g))
          .map(([, inMarkdown, inHtml]) => inMarkdown ?? inHtml)
          .filter((link) => !paths.has(join(dirname(page), link)))
          .map((link) => `${page} → ${link}`),
      );
      expect(broken).toEqual([]);
    });

    it('types that need no package but those that are installed', () => {
      const declarations = packed.files.map(({ path }) => path).filter((path) => path.endsWith('.d.ts'));
      const needed = declarations.flatMap((path) =>
        Array.from(
          read(path).matchAll(/(?:\bfrom |\bimport\(|\btypes=)['"]([^.'"][^'"]*)['"]/g),
          ([, name]) => name,
        ),
      );
      const others = needed.filter((name) => !name.startsWith('node:') && !(name in manifest.dependencies));
      expect(others).toEqual([]);
    });

    it('no path of the machine that built it', () => {
      // A home of / or /root is no name of anybody's, and stands in other words.
      const ours = [root.replace(/\/$/, ''), homedir()].filter((path) => path.split('/').length > 2);
      const anybodys = /file:\/\/\/|\/(home|Users)\/\w|\/tmp\/|[A-Z]:\\\\?Users/;
      const holders = packed.files.filter(({ path }) => {
        const text = readFileSync(join(root, path), 'latin1');
        return anybodys.test(text) || ours.some((folder) => text.includes(folder));
      });
      expect(holders).toEqual([]);
    });

    it('source maps that bring their sources along', () => {
      const maps = packed.files.map(({ path }) => path).filter((path) => path.endsWith('.map'));
      expect(maps.length).toBeGreaterThan(0);
      for (const path of maps) {
        const { sources, sourceRoot, sourcesContent } = JSON.parse(read(path));
        expect(sourceRoot, path).toBe('');
        for (const source of sources) expect(source, path).toMatch(/^(\.\.\/)+src\/[\w/.]+\.ts$/);
        expect(sourcesContent?.length, path).toBe(sources.length);
      }
    });

    it('no code that makes code of text, and one import of what a caller names', () => {
      const programs = packed.files.map(({ path }) => path).filter((path) => /\.m?js$/.test(path));
      const named = /\bimport\(\s*\/\* webpackIgnore: true \*\/\s*\/\* @vite-ignore \*\/\s*\w+\s*\)/;
      const others = programs.filter((path) =>
        /(?<!-)\beval\b|\bFunction\s*\(|\bimport\((?!['"])/.test(read(path).replace(named, '')),
      );
      expect(others).toEqual([]);
      // The file, and the bundle that it is in: neither is loaded by a page before it names a module.
      const importers = programs.filter((path) => named.test(read(path)));
      expect(importers).toEqual([
        expect.stringMatching(/^dist\/bundle\//),
        'dist/model/methodModule.js',
        'dist/remote/modelWorker.js',
      ]);
    });
  });

  describe('can be resolved', () => {
    it('as publint wants it', async () => {
      const { messages } = await publint({ pkgDir: root, strict: true, pack: false });
      expect(messages).toEqual([]);
    });

    it('as are-the-types-wrong wants it', async () => {
      const tarball = createPackageFromTarballData(readFileSync(join(temporary, packed.filename)));
      const analysis = await checkPackage(tarball, { excludeEntrypoints: ['./wasm'] });
      expect(analysis.types).toMatchObject({ kind: 'included' });
      const { problems = [] } = 'problems' in analysis ? analysis : {};
      const serious = problems.filter(
        ({ kind, ...where }) =>
          // TypeScript's resolution of before there were exports; sub-paths are nowhere else.
          !(kind === 'NoResolution' && 'resolutionKind' in where && where.resolutionKind === 'node10') &&
          // The package is ESM only: every Node that it is for can require ESM.
          kind !== 'CJSResolvesToESM',
      );
      expect(serious).toEqual([]);
    });
  });

  describe('in a bundle for browsers, minified and compressed,', () => {
    /** A program's bundle. A module of Node's would be an error, here as in any bundler without polyfills. */
    const bundle = async (program: string): Promise<string> => {
      const { outputFiles } = await build({
        stdin: { contents: program, resolveDir: root },
        bundle: true,
        minify: true,
        platform: 'browser',
        format: 'esm',
        write: false,
        logLevel: 'silent',
        // What is imported when it is asked for is a file of its own, which a page does not load first.
        plugins: [{ name: 'first files', setup: leaveDynamicImports }],
      });
      return outputFiles[0].text;
    };
    const leaveDynamicImports: Plugin['setup'] = ({ onResolve }) =>
      onResolve({ filter: /.*/ }, ({ kind }) => (kind === 'dynamic-import' ? { external: true } : undefined));
    /** Texts without the backslashes that a string literal may have in front of a character. */
    const plain = (text: string): string => text.replaceAll('\\', '');
    const [matrixKernels, trainingKernels] = ['matrixKernels', 'trainingKernels'].map((table) =>
      plain(inlineText(readFileSync(join(root, `build/${table}.wasm`)))),
    );

    it.each([
      // Wanted: 42 000. docs/performance.md says where the bytes are.
      { name: 'ctre', limit: 81_500 },
      // 18.5 KB.
      { name: 'ctre/kernels', limit: 18_944 },
    ])('takes at most $limit bytes: $name', async ({ name, limit }) => {
      const text = await bundle(`export * from '${name}'`);
      expect(plain(text)).toContain(matrixKernels);
      expect(plain(text).includes(trainingKernels)).toBe(name === 'ctre');
      const { length } = gzipSync(text, { level: 9 });
      console.log(`${name}: ${length} bytes`);
      expect(length).toBeLessThanOrEqual(limit);
    });

    it('leaves the kernels out for those who import none', async () => {
      for (const [program, limit] of [
        [`import { CsrMatrix } from 'ctre'; console.log(CsrMatrix)`, 7_000],
        [`import { CsrMatrix } from 'ctre/kernels'; console.log(CsrMatrix)`, 3_500],
        [`import { CtreError } from 'ctre/kernels'; console.log(CtreError)`, 500],
        [`import { readDataset } from 'ctre/data'; console.log(readDataset)`, 60_000],
        [`import * as helpers from 'ctre/topology'; console.log(helpers)`, 5_000],
      ] as const) {
        const text = await bundle(program);
        for (const kernels of [matrixKernels, trainingKernels]) {
          expect(plain(text), program).not.toContain(kernels.slice(0, 64));
        }
        expect(gzipSync(text, { level: 9 }).length, program).toBeLessThanOrEqual(limit);
      }
    });
  });

  describe('depends', () => {
    const dependencies = Object.keys(manifest.dependencies).sort();
    const peers = Object.keys(manifest.peerDependencies).sort();

    it('on the packages for which docs/dependencies.md has a reason, and on no other', () => {
      const [section] = read('docs/dependencies.md').split(/^## /m);
      const rows = Array.from(section.matchAll(/^\| *(`.*`) *\| *(.*?) *\|$/gm));
      const named = rows.flatMap(([, names]) => Array.from(names.matchAll(/`([^`]+)`/g), ([, name]) => name));
      expect(named.sort()).toEqual(dependencies);
      for (const [row, , reason] of rows) expect(reason.length, row).toBeGreaterThan(10);
    });

    it('on what its code imports, and on nothing else', () => {
      const imported = packed.files
        .map(({ path }) => path)
        .filter((path) => /^dist\/.*\.m?js$/.test(path))
        .flatMap((path) =>
          Array.from(read(path).matchAll(/\b(?:from|import|import\()\s*['"]([^.'"][^'"\s]*)['"]/g)),
        )
        .map(([, name]) => name)
        // Minified code has the word in strings, too.
        .filter((name) => /^(@[\w-]+\/)?[\w./-]+$/.test(name))
        .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0]);
      expect([...new Set(imported)].sort()).toEqual([...dependencies, ...peers].sort());
      const others = ['optionalDependencies', 'bundleDependencies', 'bundledDependencies'];
      expect(others.filter((field) => field in manifest)).toEqual([]);
      // npm installs those peers only that are not optional.
      expect(peers.filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true)).toEqual([]);
    });
  });

  describe('installed from its tarball', () => {
    let app: string;
    let installation: Ended;

    beforeAll(async () => {
      app = join(temporary, 'app');
      const tarball = join(temporary, packed.filename);
      writeFileSync(join(temporary, 'package.json'), '{}');
      installation = await run(
        'npm',
        [
          ...['install', tarball, '--prefix', app, '--ignore-scripts=false', '--foreground-scripts'],
          ...['--prefer-offline', '--no-audit', '--no-fund'],
        ],
        temporary,
      );
    }, PATIENCE);

    function checkInstalled(context: TestContext): void {
      const { code, stdout, stderr } = installation;
      const [said] = OFFLINE.exec(stderr) ?? [];
      if (code !== 0 && said !== undefined) {
        skipTest(
          context,
          `its dependencies can be had neither from a registry nor from npm's cache: ${said}`,
        );
      }
      expect(`${stdout}${stderr}`).not.toMatch(/^npm err/m);
      expect(code).toBe(0);
    }

    it('is at most 6 packages, ctre among them', (context) => {
      checkInstalled(context);
      const { packages } = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8'));
      expect(Object.keys(packages)).toContain('node_modules/ctre');
      expect(Object.keys(packages).length).toBeLessThanOrEqual(6);
    });

    it('runs no script, and no package it brings has one', (context) => {
      checkInstalled(context);
      // Scripts in the foreground say what they are: "> ctre@1.2.3 postinstall".
      expect(`${installation.stdout}${installation.stderr}`).not.toMatch(/^> /m);
      const folder = join(app, 'node_modules');
      const manifests = filesBelow(folder).filter((file) =>
        /^((@[^/]+\/)?[^/]+\/)(node_modules\/(@[^/]+\/)?[^/]+\/)*package\.json$/.test(file),
      );
      expect(manifests.length).toBeGreaterThan(Object.keys(manifest.dependencies).length);
      const runners = manifests.filter((file) => {
        const { scripts = {} } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
        return ['preinstall', 'install', 'postinstall'].some((name) => name in scripts);
      });
      expect(runners).toEqual([]);
      expect(filesBelow(folder).filter((file) => file.endsWith('binding.gyp'))).toEqual([]);
    });

    it('trains, saves and loads', async (context) => {
      checkInstalled(context);
      writeFileSync(
        join(app, 'train.mjs'),
        `import { SparseMLP } from 'ctre';
        import { syntheticDataset } from 'ctre/data';
        import { cosineSimilarity } from 'ctre/kernels';
        const { x, labels } = syntheticDataset({ rows: 200, noise: 20 });
        const model = await SparseMLP.create({ layers: [x.cols, 30, 20, 2], epsilon: 4, threads: 2 });
        const { epochs } = await model.fit(x, labels, { epochs: 2 });
        const again = await SparseMLP.load(model.save());
        const [a, b] = [model.predict(x), again.predict(x)];
        const { cols } = cosineSimilarity(x, x);
        const isSame = a.every((p, i) => p === b[i]);
        console.log(JSON.stringify([epochs.length, model.warning ?? '', isSame, cols]));`,
      );
      const { stdout, stderr } = await run(process.execPath, ['train.mjs'], app);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual([2, '', true, 200]);
    });

    it('has a command that works', async (context) => {
      checkInstalled(context);
      const command = join(app, 'node_modules/.bin/ctre');
      const options = ['--epochs', '2', '--hidden', '30', '--json'];
      const { code, stdout, stderr } = await run(command, ['train', ...options, '--threads', '2'], app);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines[0]).toMatchObject({ event: 'start', threads: 2 });
      expect(lines.at(-1)).toMatchObject({ event: 'result' });
    });

    it('compares in processes of its own, and draws a report', async (context) => {
      checkInstalled(context);
      const command = join(app, 'node_modules/.bin/ctre');
      const grid = ['--epochs', '2', '--hidden', '30', '--methods', 'set', '--seeds', '0-1'];
      const { code, stdout, stderr } = await run(
        command,
        ['compare', ...grid, '--report', 'report.html'],
        app,
      );
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(stdout).toContain('report in report.html');
      const report = readFileSync(join(app, 'report.html'), 'utf8');
      expect(report.match(/<svg /g)?.length).toBeGreaterThan(5);
    });

    it('loads nothing of a report where none is written', async (context) => {
      checkInstalled(context);
      const program = join(app, 'node_modules/ctre/dist/bundle/cli.js');
      const files = new Set<string>();
      const visit = (file: string): void => {
        if (files.has(file)) return;
        files.add(file);
        const imports = readFileSync(file, 'utf8').matchAll(
          /^(?:import|export)\b[^;'"]*["'](\.[^"']+)["']/gm,
        );
        for (const [, target] of imports) visit(join(dirname(file), target));
      };
      visit(program);
      expect(files.size).toBeGreaterThan(1);
      const sources = [...files].map((file) => readFileSync(file, 'utf8'));
      expect(sources.filter((source) => /robust-predicates|htmlparser|delaunay/i.test(source))).toEqual([]);
      const all = filesBelow(dirname(program)).filter((file) => file.endsWith('.js'));
      const text = all.map((file) => readFileSync(join(dirname(program), file), 'utf8')).join('');
      expect(text).toMatch(/delaunay/i);
    });

    it('prints the sentence of an error that nobody caught, not the bundle', async (context) => {
      checkInstalled(context);
      writeFileSync(
        join(app, 'mistake.mjs'),
        `import { SparseMLP } from 'ctre'; await SparseMLP.create({ layers: [3] });`,
      );
      const { code, stderr } = await run(process.execPath, ['mistake.mjs'], app);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^CtreError: layers is an array of 1; expected at least/m);
      expect(stderr.length).toBeLessThan(2000);
      expect(Math.max(...stderr.split('\n').map((line) => line.length))).toBeLessThan(240);
    });
  });
});
