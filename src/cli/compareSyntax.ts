import { CtreError, show } from '../base/errors.ts';
import type { PictureSize } from '../compare/look.ts';
import { METHOD_NAMES, type MethodName } from '../topology/methods.ts';
import type { Arguments, Options, Syntax } from './args.ts';
import { READ_EXCLUSIVE, READ_OPTIONS } from './dataset.ts';
import { listMethods } from './methodOptions.ts';
import { flag, integer, list, number, type Option, orWord, ranges, text } from './options.ts';
import { queueAddress } from './queue/address.ts';
import { LOSS_OPTIONS, NETWORK_OPTIONS, TRAINING_OPTIONS } from './settings.ts';
import { SPLIT_EXCLUSIVE, SPLIT_OPTIONS } from './split.ts';
import { unknown } from './suggestion.ts';

const { method: _method, epsilon: _epsilon, seed: _seed, ...NETWORK } = NETWORK_OPTIONS;

/** What is trained where nobody says. */
export const USUAL_METHODS: readonly MethodName[] = ['cte-gse', 'ctre-sim', 'set'];

/**
 * Options on which no bit of a result depends, or that name a file whose content counts elsewhere: in the
 * fingerprint of the data, or in the hash of the module.
 */
export const WITHOUT_BITS: readonly string[] = [
  ...['threads', 'revectorize', 'max-mb'],
  ...['split', 'test', 'method-module'],
];

/** Names of methods, each once. Which names there are is known when the modules are loaded. */
const methodList: Option<'all' | readonly string[]> = {
  value: 'a,b,…',
  help: `all, or of these (${USUAL_METHODS.join()}):\n${listMethods()}`,
  read: (_, typed) => (typed === 'all' ? typed : [...new Set(typed.split(','))]),
};

/**
 * The methods to compare.
 * @param own the names of the methods of one's own.
 * @throws CtreError `E_ARGUMENT` for a name that is none.
 */
export function chooseMethods(
  wanted: CompareArguments['options']['methods'],
  own: readonly string[],
): readonly string[] {
  const known = [...METHOD_NAMES, ...own];
  if (wanted === 'all') return known;
  if (wanted === undefined) return [...USUAL_METHODS, ...own];
  for (const name of wanted) {
    if (!known.includes(name)) throw unknown('--methods has no', name === '' ? 'empty name' : name, known);
  }
  return wanted;
}

const pictureSize: Option<PictureSize> = {
  value: 'WxH',
  help: 'the inputs are pictures of this size, or none (square ones are seen)',
  read(name, typed) {
    const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(typed) ?? [];
    if (width !== undefined) return { width: Number(width), height: Number(height) };
    throw new CtreError('E_ARGUMENT', `${name} is ${show(typed)}; expected a size like 28x28`);
  },
};

/** Options that every training of a comparison has. */
export const SHARED_OPTIONS = {
  'Every network': { ...LOSS_OPTIONS, ...NETWORK },
  'Every training': TRAINING_OPTIONS,
  Rows: SPLIT_OPTIONS,
  Reading: READ_OPTIONS,
} as const satisfies Record<string, Options>;

/** What `ctre compare` takes. */
export const compareSyntax = {
  command: 'compare',
  summary: 'train every method with every seed, tell which differ, and draw a report',
  positionals: ['[dataset…]'],
  options: {
    Compared: {
      methods: methodList,
      seeds: ranges('a-b', { least: 0 }, 'every method is trained with each of them: 0-4 or 0,1,7 (0-2)'),
      epsilons: list(number('e,e,…', { least: 0 }, 'densities: of a layer e · (in + out) / (in · out) (1)')),
      widths: ranges(
        'n,n,…',
        { least: 1 },
        'networks of three hidden layers of n neurons, instead of --hidden',
      ),
    },
    ...SHARED_OPTIONS,
    Running: {
      jobs: orWord(
        'auto',
        integer('n', { least: 1, most: 256 }, 'trainings at a time, each in its own process, or auto (auto)'),
      ),
      results: text(
        'file.jsonl',
        'where finished trainings are kept; the same command goes on from there,\n' +
          'and a larger grid adds to them (dataset.compare.jsonl)',
      ),
    },
    'Many machines': {
      queue: queueAddress(
        'hand the trainings to ctre worker --queue url on any machines, through\n' +
          'the Redis server there: redis://host:6379/0, or rediss:// for TLS',
      ),
      retries: integer(
        'n',
        { least: 0, most: 1000 },
        'times that a training is tried again whose worker or process died (10)',
      ),
    },
    Output: {
      report: text('file.html', 'tables and plots in one file that needs no network'),
      image: orWord('none', pictureSize),
      json: flag('one JSON object a line: the start, every training, the result'),
    },
  },
  exclusive: [
    ['hidden', 'widths'],
    ['epsilons', 'density'],
    ['queue', 'jobs'],
    ['queue', 'threads'],
    ...SPLIT_EXCLUSIVE,
    ...READ_EXCLUSIVE,
  ],
} as const satisfies Syntax;

/** The arguments of `ctre compare`. */
export type CompareArguments = Arguments<typeof compareSyntax>;
