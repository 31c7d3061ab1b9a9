import { basename } from 'node:path';
import { CtreError } from '../../base/errors.ts';
import { outcomeOf } from '../../compare/outcome.ts';
import type { TrainOptions } from '../../index.ts';
import { unfinishedTraining } from '../../train/unfinished.ts';
import { parseArguments } from '../args.ts';
import { CheckpointKeeper, readCheckpointSettings } from '../checkpoints.ts';
import { checkWritable } from '../files.ts';
import { type Io, printJson } from '../io.ts';
import { loadMethods } from '../methodModules.ts';
import { showProgress } from '../progressBar.ts';
import { openCheckpoints, originOf } from '../resume.ts';
import { type ModelNotes, notesAsMetadata, saveModel } from '../savedModel.ts';
import { startKernels } from '../startKernels.ts';
import { makeModel, openTraining } from '../training.ts';
import { trainSyntax } from '../trainSyntax.ts';
import {
  type StartedTraining,
  searchesOf,
  type TrainResult,
  trainResultText,
  trainStartRecord,
  trainStartText,
} from '../trainText.ts';

/** `ctre train [dataset]` */
export async function runTrain(argv: readonly string[], io: Io): Promise<void> {
  const args = parseArguments(trainSyntax, argv);
  const { positionals, options } = args;
  const { out, split, test, methodModule = [], json: isJson = false } = options;
  const checkpoints = readCheckpointSettings(options);
  if (out !== undefined) {
    const inputs = [split, test].filter((path) => path !== undefined);
    await checkWritable(out, [...positionals, ...inputs, ...methodModule]);
  }
  const { settings, source, data, automatic } = await openTraining(args, await loadMethods(methodModule));
  if (options.methodOptions !== undefined && settings.module === undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      `--method-options are for a method of --method-module, and the method is ${settings.topology.name}; ` +
        'its options have names of their own',
    );
  }
  const keep = chooseKept(options.keep, data.validation);
  const kernels = await startKernels(options);
  const origin = originOf(source.dataset, source.name, settings, keep, test);
  try {
    const resumed = checkpoints && (await openCheckpoints(checkpoints, origin, settings));
    const model = resumed?.content ?? (await makeModel(source.dataset, settings));
    try {
      const { labelNames, featureNames, taken } = source.dataset;
      const { scaler, pipeline } = data;
      const testName = test && basename(test);
      const indexBase = taken?.indexBase;
      const table = { featureNames, scaler, pipeline, ...(indexBase !== undefined && { indexBase }) };
      const names = { dataset: source.name, ...(testName && { test: testName }) };
      const notes: ModelNotes = { labelNames, ...table, ...names };
      const start = { settings, source, data, automatic, model, kernels };
      const started: StartedTraining = { ...start, warning: resumed?.warning };
      const warn = (text: string): void => {
        io.stderr.write(`ctre: no checkpoint after epoch ${model.history.length}: ${text}\n`);
      };
      const metadata = { ...notesAsMetadata(notes), origin };
      const keeper = checkpoints && new CheckpointKeeper(checkpoints, model, metadata, warn);
      await trainModel(started, keep, keeper, isJson, io);
      if (out !== undefined) await saveModel(out, model, notes);
      const outcome = outcomeOf(model, settings.seed);
      const kept = keep === 'best' ? outcome.bestEpoch : outcome.epochs;
      const warning = unfinishedTraining(model.history);
      const result: TrainResult = {
        ...{ ...outcome, ...searchesOf(model.history), kept },
        ...(warning !== undefined && { warning }),
      };
      if (isJson) printJson(io.stdout, 'result', result);
      else io.stdout.write(trainResultText(result, out));
    } finally {
      model.dispose();
    }
  } finally {
    await checkpoints?.folder.close();
  }
}

/** @throws CtreError `E_ARGUMENT` where the best network is asked for, and nothing says which that is. */
function chooseKept(
  keep: 'best' | 'last' | undefined,
  { validationSplit, validationRows }: Pick<TrainOptions, 'validationSplit' | 'validationRows'>,
): 'best' | 'last' {
  const isValidated = validationSplit !== undefined || validationRows !== undefined;
  if (keep !== 'best' || isValidated) return keep ?? (isValidated ? 'best' : 'last');
  throw new CtreError('E_ARGUMENT', '--keep best needs validation, and --validation is 0; give --keep last');
}

/** Trains to the last epoch, and tells of every one. */
async function trainModel(
  started: StartedTraining,
  keep: 'best' | 'last',
  keeper: CheckpointKeeper | undefined,
  isJson: boolean,
  { stdout, interruptible }: Io,
): Promise<void> {
  const { data, settings, model } = started;
  if (isJson) printJson(stdout, 'start', trainStartRecord(started));
  else stdout.write(trainStartText(started));
  const progress = isJson ? undefined : showProgress(stdout, settings.epochs, model.history);
  try {
    await interruptible(async (signal) => {
      const { epochs, batchSize, optimizer, schedule, clipNorm, denoise, classWeight } = settings;
      const { monitor, patience } = settings;
      const { train, test, validation } = data;
      const restoreBest = keep === 'best';
      const rates = { optimizer, schedule, clipNorm };
      const how = { epochs, batchSize, ...rates, denoise, classWeight, monitor, patience };
      const options = { ...how, ...validation, test, restoreBest, signal };
      for await (const epoch of model.train(train.x, train.y, options)) {
        progress?.show(epoch);
        if (isJson) printJson(stdout, 'epoch', epoch);
        await keeper?.keep();
      }
      await keeper?.keepLast();
    });
  } catch (error) {
    if (!(error instanceof CtreError) || error.code !== 'E_ABORTED') throw error;
    const stopped = `stopped in epoch ${model.history.length + 1}`;
    const kept = keeper?.kept ?? 0;
    const advice =
      kept === 0 ? 'nothing was saved' : `the same command with --resume goes on after epoch ${kept}`;
    throw new CtreError('E_ABORTED', `${stopped}; ${advice}`);
  } finally {
    progress?.stop();
  }
}
