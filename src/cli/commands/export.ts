import { basename } from 'node:path';
import { CtreError, megabytes, show } from '../../base/errors.ts';
import { parseArguments, type Syntax } from '../args.ts';
import { READ_OPTIONS } from '../dataset.ts';
import { describeExport, type ExportedModel } from '../export/exportedModel.ts';
import { type ExportFormat, type ExportFormatName, exportFormats } from '../export/formats.ts';
import { checkWritable, writeWhole } from '../files.ts';
import { type Io, printJson } from '../io.ts';
import { choice, flag, text } from '../options.ts';
import { openModelFile } from '../savedModel.ts';
import { readVersion } from '../version.ts';

const FORMAT_NAMES = Object.keys(exportFormats) as ExportFormatName[];

/** What `ctre export` takes. */
export const exportSyntax = {
  command: 'export',
  summary: 'write a saved model as C or as ONNX, for programs without ctre',
  positionals: ['model.safetensors'],
  options: {
    Format: {
      to: choice('format', FORMAT_NAMES, 'c: one C99 file, sparse; onnx: dense, zeros and all'),
      name: text('name', "name of the functions or the graph (the model file's)"),
    },
    Reading: { 'max-mb': READ_OPTIONS['max-mb'] },
    Output: {
      out: text('file', 'the file to write (c: standard output)'),
      force: flag('write more than 256 MiB'),
      json: flag('one JSON object about the file'),
    },
  },
  exclusive: [],
} as const satisfies Syntax;

/** More is hardly meant. */
const LARGE = 256 * 2 ** 20;

/** `ctre export model.safetensors --to c` */
export async function runExport(argv: readonly string[], { stdout, stderr }: Io): Promise<void> {
  const { positionals, options } = parseArguments(exportSyntax, argv);
  const { to, out, json = false, force = false } = options;
  const [path] = positionals;
  if (to === undefined) {
    throw new CtreError('E_ARGUMENT', `--to is missing; expected one of ${FORMAT_NAMES.join(', ')}`);
  }
  const format: ExportFormat = exportFormats[to];
  if (out === undefined && (json || !format.isText)) {
    const reason = json ? '--json is about a file' : `${to} is no text`;
    throw new CtreError('E_ARGUMENT', `${reason}, and none is named; name one with --out`);
  }
  const name = checkName(options.name, path);
  if (out !== undefined) await checkWritable(out, [path]);
  const opened = await openModelFile(path, options);
  try {
    const model = describeExport(opened, name, await readVersion());
    const expected = format.bytes(model);
    if (expected > LARGE && !force) {
      throw new CtreError(
        'E_MEMORY',
        `--to ${to} takes about ${megabytes(expected)}${format.isDense ? ', zeros and all' : ''}; ` +
          'expected at most 256 MiB; --force writes it all the same',
      );
    }
    const content = joined(format.write(model), expected);
    const { scaling } = model;
    const scaled = typeof scaling === 'string' ? scaling : 'scaled';
    if (out === undefined) stdout.write(content);
    else {
      await writeWhole(out, content);
      const sizes = sizesOf(model);
      const stored = format.isDense ? sizes.weights : sizes.connections;
      if (json) {
        const bytes = content.length;
        printJson(stdout, 'export', { to, file: out, name, bytes, stored, ...sizes, scaling: scaled });
      } else {
        const zeros = stored - sizes.connections;
        const say = zeros > 0 ? `${stored} weights, ${zeros} of them zeros` : `${stored} weights`;
        stdout.write(`${out}: ${format.about}, ${content.length} bytes, ${say}.\n`);
        stdout.write(`${SCALING_NOTES[scaled]}\n`);
      }
    }
    if (scaled === 'unknown') stderr.write(`ctre: ${SCALING_NOTES.unknown}\n`);
  } finally {
    opened.model.dispose();
  }
}

const SCALING_NOTES = {
  scaled:
    'It scales the rows itself, as the training rows were scaled: give it rows as the dataset has them.',
  unscaled: 'The network was trained on rows as the dataset has them: give it such rows.',
  unknown:
    'the model was saved without a scaler; if its training rows were scaled, scale rows in the same way ' +
    'first',
} as const;

/** A name that C takes, given or from the model's file. */
function checkName(given: string | undefined, path: string): string {
  const stem = basename(path).replace(/\.[^.]*$/, '');
  const name = given ?? stem.replace(/[^A-Za-z0-9]+/g, '_').replace(/^(?![A-Za-z])_*/, 'model_');
  if (/^[A-Za-z][A-Za-z0-9_]{0,40}$/.test(name)) return name;
  throw new CtreError(
    'E_ARGUMENT',
    `${given === undefined ? "the name from the model's file" : '--name'} is ${show(name)}; expected a ` +
      'letter and up to 40 letters, digits and underscores; give it with --name',
  );
}

/** The pieces of a file as one. */
function joined(pieces: Iterable<string | Uint8Array>, expected: number): Uint8Array {
  const encoder = new TextEncoder();
  let bytes = new Uint8Array(expected);
  let length = 0;
  for (const piece of pieces) {
    const part = typeof piece === 'string' ? encoder.encode(piece) : piece;
    if (length + part.length > bytes.length) {
      const larger = new Uint8Array(Math.ceil(1.25 * (length + part.length)));
      larger.set(bytes);
      bytes = larger;
    }
    bytes.set(part, length);
    length += part.length;
  }
  return bytes.subarray(0, length);
}

function sizesOf({ layers }: ExportedModel): { connections: number; weights: number } {
  return {
    connections: layers.reduce((sum, { weights: { nnz } }) => sum + nnz, 0),
    weights: layers.reduce((sum, { weights: { rows, cols } }) => sum + rows * cols, 0),
  };
}
