// The page's half of dataWorker.ts: it asks, and passes on the answers.
import { CsrMatrix, CtreError, type DenseMatrix, type ErrorCode } from 'ctre';

/** Where data come from. */
export type Source =
  | { readonly kind: 'digits' | 'madelon' }
  | { readonly kind: 'files'; readonly files: readonly File[] };

/** What the page shows of a dataset. */
export interface DataFacts {
  readonly name: string;
  /** Rows to train on. */
  readonly rows: number;
  readonly validationRows: number;
  readonly cols: number;
  readonly labelNames: readonly string[];
  readonly featureNames?: readonly string[] | undefined;
  readonly sparse: boolean;
  /** How the features were scaled, in words. */
  readonly scaling: string;
  /**
   * What a model of these data keeps in its file. The names are those that the command line reads.
   */
  readonly notes: Readonly<Record<string, unknown>>;
  /** For features that are pixels of a square: its side, and the mean of all pictures, 0 to 1. */
  readonly picture?: { readonly side: number; readonly mean: Float32Array };
  /** Columns whose part in a generated problem is known. */
  readonly known?: { readonly informative: readonly number[]; readonly redundant: readonly number[] };
}

/** A CsrMatrix's parts, or a dense matrix: what can be posted. */
type PostedMatrix = DenseMatrix | Omit<CsrMatrix, 'toDense' | 'transpose' | 'nnz' | 'density'>;

/** The rows of one run, as they are posted. */
export interface RunData<M = PostedMatrix> {
  readonly train: { readonly x: M; readonly y: Int32Array };
  readonly validation: { readonly x: M; readonly y: Int32Array };
}

/** A held-out row, and its class. */
export interface SampleRow {
  readonly values: Float32Array;
  readonly label: number;
}

export type Question =
  | { readonly kind: 'load'; readonly source: Source; readonly most: number }
  | { readonly kind: 'rows'; readonly most?: number | undefined }
  | { readonly kind: 'row'; readonly row: number };

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

const worker = new Worker(new URL('./dataWorker.ts', import.meta.url), { type: 'module' });
const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: CtreError) => void }>();
let asked = 0;

worker.onmessage = ({ data: { id, value, error } }: MessageEvent<Answer>) => {
  const asker = waiting.get(id);
  waiting.delete(id);
  if (error === undefined) asker?.resolve(value as never);
  else asker?.reject(new CtreError(error.code, error.message));
};
worker.onerror = () => {
  for (const { reject } of waiting.values()) {
    reject(new CtreError('E_WORKER_DIED', 'the thread that reads data has ended; load the page again'));
  }
  waiting.clear();
};

function ask<T>(question: Question): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.set(asked, { resolve, reject });
    worker.postMessage({ id: asked++, question });
  });
}

/**
 * Reads or makes a dataset. It stays in the worker, and replaces the one before once it is complete.
 * @param most rows to take at most.
 * @throws CtreError with a sentence for the visitor.
 */
export function loadData(source: Source, most: number): Promise<DataFacts> {
  return ask({ kind: 'load', source, most });
}

/** The rows for one run, or the first of them: shared memory, or copies that are the caller's. */
export async function rowsForRun(most?: number): Promise<RunData<DenseMatrix | CsrMatrix>> {
  const { train, validation } = await ask<RunData>({ kind: 'rows', most });
  const revive = ({ x, y }: RunData['train']) => ({ x: 'data' in x ? x : CsrMatrix.fromParts(x), y });
  return { train: revive(train), validation: revive(validation) };
}

/** One of the held-out rows, dense and scaled. */
export function sampleRow(row: number): Promise<SampleRow> {
  return ask({ kind: 'row', row });
}
