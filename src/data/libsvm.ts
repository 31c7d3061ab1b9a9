import { CsrMatrix, MAX_INDEX } from '../csr.ts';
import { CtreError, show } from '../errors.ts';
import { buildDataset, type Dataset, type ReadOptions } from './dataset.ts';
import { finite } from './ndarray.ts';
import { decodeText, FloatList, parseNumber } from './text.ts';

/** Whether a line of text looks as LIBSVM's do: maybe a label, then `index:value` pairs. */
export function isLibsvmLine(line: string): boolean {
  return /^(\S+\s+)?(qid:\d+\s+)?\d+:\S+(\s+\d+:\S+)*$/.test(line.replace(/#.*/, '').trim());
}

/**
 * Reads LIBSVM (SVMlight) text: `label index:value …`, indices ascending, from 1, or from 0 where a 0 occurs;
 * `# comment` and `qid:n` are passed over.
 * @throws CtreError `E_FORMAT` naming the line, `E_LABEL`, `E_NOT_FINITE`, `E_SHAPE` for an index beyond
 *   `options.columns`.
 */
export function readLibsvm(bytes: Uint8Array, options: ReadOptions): Dataset {
  const text = decodeText(bytes);
  const labels: number[] = [];
  const indptr = [0];
  const indices: number[] = [];
  const values = new FloatList();
  let largest = -1;
  let smallest = Infinity;
  let line = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const [content] = text.slice(start, end).split('#', 1);
    start = end + 1;
    line++;
    const tokens = content.split(/\s+/).filter((token) => token !== '');
    if (tokens.length === 0) continue;
    const hasLabel = !tokens[0].includes(':');
    if (!options.unlabelled) labels.push(parseLabel(hasLabel ? tokens[0] : '', line));
    let last = -1;
    for (const token of hasLabel ? tokens.slice(1) : tokens) {
      if (token.startsWith('qid:')) continue;
      const { index, value } = parsePair(token, line);
      if (index <= last) {
        const how = index === last ? 'comes twice' : `comes after ${last}`;
        throw new CtreError('E_FORMAT', `line ${line}: index ${index} ${how}; indices ascend along a line`);
      }
      last = index;
      indices.push(index);
      values.push(value);
      smallest = Math.min(smallest, index);
    }
    if (options.columns !== undefined && last > options.columns) throw beyond(last, options.columns, line);
    largest = Math.max(largest, last);
    indptr.push(indices.length);
  }
  const base = smallest === 0 ? 0 : 1;
  const cols = options.columns ?? largest + 1 - base;
  if (largest - base >= cols) throw beyond(largest, cols, line);
  for (let row = 0; row + 1 < indptr.length; row++) {
    for (let p = indptr[row]; p < indptr[row + 1]; p++) finite(values.at(p), row, indices[p] - base);
  }
  const x = CsrMatrix.fromParts({
    rows: indptr.length - 1,
    cols: Math.max(0, cols),
    indptr,
    indices: Int32Array.from(indices, (index) => index - base),
    values: values.toArray(),
  });
  return buildDataset({ x, labels: options.unlabelled ? undefined : labels });
}

function parseLabel(token: string, line: number): number {
  const label = parseNumber(token);
  if (label === undefined || !Number.isSafeInteger(label)) {
    throw new CtreError('E_LABEL', `line ${line} starts with ${show(token)}; expected an integer label`);
  }
  return label;
}

function parsePair(token: string, line: number): { index: number; value: number } {
  const colon = token.indexOf(':');
  const indexText = token.slice(0, colon);
  const index = Number(indexText);
  const value = parseNumber(token.slice(colon + 1));
  if (colon < 1 || !/^\d+$/.test(indexText) || index >= MAX_INDEX || value === undefined) {
    throw new CtreError(
      'E_FORMAT',
      `line ${line} holds ${show(token)}; expected index:value, the index a whole number`,
    );
  }
  return { index, value };
}

function beyond(index: number, columns: number, line: number): CtreError {
  return new CtreError(
    'E_SHAPE',
    `line ${line} or before has the index ${index}; the option columns says ${columns}`,
  );
}
