import type { Arguments, Syntax } from './args.ts';
import { CHECKPOINT_OPTIONS } from './checkpoints.ts';
import { READ_EXCLUSIVE, READ_OPTIONS } from './dataset.ts';
import { choice, flag, text } from './options.ts';
import { LOSS_OPTIONS, NETWORK_EXCLUSIVE, NETWORK_OPTIONS, TRAINING_OPTIONS } from './settings.ts';
import { SPLIT_EXCLUSIVE, SPLIT_OPTIONS } from './split.ts';

/** What `ctre train` takes. */
export const trainSyntax = {
  command: 'train',
  summary: 'train a network and test it; without a dataset, on a generated problem',
  positionals: ['[dataset]'],
  options: {
    Network: { ...LOSS_OPTIONS, ...NETWORK_OPTIONS },
    Training: TRAINING_OPTIONS,
    Rows: SPLIT_OPTIONS,
    Reading: READ_OPTIONS,
    Stopping: CHECKPOINT_OPTIONS,
    Output: {
      out: text('file', 'save the network, as safetensors'),
      keep: choice(
        'which',
        ['best', 'last'],
        'network to save: that of the best epoch on validation, or the last one\n' +
          '(best; last where nothing is validated)',
      ),
      json: flag('one JSON object a line: the start, every epoch, the result'),
    },
  },
  exclusive: [...NETWORK_EXCLUSIVE, ...SPLIT_EXCLUSIVE, ...READ_EXCLUSIVE],
} as const satisfies Syntax;

/** The arguments of `ctre train`; each training of a comparison has them, too. */
export type TrainArguments = Arguments<typeof trainSyntax>;
