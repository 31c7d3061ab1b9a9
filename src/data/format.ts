import type { Budget } from '../base/budget.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { Dataset } from './dataset.ts';
import type { CheckedReadOptions } from './readOptions.ts';

/** A file to read: unpacked, its name without folder and `.gz`. */
export interface InputFile {
  readonly name: string;
  /** One byte at least. */
  readonly bytes: Uint8Array;
}

/** A format of data files: a reader, and how its files are told from others. read.ts has the table. */
export interface Format {
  /** What its files are called, for error messages, such as `.csv, .tsv`. */
  readonly fileNames: string;
  /** Extensions that mean this format, in lower case, without the dot. They decide before content does. */
  readonly extensions: readonly string[];
  /** What several files of it are, for error messages. Without it, every dataset is one file. */
  readonly several?: string;
  /**
   * Whether a file is of this format by its whole name. If one file of many is, the others are left out: a
   * folder may hold a README besides its dataset.
   */
  isMember?(name: string): boolean;
  /** Whether a file with another extension (in lower case, maybe empty) has the content of this format. */
  isContent(bytes: Uint8Array, extension: string): boolean;
  /**
   * The dataset that the files hold: one, or several where the format has `several`. Only with the option `bytes`
   * may its samples be bytes.
   */
  read(files: readonly InputFile[], options: CheckedReadOptions, budget: Budget): Dataset<SampleMatrix>;
}

/** The extension of a file's name, in lower case, without the dot; empty where there is none. */
export function extensionOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1].toLowerCase() ?? '';
}
