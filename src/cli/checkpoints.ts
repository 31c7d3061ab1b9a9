import { CtreError } from '../base/errors.ts';
import type { SparseMLP } from '../index.ts';
import type { Options, Values } from './args.ts';
import { CheckpointFolder } from './checkpointFolder.ts';
import { flag, integer, type Option, text } from './options.ts';

/** Epochs, or minutes, between two checkpoints. */
type Interval = { readonly epochs: number } | { readonly minutes: number };

const interval: Option<Interval> = {
  value: 'n',
  help:
    'epochs between checkpoints, or minutes: 5m\n' +
    '(every epoch, where that takes less than 5 % of the time)',
  read(name, typed) {
    const minutes = /^(\d+(?:\.\d+)?)m$/.exec(typed)?.[1];
    if (minutes !== undefined) return { minutes: Number(minutes) };
    return { epochs: integer('n', { least: 1 }, '').read(name, typed) };
  },
};

/** Options that keep a training from being lost. */
export const CHECKPOINT_OPTIONS = {
  checkpoint: text('folder', 'keep the training there, so that it can go on after a stop'),
  'checkpoint-every': interval,
  resume: flag('go on with the training in the folder, with the same options'),
} as const satisfies Options;

/** What the options ask for. */
export interface CheckpointSettings {
  readonly folder: CheckpointFolder;
  readonly resume: boolean;
  /** Whether a checkpoint is due after an epoch. */
  isDue(since: SinceCheckpoint): boolean;
}

/** What has happened since the last checkpoint, or the start. */
interface SinceCheckpoint {
  readonly epochs: number;
  readonly seconds: number;
  /** What the last one took to write. */
  readonly writeSeconds: number;
}

/** The share of the time that checkpoints may take where nothing else is asked for. */
const SHARE = 0.05;

/** @throws CtreError `E_ARGUMENT` for options that need a folder and have none. */
export function readCheckpointSettings({
  checkpoint,
  checkpointEvery,
  resume,
}: Values<typeof CHECKPOINT_OPTIONS>): CheckpointSettings | undefined {
  if (checkpoint !== undefined) {
    return {
      folder: new CheckpointFolder(checkpoint),
      resume: resume ?? false,
      isDue: ruleOf(checkpointEvery),
    };
  }
  const alone = resume ? 'resume' : checkpointEvery === undefined ? undefined : 'checkpoint-every';
  if (alone === undefined) return undefined;
  throw new CtreError('E_ARGUMENT', `--${alone} needs a folder: --checkpoint folder`);
}

function ruleOf(every: Interval | undefined): CheckpointSettings['isDue'] {
  if (every === undefined) return ({ seconds, writeSeconds }) => writeSeconds <= SHARE * seconds;
  if ('minutes' in every) return ({ seconds }) => seconds >= 60 * every.minutes;
  return ({ epochs }) => epochs >= every.epochs;
}

/** Writes checkpoints when they are due. */
export class CheckpointKeeper {
  /** The epoch of the last checkpoint; 0 before any. */
  kept: number;
  readonly #settings: CheckpointSettings;
  readonly #model: SparseMLP;
  readonly #metadata: Record<string, unknown>;
  readonly #warn: (text: string) => void;
  #last = performance.now();
  #writeSeconds = 0;

  constructor(
    settings: CheckpointSettings,
    model: SparseMLP,
    metadata: Record<string, unknown>,
    warn: (text: string) => void,
  ) {
    this.#warn = warn;
    this.#settings = settings;
    this.#model = model;
    this.#metadata = metadata;
    this.kept = model.history.length;
  }

  /**
   * After an epoch. Where the checkpoint cannot be written, training goes on, and the last one stays: a disk
   * that is full now may have room at the next epoch.
   */
  async keep(): Promise<void> {
    const epochs = this.#model.history.length - this.kept;
    const seconds = (performance.now() - this.#last) / 1000;
    if (this.#settings.isDue({ epochs, seconds, writeSeconds: this.#writeSeconds })) {
      await this.#write().catch((error: unknown) => {
        if (!(error instanceof CtreError)) throw error;
        this.#warn(error.message);
      });
    }
  }

  /** After the last epoch. */
  async keepLast(): Promise<void> {
    if (this.#model.history.length > this.kept) await this.#write();
  }

  async #write(): Promise<void> {
    const begin = performance.now();
    await this.#settings.folder.write(this.#model.checkpoint(this.#metadata));
    this.kept = this.#model.history.length;
    this.#last = performance.now();
    this.#writeSeconds = (this.#last - begin) / 1000;
  }
}
