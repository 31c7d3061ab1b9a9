import { type Syntax, usageOf } from './args.ts';
import type { Option } from './options.ts';

/** Where the explanations start. */
const COLUMN = 26;

/** The help of the whole program. */
export function programHelp(commands: readonly Syntax[]): string {
  const usage = commands.map((syntax) => `  ${usageOf(syntax)} [options]`);
  const summaries = commands.map(({ command, summary }) => row(command, summary));
  return [
    'Truly sparse neural networks: trained from the first step to the last on the connections they keep.',
    '',
    'Usage',
    ...usage,
    '',
    'Commands',
    ...summaries,
    '',
    'A dataset is a .mat, .npz, .npy, .csv, .tsv, .libsvm or .svm file (each also .gz), or a folder of',
    'IDX or .npy files. Rows are counted from 0.',
    '',
    ...COMMON_OPTIONS,
    '',
    'Try first: ctre train',
    '',
  ].join('\n');
}

/** The help of one command. */
export function commandHelp(syntax: Syntax): string {
  const groups = Object.entries(syntax.options).flatMap(([title, options]) => [
    '',
    title,
    ...Object.entries(options).map(([name, option]) => optionRow(name, option)),
  ]);
  const summary = `${syntax.summary[0].toUpperCase()}${syntax.summary.slice(1)}.`;
  return [
    `Usage: ${usageOf(syntax)} [options]`,
    '',
    summary,
    'What holds without an option is in parentheses.',
    ...groups,
    '',
  ].join('\n');
}

const COMMON_OPTIONS = [
  'Options',
  row('--help', 'this help, or with a command its own'),
  row('--version', 'the version of ctre'),
];

function optionRow(name: string, { value, help }: Option<unknown>): string {
  return row(value === undefined ? `--${name}` : `--${name} ${value}`, help);
}

function row(term: string, text: string): string {
  const [first, ...more] = text.split('\n');
  const indent = ' '.repeat(COLUMN + 2);
  const head = term.length < COLUMN ? `  ${term.padEnd(COLUMN)}${first}` : `  ${term}\n${indent}${first}`;
  return [head, ...more.map((line) => indent + line)].join('\n');
}
