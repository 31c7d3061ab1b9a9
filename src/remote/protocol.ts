import { CtreError } from '../base/errors.ts';
import type { Recipe } from '../files/modelFile.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { ImportanceOptions } from '../model/inputImportance.ts';
import type { LoadOptions } from '../model/load.ts';
import type {
  CreateOptions,
  ModelOptions,
  PartialFitOptions,
  PieceTrainOptions,
  TrainOptions,
} from '../model/options.ts';
import type { TargetUnits } from '../nn/targetUnits.ts';
import type { Epoch } from '../train/epoch.ts';
import type { SentTopology } from './methodByUrl.ts';

// What the page and the model's worker say to each other. Messages are structured clones, which keep no class
// and no function.

/** The name of the model's worker, where it is started on a file that a page imports, too. */
export const MODEL_WORKER = 'ctre model';

/** A call that the page makes. */
export interface Request {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What came of a call, and what the page may know of the model without asking. */
export type Reply = {
  readonly id: number;
  readonly snapshot: Snapshot | undefined;
} & ({ readonly value: unknown } | { readonly error: unknown });

/** What can be asked of a `SparseMLP` without computing, as it was when a call was answered. */
export interface Snapshot {
  readonly nnz: number;
  readonly density: number;
  readonly epochs: number;
  readonly method: string;
  readonly loss: Recipe | undefined;
  readonly targetUnits: TargetUnits | undefined;
  readonly activation: Recipe;
  readonly threads: number;
  readonly warning: string | undefined;
  /** Of the checkpoint that the next training takes up; undefined where it takes up none. */
  readonly resumedRestoreBest: boolean | undefined;
  /** Present when it has changed. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Epochs since the last reply, and how many of those before are still in the history. */
  readonly history: { readonly kept: number; readonly added: readonly Epoch[] };
}

type SentByName = 'loss' | 'activation' | 'initializer' | 'growInitializer';

/** Options of a model, its parts by name. */
export type SentOptions<O extends ModelOptions = CreateOptions> = Omit<
  O,
  'topology' | 'worker' | 'signal' | SentByName
> & {
  readonly [part in SentByName]?: Recipe;
} & SentAnew;

interface SentAnew {
  readonly topology?: SentTopology;
}

/** Options of reading a model. */
export type SentLoadOptions = Omit<LoadOptions, 'worker' | 'signal'> & SentAnew;

/** A matrix, or whatever was given in its place. */
export type SentMatrix = (
  | { readonly rows: number; readonly cols: number; readonly csr: readonly unknown[] }
  | { readonly given: unknown }
) & {
  /** Whether the model's pipeline made it. */
  readonly isPrepared?: boolean;
};

/** What a pipeline made of rows. */
export interface SentEncodedRows {
  readonly x: SentMatrix;
  readonly warnings: readonly string[];
}

export interface SentData {
  readonly x: SentMatrix;
  readonly y: SentMatrix;
}

/** A piece of the samples; null at the end of a pass over them. */
export type SentPiece = (SentData & { readonly sampleWeight: unknown }) | null;

/** Options of `inputImportance`. */
export interface SentImportance extends Omit<ImportanceOptions, 'x' | 'y'> {
  readonly x?: SentMatrix;
  readonly y?: unknown;
}

type SentSets = 'optimizer' | 'schedule' | 'validation' | 'test' | 'sample' | 'signal';

interface SentParts {
  readonly optimizer?: Recipe;
  readonly schedule?: Recipe;
  readonly validation?: SentData;
  readonly test?: SentData;
}

export interface SentTraining extends Omit<TrainOptions, SentSets>, SentParts {}

export interface SentPieceTraining extends Omit<PieceTrainOptions, SentSets>, SentParts {
  readonly sample?: SentData;
}

/** Options of `partialFit`. */
export interface SentPartialFit extends Omit<PartialFitOptions, 'optimizer' | 'schedule' | 'sample'> {
  readonly optimizer?: Recipe;
  readonly schedule?: Recipe;
  /** `same`: that of the call before, which the worker has. */
  readonly sample?: SentData | 'same';
}

/** @throws CtreError as `CsrMatrix.fromParts`. */
export function receiveMatrix(sent: SentMatrix): unknown {
  if (!('csr' in sent)) return sent.given;
  const { rows, cols, csr } = sent;
  const [indptr, indices, values] = csr as readonly ArrayLike<number>[];
  return CsrMatrix.fromParts({ rows, cols, indptr, indices, values });
}

/** An error as a message holds it: a clone would have neither its class nor its code. */
export function sendError(error: unknown): unknown {
  return error instanceof CtreError ? { code: error.code, message: error.message } : error;
}

export function receiveError(sent: unknown): unknown {
  const { code, message }: Partial<CtreError> = Object(sent);
  return code === undefined ? sent : new CtreError(code, message ?? '');
}

/** The buffers of all arrays in an answer; nobody else uses them. */
export function buffersIn(answer: unknown): ArrayBuffer[] {
  if (typeof answer !== 'object' || answer === null) return [];
  if (!ArrayBuffer.isView(answer)) return Object.values(answer).flatMap(buffersIn);
  return answer.buffer instanceof ArrayBuffer ? [answer.buffer] : [];
}
