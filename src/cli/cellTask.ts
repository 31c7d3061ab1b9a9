import { CtreError } from '../base/errors.ts';
import type { Cell, CellRecord } from '../compare/cell.ts';
import { Exploration } from '../compare/exploration.ts';
import type { PictureSize } from '../compare/look.ts';
import { trainCell } from '../compare/trainCell.ts';
import { type Epoch, SparseMLP } from '../index.ts';
import type { Topology } from '../topology/topology.ts';
import { loadMethods } from './methodModules.ts';
import type { TrainingSettings } from './settings.ts';
import { startKernels } from './startKernels.ts';
import { makeModel, openTraining } from './training.ts';
import type { TrainArguments } from './trainSyntax.ts';

/** One training of a comparison, as its process gets it. */
export interface CellTask {
  readonly cell: Cell;
  /** Tells one content of the dataset from another. */
  readonly data: string;
  /** The arguments with which `ctre train` does the same. */
  readonly args: TrainArguments;
  /** Where the inputs are a picture's pixels. */
  readonly picture: PictureSize | undefined;
}

/** How a training is kept while it runs, so that another process can go on with it. */
export interface CellKeeping {
  /** The training's name; a checkpoint of another one is not gone on from. */
  readonly name: string;
  /** The checkpoint to go on from. */
  readonly checkpoint: Uint8Array | undefined;
  /** Called before the first epoch, with those that a checkpoint has. */
  onStart(epochs: number, warning: string | undefined): void;
  /** Called after each epoch, and waited for. `make` gives a checkpoint of that moment. */
  onKeep(epoch: number, make: () => Uint8Array): Promise<void>;
}

/**
 * Reads the data, trains, and tells what came of it.
 * @throws CtreError for everything but a loss that diverged; what `onEpoch` and `onKeep` throw.
 */
export async function runCell(
  { cell, data, args, picture }: CellTask,
  onEpoch: (epoch: Epoch) => void,
  keeping?: CellKeeping,
): Promise<CellRecord> {
  const modules = await loadMethods(args.options.methodModule);
  const { settings, source, data: rows } = await openTraining(args, modules);
  await startKernels(args.options);
  const exploration = new Exploration(settings.topology);
  const kept = keeping && (await openKept(keeping, settings.threads, exploration.topology));
  keeping?.onStart(kept?.model?.history.length ?? 0, kept?.warning);
  const model =
    kept?.model ?? (await makeModel(source.dataset, { ...settings, topology: exploration.topology }));
  try {
    const { informativeColumns, redundantColumns } = source.dataset;
    const known =
      informativeColumns && redundantColumns ? { informativeColumns, redundantColumns } : undefined;
    const notes = kept?.model?.metadata.notes;
    const training = { cell, data, model, exploration, rows, settings, known, picture, notes };
    return await trainCell(training, async (epoch, takeNotes) => {
      onEpoch(epoch);
      await keeping?.onKeep(epoch.epoch, () => model.checkpoint({ cell: keeping.name, notes: takeNotes() }));
    });
  } finally {
    model.dispose();
  }
}

/** The training of a checkpoint, or why there is none to go on with. */
async function openKept(
  { name, checkpoint }: CellKeeping,
  threads: TrainingSettings['threads'],
  topology: Topology,
): Promise<{ model?: SparseMLP; warning?: string }> {
  if (checkpoint === undefined) return {};
  try {
    const model = await SparseMLP.resume(checkpoint, { threads, topology });
    if (model.metadata.cell === name) return { model };
    model.dispose();
    return { warning: 'the checkpoint is of another training' };
  } catch (error) {
    if (!(error instanceof CtreError)) throw error;
    return { warning: `the checkpoint cannot be gone on from: ${error.message}` };
  }
}
