import type { Cell, CellRecord } from '../compare/cell.ts';
import { Exploration } from '../compare/exploration.ts';
import type { PictureSize } from '../compare/look.ts';
import { trainCell } from '../compare/trainCell.ts';
import type { Epoch } from '../index.ts';
import { loadMethods } from './methodModules.ts';
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

/**
 * Reads the data, trains, and tells what came of it.
 * @throws CtreError for everything but a loss that diverged.
 */
export async function runCell(
  { cell, data, args, picture }: CellTask,
  onEpoch: (epoch: Epoch) => void,
): Promise<CellRecord> {
  const modules = await loadMethods(args.options.methodModule);
  const { settings, source, data: rows } = await openTraining(args, modules);
  await startKernels(args.options);
  const exploration = new Exploration(settings.topology);
  const model = await makeModel(source.dataset, { ...settings, topology: exploration.topology });
  try {
    const { informativeColumns, redundantColumns } = source.dataset;
    const known =
      informativeColumns && redundantColumns ? { informativeColumns, redundantColumns } : undefined;
    const training = { cell, data, model, exploration, rows, settings, known, picture };
    return await trainCell(training, onEpoch);
  } finally {
    model.dispose();
  }
}
