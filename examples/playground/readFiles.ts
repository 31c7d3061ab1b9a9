// The page's half of dataWorker.ts: it asks, and passes on the answers.
import { LiveWorker, type WorkerProblem } from '../shared/liveWorker.ts';
import type { PreparedData } from './protocol.ts';

/** What a column of a table is taken for. */
export type ColumnRole = 'label' | 'input' | 'words' | 'out';

/** A column as its file has it. */
export interface ColumnFacts {
  /** Its place in the file, from 1. */
  readonly number: number;
  readonly title: string;
  readonly samples: readonly string[];
  readonly role: ColumnRole;
  /** What its values are taken for, or why it is left out. */
  readonly about: string;
}

export interface TableFacts {
  readonly columns: readonly ColumnFacts[];
  readonly rows: number;
  readonly format: string;
  readonly delimiter: string | undefined;
  readonly hasNames: boolean;
}

/** What the visitor decides of a table; what is absent is guessed. */
export interface TableChoice {
  readonly label?: number;
  readonly drop?: readonly number[];
  readonly features?: readonly number[];
  readonly categorical?: readonly number[];
  readonly missing?: readonly string[];
  readonly header?: boolean;
}

export interface ReadQuestion {
  readonly files: readonly File[];
  readonly most: number;
  readonly choice: TableChoice;
}

export interface ReadAnswer {
  readonly prepared: PreparedData;
  /** What was guessed on thin grounds, in sentences. */
  readonly warnings: readonly string[];
  /** Of a file that is a table. */
  readonly table: TableFacts | undefined;
}

let worker: LiveWorker<ReadQuestion> | undefined;

/**
 * Reads files in another thread, which is started for the first ones.
 * @throws WorkerProblem with a sentence for the visitor.
 */
export function readFiles(
  question: ReadQuestion,
  onEnd: (problem: WorkerProblem) => void,
): Promise<ReadAnswer> {
  worker ??= new LiveWorker(
    'The thread that reads files',
    () => new Worker(new URL('./dataWorker.ts', import.meta.url), { type: 'module' }),
    onEnd,
  );
  return worker.ask(question);
}

/** Ends the reading; the next files start it again. */
export function stopReading(): void {
  worker?.end('was stopped');
}
