import { writeFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { benchCases } from '../../../src/cli/benchCases.ts';
import { timeInTurns } from '../../../src/cli/timeInTurns.ts';
import { writeMatrixMarket } from '../../../src/data/index.ts';
import { CsrMatrix } from '../../../src/index.ts';
import { prepare } from '../../../src/kernels/index.ts';
import { ctre, jsonLines, temporaryFolder } from './harness.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

/** A matrix of twelve rows and seven columns; its fourth row and third column are empty. */
const dense = Float32Array.from({ length: 12 * 7 }, (_, e) => {
  const [i, j] = [Math.floor(e / 7), e % 7];
  return i === 3 || j === 2 || (3 * i + 5 * j) % 4 > 1 ? 0 : ((i * 7 + j * 3) % 11) - 4.5;
});
const matrix = CsrMatrix.fromDense({ rows: 12, cols: 7, data: dense });

const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(folder.path(name), content);
  return folder.path(name);
};

/** An .npy file of the format's first version. */
function npy(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const sizes = shape.map((size) => `${size},`).join('');
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const padded = `${header}${' '.repeat(63 - ((10 + header.length) % 64))}\n`;
  const text = new TextEncoder().encode(padded);
  return Uint8Array.of(
    ...[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8],
    ...text,
    ...data,
  );
}

