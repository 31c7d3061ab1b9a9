import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { Dataset } from './dataset.ts';
import type { RawTable } from './rawTable.ts';
import type { CheckedReadOptions } from './readOptions.ts';

/** A file to read: unpacked, its name without folder and `.gz`. */
export interface InputFile {
  readonly name: string;
  /** One byte at least. */
  readonly bytes: Uint8Array;
  /** Whether it came as text, not as bytes. */
  readonly isText?: boolean;
}

/** How the files of a format are told from others. */
interface FileKind {
  /** What its files are called, for error messages, such as `.csv, .tsv`. */
  readonly fileNames: string;
  /** Extensions that mean this format, in lower case, without the dot. They decide before content does. */
  readonly extensions: readonly string[];
  /** Whether its files are no text. */
  readonly isBinary?: true;
  /** What several files of it are, for error messages. Without it, every dataset is one file. */
  readonly several?: string;
  /**
   * Those of the names that are files of this format, told by the whole names. If there are any, the others
   * are left out: a folder may hold a README besides its dataset.
   */
  membersOf?(names: readonly string[]): readonly string[];
  /** Whether a file with another extension (in lower case, maybe empty) has the content of this format. */
  isContent(bytes: Uint8Array, extension: string): boolean;
}

/** A format of numbers, with its reader. */
export interface NumberFormat extends FileKind {
  /**
   * The dataset that the files hold: one, or several where the format has `several`. Only with the option
   * `bytes` may its samples be bytes.
   */
  read(files: readonly InputFile[], options: CheckedReadOptions, budget: Budget): Dataset<SampleMatrix>;
}

/** A format of tables whose columns may hold words, with its reader. */
export interface TableFormat extends FileKind {
  /** The table that the files hold. Undefined where these hold numbers only, and `read` reads them. */
  readTable(files: readonly InputFile[], options: CheckedReadOptions, budget: Budget): RawTable | undefined;
  read?: NumberFormat['read'];
}

/** A format of tables that a package reads which is loaded when it is needed. */
export interface AwaitedFormat extends FileKind {
  loadTable(files: readonly InputFile[], options: CheckedReadOptions, budget: Budget): Promise<RawTable>;
  readonly read?: undefined;
}

/** A format of data files. read.ts has the table. */
export type Format = NumberFormat | TableFormat | AwaitedFormat;

/** The extension of a file's name, in lower case, without the dot; empty where there is none. */
export function extensionOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1].toLowerCase() ?? '';
}

/** The files. @throws CtreError `E_ARGUMENT` for one that came as text, and its format is none of text. */
export function refuseText(files: readonly InputFile[], isBinary: boolean | undefined): readonly InputFile[] {
  const text = isBinary && files.find(({ isText }) => isText);
  if (!text) return files;
  throw new CtreError(
    'E_ARGUMENT',
    `${show(text.name)} was given as text, and is no file of text; expected its bytes, as they are`,
  );
}
