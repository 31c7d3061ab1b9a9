import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import { latin1 } from './bytes.ts';
import { extensionOf, type InputFile, refuseText } from './format.ts';
import { readZip } from './zip.ts';

/** What systems and people leave in archives besides the data. */
const NO_DATA = /(^|\/)(__MACOSX\/|\.[^/]*$|thumbs\.db$|readme[^/]*$|licen[sc]e[^/]*$)|\/$/i;
/** Files that are read together at most: the four of MNIST. */
const MOST_FILES = 8;

/**
 * The files in a ZIP archive that is no `.npz`; undefined for other files.
 * @throws CtreError `E_UNSUPPORTED` for an archive of documents or of many files, `E_FORMAT`, `E_MEMORY`.
 */
export function filesInZip(file: InputFile, budget: Budget): InputFile[] | undefined {
  const { name, bytes } = file;
  const isZip = latin1(bytes.subarray(0, 4)) === 'PK\x03\x04';
  if (!isZip || extensionOf(name) === 'npz') return undefined;
  refuseText([file], true);
  const members = readZip(bytes);
  if (members.some((member) => member.name.endsWith('.npy') && !member.name.includes('/'))) return undefined;
  if (members.some((member) => member.name === '[Content_Types].xml' || member.name === 'mimetype')) {
    throw new CtreError('E_UNSUPPORTED', 'this is an Excel workbook or another document; save it as CSV');
  }
  const data = members.filter((member) => !NO_DATA.test(member.name));
  if (data.length === 0 || data.length > MOST_FILES) {
    const names = members.slice(0, MOST_FILES).map((member) => show(member.name));
    throw new CtreError(
      'E_UNSUPPORTED',
      `this ZIP archive holds ${data.length} files of data ` +
        `(${names.join(', ')}${members.length > MOST_FILES ? ', …' : ''}); ` +
        'unpack it and name one of them',
    );
  }
  const packed = data.find((member) => /\.(zip|gz)$/i.test(member.name));
  if (packed !== undefined) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `this ZIP archive holds ${show(packed.name)}, which is packed; unpack it first`,
    );
  }
  return data.map((member) => ({ name: member.name, bytes: member.read(budget) }));
}
