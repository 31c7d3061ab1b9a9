import { CtreError } from '../../base/errors.ts';
import { latin1 } from '../bytes.ts';
import { extensionOf, type NumberFormat } from '../format.ts';

/** A kind of file that people have and that is not read. */
interface RefusedKind {
  /** What it is, after "this is". */
  readonly what: string;
  /** What to do, as an imperative. */
  readonly remedy: string;
  readonly extensions: readonly string[];
  /** How its content may begin, one byte a character. */
  readonly starts?: readonly string[];
  /** What the first bytes of its content match. */
  readonly pattern?: RegExp;
}

const UNPACK = 'unpack it first';
const SAVE_AS_CSV = 'save it as CSV';

const REFUSED: readonly RefusedKind[] = [
  {
    what: 'an HDF5 file',
    remedy: 'write its arrays as X.npy and y.npy with h5py and NumPy, or in MATLAB with the option "-v7"',
    extensions: ['h5', 'hdf5', 'hdf', 'h5ad'],
    starts: ['\x89HDF'],
  },
  {
    what: 'an Excel workbook',
    remedy: SAVE_AS_CSV,
    extensions: ['xlsx', 'xls', 'xlsm', 'xlsb', 'ods'],
    starts: ['\xd0\xcf\x11\xe0'],
  },
  {
    what: 'a Python pickle, which runs code when it is opened',
    remedy: 'open it in Python if you trust it, and save its arrays with numpy.savez or its table as CSV',
    extensions: ['pkl', 'pickle', 'joblib', 'p'],
    starts: ['\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'],
  },
  {
    what: 'an image',
    remedy: 'write the pixels of all images as one array with a row an image, X.npy, and the labels as y.npy',
    extensions: ['png', 'jpg', 'jpeg', 'gif', 'bmp', 'tif', 'tiff', 'webp', 'pgm', 'ppm'],
    starts: ['\x89PNG', '\xff\xd8\xff', 'GIF8', 'II*\0', 'MM\0*'],
  },
  { what: 'packed with bzip2', remedy: UNPACK, extensions: ['bz2', 'bz'], pattern: /^BZh[1-9]/ },
  { what: 'packed with xz', remedy: UNPACK, extensions: ['xz', 'lzma'], starts: ['\xfd7zXZ'] },
  { what: 'packed with zstd', remedy: UNPACK, extensions: ['zst', 'zstd'], starts: ['\x28\xb5\x2f\xfd'] },
  { what: 'a 7-Zip archive', remedy: UNPACK, extensions: ['7z'], starts: ['7z\xbc\xaf'] },
  { what: 'a RAR archive', remedy: UNPACK, extensions: ['rar'], starts: ['Rar!'] },
  {
    what: 'a tar archive',
    remedy: UNPACK,
    extensions: ['tar', 'tgz'],
    // The mark stands behind the first file's name, mode and times.
    pattern: /^.{257}ustar/s,
  },
  { what: 'packed with compress', remedy: UNPACK, extensions: ['z'], starts: ['\x1f\x9d'] },
  {
    what: 'an Arrow or Feather file',
    remedy: SAVE_AS_CSV,
    extensions: ['feather', 'arrow'],
    starts: ['ARROW1', 'FEA1'],
  },
  {
    what: 'a file of R',
    remedy: 'write it in R with write.csv(…, row.names = FALSE)',
    extensions: ['rds', 'rda', 'rdata'],
    starts: ['RDX2\n', 'RDX3\n', 'RDA2\n', 'RDA3\n', 'X\n\0\0\0'],
  },
  {
    what: 'an SQLite database',
    remedy: 'export its table as CSV',
    extensions: ['sqlite', 'sqlite3', 'db'],
    starts: ['SQLite format 3'],
  },
  {
    what: 'a file of SAS, Stata or SPSS',
    remedy: SAVE_AS_CSV,
    extensions: ['sas7bdat', 'xpt', 'dta', 'sav'],
    starts: ['<stata_dta>', '$FL2'],
  },
  { what: 'a PDF', remedy: SAVE_AS_CSV, extensions: ['pdf'], starts: ['%PDF'] },
  {
    what: 'a web page',
    remedy: 'get the file itself, on GitHub by the button "raw"',
    extensions: ['html', 'htm'],
    pattern: /^(\xef\xbb\xbf)?\s*<(!doctype html|html)/i,
  },
  {
    what: 'a pointer of Git LFS, not the file',
    remedy: 'get the file with git lfs pull',
    extensions: [],
    starts: ['version https://git-lfs'],
  },
  {
    what: 'a description of a data set',
    remedy: 'name the file of the data, which has the same name and ends in .data',
    extensions: ['names'],
  },
  {
    what: 'a text of fastText',
    remedy: 'write a tab between label and text, without __label__, and call the file .tsv',
    extensions: [],
    starts: ['__label__'],
  },
  { what: 'an XML file', remedy: SAVE_AS_CSV, extensions: ['xml'], pattern: /^(\xef\xbb\xbf)?<\?xml/ },
  {
    what: 'JSON of one value',
    remedy:
      'write one object or list a line and call the file .jsonl (JSON Lines; in pandas: ' +
      'to_json(…, orient="records", lines=True)), or save it as CSV',
    extensions: [],
    pattern: /^(\xef\xbb\xbf)?\s*\[\s*[[{]/,
  },
];

/** Bytes that are looked at. */
const START_BYTES = 512;

function refusedKind(bytes: Uint8Array, extension: string): RefusedKind | undefined {
  const start = latin1(bytes.subarray(0, START_BYTES));
  return (
    REFUSED.find(
      ({ starts = [], pattern }) => starts.some((begin) => start.startsWith(begin)) || pattern?.test(start),
    ) ?? REFUSED.find(({ extensions }) => extensions.includes(extension))
  );
}

/**
 * Files of formats that are known and not read: refused by name, with what to do.
 * @throws CtreError `E_UNSUPPORTED`, always.
 */
export const refusedFormat: NumberFormat = {
  fileNames: '',
  extensions: [],
  isContent: (bytes, extension) => refusedKind(bytes, extension) !== undefined,
  read([{ name, bytes }]) {
    const kind = refusedKind(bytes, extensionOf(name));
    throw new CtreError(
      'E_UNSUPPORTED',
      `this is ${kind?.what ?? 'no data'}, which is not read; ${kind?.remedy ?? SAVE_AS_CSV}`,
    );
  },
};