const bytesOf = (array: Int32Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** The matrix as scipy.sparse.save_npz writes it. */
const npz = (format: string): Uint8Array =>
  zipSync({
    'format.npy': npy('|S3', [], new TextEncoder().encode(format)),
    'shape.npy': npy('<i4', [2], bytesOf(Int32Array.of(12, 7))),
    'indptr.npy': npy('<i4', [13], bytesOf(matrix.indptr)),
    'indices.npy': npy('<i4', [matrix.nnz], bytesOf(matrix.indices)),
    'data.npy': npy('<f4', [matrix.nnz], bytesOf(matrix.values)),
  });

const QUICK = ['--seconds', '0.001'];

describe('ctre bench', () => {
  it.each([
    ['a Matrix Market file', 'small.mtx', writeMatrixMarket(matrix)],
    ['a sparse matrix of SciPy', 'small.npz', npz('csr')],
  ])('measures on %s', async (_, name, content) => {
    const path = write(name, content);
    const { code, stdout, stderr } = await ctre(['bench', path, ...QUICK, '--columns', '1,3', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const [start, ...rest] = jsonLines(stdout);
    expect(start).toMatchObject({
      event: 'start',
      matrix: name,
      rows: 12,
      cols: 7,
      nnz: matrix.nnz,
      threads: 1,
    });
    const { figures, leftOut } = rest.at(-1) as { figures: Record<string, unknown>[]; leftOut: unknown[] };
    expect(rest.at(-1)).toMatchObject({ event: 'result' });
    expect(rest.slice(0, -1)).toEqual(figures.map((figure) => ({ event: 'figure', ...figure })));
    expect(leftOut).toEqual([]);
    expect(figures.map(({ call, columns }) => [call, columns])).toEqual([
      ['prepare(A).multiply(X)', 1],
      ['prepare(A).multiply(X)', 3],
      ['prepare(A).multiplyTransposed(X)', 1],
      ['prepare(A).multiplyTransposed(X)', 3],
      ['spmm(A, X)', 1],
      ['spmm(A, X)', 3],
      ['A.transpose()', undefined],
      ['cosineTopK(A, 10, A, { threshold: 0 })', undefined],
    ]);
    for (const { call, seconds, plainSeconds, ratio, secondsByEntry, agrees, samples } of figures) {
      expect(agrees, String(call)).toBe(true);
      expect(samples).toBeGreaterThanOrEqual(3);
      expect(seconds).toBeGreaterThan(0);
      expect(ratio).toBeCloseTo(Number(plainSeconds) / Number(seconds), 6);
      expect(secondsByEntry).toBeCloseTo(Number(seconds) / matrix.nnz, 12);
    }
  });

  it('says what it measured on, and on what machine, in a table', async () => {
    const path = write('table.mtx', writeMatrixMarket(matrix));
    const { code, stdout, stderr } = await ctre(['bench', path, ...QUICK, '--columns', '2']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^table\.mtx\n {2}size +12 × 7\n {2}entries +\d+, [\d.]+ a row\n {2}machine +.*cores\n/,
    );
    expect(stdout).toContain(`Node ${process.versions.node}, V8 ${process.versions.v8}, one thread`);
    expect(stdout).toMatch(/│ call +│ columns +│ +ctre +│ plain JS +│ +faster +│ an entry +│ agrees │/);
    expect(stdout).toMatch(
      /│ prepare\(A\)\.multiply\(X\) +│ +2 │ +[\d.]+ [µnm]?s │ +[\d.]+ [µnm]?s │ +[\d.]+ × │/,
    );
    expect(stdout).not.toContain('revectorised');
  });

  it('shows on a terminal how far it is', async () => {
    const path = write('bar.mtx', writeMatrixMarket(matrix));
    const { code, stderr } = await ctre(['bench', path, ...QUICK, '--columns', '1', '--json'], {
      isTTY: true,
    });
    expect(code).toBe(0);
    expect(stderr).toContain('4/5  cosineTopK(A, 10');
  });

  it('says which figures are left out, and why', async () => {
    const path = write('few.mtx', '%%MatrixMarket matrix coordinate real general\n3 3 1\n1 1 2\n');
    const { code, stdout } = await ctre(['bench', path, ...QUICK]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'cosineTopK(A, 10, A, { threshold: 0 }) is left out: it needs more than 10 rows.',
    );
    const column = Array.from({ length: 15_000 }, (_, i) => `${i + 1} 1 1\n`).join('');
    const wide = write(
      'wide.mtx',
      `%%MatrixMarket matrix coordinate integer general\n15000 1 15000\n${column}`,
    );
    const second = await ctre(['bench', wide, ...QUICK, '--columns', '1']);
    expect(second.stdout).toContain(
      'is left out: 225000000 products are more than 200000000, and take long.',
    );
  });

  it('measures on a generated matrix where none is named', async () => {
    const { code, stdout } = await ctre(['bench', ...QUICK, '--columns', '1', '--json']);
    expect(code).toBe(0);
    const [start] = jsonLines(stdout);
    const name = 'generated matrix (uniform, seed 0)';
    expect(start).toMatchObject({ matrix: name, rows: 10_000, cols: 10_000, nnz: 100_000 });
  });

  it('stops at Ctrl-C, and shows what it has', async () => {
    const path = write('stop.mtx', writeMatrixMarket(matrix));
    const { code, stdout, stderr } = await ctre(['bench', path, '--seconds', '0.05', '--json'], {
      interruptAt: /"figure"/,
    });
    expect(code).toBe(130);
    expect(stderr).toBe('ctre: stopped after 1 figures\n');
    expect(jsonLines(stdout).map(({ event }) => event)).toEqual(['start', 'figure']);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['a file that is not there', ['none.mtx'], /there is no .*none\.mtx/],
    ['another kind of file', [write('m.csv', '1,2\n')], /"m\.csv" is no matrix.*\.mtx.*\.npz/],
    [
      'a file without entries',
      [write('empty.mtx', '%%MatrixMarket matrix coordinate real general\n2 2 0\n')],
      /empty\.mtx holds a matrix without entries/,
    ],
    ['no Matrix Market file', [write('text.mtx', 'hello\n')], /text\.mtx: /],
    [
      'a dense Matrix Market file',
      [write('array.mtx', '%%MatrixMarket matrix array real general\n1 1\n3\n')],
      /array\.mtx: .*array/,
    ],
    ['no .npz file', [write('text.npz', 'hello')], /text\.npz: /],
    [
      'a damaged sparse matrix',
      [write('bsr.npz', npz('bsr'))],
      /^ctre: bsr\.npz: a sparse matrix has 33 blocks/,
    ],
    [
      'a dense .npz file',
      [write('dense.npz', zipSync({ 'x.npy': npy('<f4', [12, 7], bytesOf(dense)) }))],
      /dense\.npz holds a dense matrix/,
    ],
    [
      'too little memory',
      [write('big.mtx', writeMatrixMarket(matrix)), '--max-mb', '0.00001'],
      /big\.mtx: .*raise --max-mb/,
    ],
    ['--max-mb without a file', ['--max-mb', '5'], /--max-mb is for reading a matrix/],
    ['no columns', ['--columns', '0'], /--columns is/],
    ['too many columns', ['--columns', '5000'], /--columns is 5000; expected an integer from 1 to 1024/],
    ['no time', ['--seconds', '0'], /--seconds is 0/],
    ['two files', ['a.mtx', 'b.mtx'], /expected ctre bench \[matrix/],
  ])('refuses %s in one sentence', async (_, argv, sentence) => {
    const { code, stdout, stderr } = await ctre(['bench', ...argv]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('has help', async () => {
    const { code, stdout } = await ctre(['bench', '--help']);
    expect(code).toBe(0);
    for (const option of ['--columns', '--seconds', '--revectorize', '--max-mb', '--json']) {
      expect(stdout).toContain(`  ${option}`);
    }
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
  });

  it('says why it does not revectorise here', async () => {
    const path = write('revectorize.mtx', writeMatrixMarket(matrix));
    const { stdout } = await ctre(['bench', path, ...QUICK, '--columns', '1', '--json', '--revectorize']);
    // The kernels have been started by the tests before, in this process.
    expect(jsonLines(stdout)[0]).toMatchObject({
      revectorized: false,
      warning: expect.stringMatching(/^not revectorised: /),
    });
  });
});

describe('the check of results', () => {
  it('notices a result that differs', () => {
    const prepared = prepare(matrix);
    const broken = prepare(CsrMatrix.fromParts({ ...matrix, values: matrix.values.with(5, 9) }));
    const verdicts = (prepare: typeof prepared): boolean[] => {
      const verdict: boolean[] = [];
      for (const job of benchCases(matrix, prepare, [1, 3])) {
        if ('reason' in job) continue;
        job.run();
        job.runPlain();
        verdict.push(job.agree());
      }
      return verdict;
    };
    expect(verdicts(prepared)).toEqual(Array.from({ length: 8 }, () => true));
    expect(verdicts(broken).slice(0, 4)).toEqual([false, false, false, false]);
    prepared.dispose();
    broken.dispose();
  });
});

describe('timeInTurns', () => {
  it('runs both in turns, three times at least', async () => {
    const order: string[] = [];
    const wait = (name: string) => () => {
      order.push(name);
      const end = performance.now() + 2;
      while (performance.now() < end);
    };
    const { first, second, samples } = await timeInTurns(
      wait('a'),
      wait('b'),
      0.001,
      new AbortController().signal,
    );
    expect(order.join('')).toBe('ab'.repeat(samples + 1));
    expect(samples).toBeGreaterThanOrEqual(3);
    expect(Math.min(first, second)).toBeGreaterThanOrEqual(0.002);
  });

  it('ends when the signal says so', async () => {
    const error = { code: 'E_ABORTED' };
    await expect(
      timeInTurns(
        () => {},
        () => {},
        60,
        AbortSignal.abort(),
      ),
    ).rejects.toMatchObject(error);
  });
});
