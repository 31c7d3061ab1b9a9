import { basename, extname } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import { readDataset, readMatrixMarket } from '../data/index.ts';
import { CsrMatrix } from '../index.ts';
import { inOptions, readingLimit } from './dataset.ts';
import { readBytes } from './files.ts';

/** A matrix to measure with, and what people call it. */
export interface BenchMatrix {
  readonly name: string;
  readonly matrix: CsrMatrix;
}

/** Rows and columns of the generated matrix, and the entries of a row. */
const GENERATED = { size: 10_000, entries: 10 };

/**
 * The matrix of a file, or a generated one.
 * @throws CtreError for a file that is no sparse matrix, or has no entries.
 */
export async function openMatrix(
  path: string | undefined,
  values: { readonly maxMb?: number },
): Promise<BenchMatrix> {
  if (path === undefined) {
    if (values.maxMb !== undefined) {
      throw new CtreError('E_ARGUMENT', '--max-mb is for reading a matrix, and none is named');
    }
    return { name: 'generated matrix (uniform, seed 0)', matrix: generate() };
  }
  const name = basename(path);
  const matrix = await readMatrixFile(path, readingLimit(values));
  if (matrix.nnz > 0) return { name, matrix };
  throw new CtreError(
    'E_FORMAT',
    `${name} holds a matrix without entries; expected one with some to multiply`,
  );
}

/** Errors of datasets name their file; those of a matrix do not know it. */
function readMarket(name: string, bytes: Uint8Array, maxBytes: number | undefined): CsrMatrix {
  try {
    return readMatrixMarket(bytes, { maxBytes });
  } catch (error) {
    if (!(error instanceof CtreError)) throw error;
    throw new CtreError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

async function readMatrixFile(path: string, maxBytes: number | undefined): Promise<CsrMatrix> {
  const name = basename(path);
  const kind = extname(path).toLowerCase();
  if (kind !== '.mtx' && kind !== '.npz') {
    throw new CtreError(
      'E_UNSUPPORTED',
      `${show(name)} is no matrix that can be measured with; expected a Matrix Market file (.mtx), or a ` +
        'sparse matrix as SciPy saves it (.npz)',
    );
  }
  const bytes = await readBytes(path);
  try {
    if (kind === '.mtx') return readMarket(name, bytes, maxBytes);
    const { x } = readDataset({ [name]: bytes }, { unlabelled: true, maxBytes });
    if (x instanceof CsrMatrix) return x;
  } catch (error) {
    throw inOptions(error);
  }
  throw new CtreError(
    'E_FORMAT',
    `${name} holds a dense matrix; expected a sparse one, as scipy.sparse.save_npz writes it`,
  );
}

/** As many entries in every row, at positions drawn at random. */
function generate(): CsrMatrix {
  const { size, entries } = GENERATED;
  const random = randomStream(0, 'bench');
  const indices = new Int32Array(size * entries);
  for (let i = 0; i < size; i++) {
    const row = new Set<number>();
    while (row.size < entries) row.add(random.below(size));
    indices.set(Int32Array.from(row).sort(), i * entries);
  }
  return CsrMatrix.fromParts({
    rows: size,
    cols: size,
    indptr: Int32Array.from({ length: size + 1 }, (_, i) => i * entries),
    indices,
    values: Float32Array.from({ length: size * entries }, () => 2 * random.next() - 1),
  });
}
