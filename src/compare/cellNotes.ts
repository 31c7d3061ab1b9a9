import { CtreError } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import type { Exploration } from './exploration.ts';
import type { Watch } from './look.ts';

// What a record tells of the epochs behind it, and the model does not know: with it, another process goes on
// with a training from a checkpoint, and comes to the same record.

/** What was noted of the epochs so far, as JSON holds it. */
export interface CellNotes {
  /** By epoch and layer, at the end of each. */
  readonly connections: readonly (readonly number[])[];
  readonly watch: unknown;
  readonly exploration: unknown;
}

/** What notes are taken from, and put into. */
export interface Noted {
  readonly connections: number[][];
  readonly watch: Watch;
  readonly exploration: Exploration;
}

/** The notes after an epoch. */
export function takeNotes({ connections, watch, exploration }: Noted): CellNotes {
  return { connections: [...connections], watch: watch.save(), exploration: exploration.save() };
}

/**
 * Goes on from notes.
 * @param epochs those that the model has behind it.
 * @throws CtreError `E_FORMAT` for notes that are none, or of other epochs.
 */
export function restoreNotes(noted: Noted, notes: unknown, epochs: number): void {
  try {
    if (!isRecord(notes) || !Array.isArray(notes.connections) || notes.connections.length !== epochs) {
      throw new TypeError('the epochs of the notes are not those of the model');
    }
    noted.watch.restore(notes.watch);
    noted.exploration.restore(notes.exploration);
    for (const counts of notes.connections) {
      if (!Array.isArray(counts) || !counts.every(Number.isInteger)) throw new TypeError('no counts');
      noted.connections.push(counts);
    }
  } catch (error) {
    if (error instanceof CtreError) throw error;
    throw new CtreError('E_FORMAT', 'the checkpoint holds no notes of the epochs before it', {
      cause: error,
    });
  }
}
