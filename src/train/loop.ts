import { TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import { epochStream } from '../growth/evolvingModel.ts';
import { startFromInitialGradient } from '../growth/initialGradient.ts';
import { evolve } from '../growth/update.ts';
import { wire } from '../growth/wiring.ts';
import { loadRows, RowList } from '../nn/rows.ts';
import { Turns, throwIfAborted } from '../run/turns.ts';
import { comparePatterns } from '../topology/edit.ts';
import { accuracyOf, type Epoch } from './epoch.ts';
import type { Job, Trainee } from './job.ts';
import { allocateWorkspaces, evaluateRows, type Score } from './score.ts';
import { checkFinite, trainEpoch } from './step.ts';

/** Trains, an epoch at a time; what is yielded belongs to the epoch just ended. */
export async function* train(model: Trainee, job: Job): AsyncGenerator<Epoch, void, void> {
  const { network, executor } = model;
  const { engine } = network;
  const { epochs, batchSize, optimizer, signal } = job;
  throwIfAborted(signal);
  const turns = new Turns(signal);
  const region = new Region(engine.arena);
  try {
    const rows = loadRows(region, job.data.x, job.data.labels, job.trainRows);
    const validation = loadValidation(region, rows, job.validation);
    const test = job.test && loadRows(region, job.test.x, job.test.labels);
    const tiles = Math.ceil(Math.min(batchSize, rows.length) / TILE);
    const workspaces = allocateWorkspaces(network, region, executor, tiles, true);
    const gradients = workspaces.map(() => network.allocateGradients(region));
    network.useOptimizer(optimizer);
    const clock = (): number => performance.now() / 1000;
    const score = (list: RowList | undefined): Promise<Score | undefined> =>
      list === undefined
        ? Promise.resolve(undefined)
        : turns.run(evaluateRows(executor, network, workspaces, list));

    model.history = [...job.earlier];
    let bestAccuracy = job.earlier.reduce((best, epoch) => Math.max(best, accuracyOf(epoch)), -1);
    let waited = job.earlier.length - 1 - job.earlier.findLastIndex(({ best }) => best);
    if (waited >= job.patience) return;
    for (let epoch = job.earlier.length + 1; epoch <= epochs; epoch++) {
      const begin = clock();
      const before = job.edits ? network.layers.map((layer) => layer.pattern()) : undefined;
      model.atEdge = false;
      rows.order.view.set(job.trainRows);
      epochStream(model, 'shuffle').shuffle(rows.order.view);
      if (!model.started && model.topology.needs.includes('initialGradient')) {
        await turns.run(startFromInitialGradient(model, executor, model.initializer, rows, batchSize));
      }
      if (!model.started && model.topology.wiring !== undefined) {
        await turns.run(wire(model, executor, workspaces, rows, model.topology.wiring));
      }
      model.started = true;
      const trainBegin = clock();
      const { loss, accuracy } = await turns.run(
        trainEpoch(model, executor, workspaces, gradients, rows, batchSize, optimizer, epoch),
      );
      const trainSeconds = clock() - trainBegin;
      const val = await score(validation);
      if (val !== undefined) checkFinite(val.loss, epoch);
      const best = (val?.accuracy ?? accuracy) > bestAccuracy;
      bestAccuracy = Math.max(bestAccuracy, val?.accuracy ?? accuracy);
      waited = best ? 0 : waited + 1;
      const last = epoch === epochs || waited >= job.patience;
      const tested = best || last ? await score(test) : undefined;

      const evolveBegin = clock();
      const progress = { epoch, epochs, accuracy: val?.accuracy ?? accuracy };
      const evolved =
        last || model.topology.evolve === undefined
          ? undefined
          : await turns.run(evolve(model, executor, workspaces, rows, batchSize, progress));
      const end = clock();
      model.epochs++;
      const ended: Epoch = {
        epoch,
        loss,
        accuracy,
        ...(val && { valLoss: val.loss, valAccuracy: val.accuracy }),
        best,
        ...(tested && { testAccuracy: tested.accuracy }),
        seconds: end - begin,
        trainSeconds,
        ...(evolved && {
          evolution: {
            seconds: end - evolveBegin,
            layers: evolved.layers.map((layer) => layer?.counts ?? null),
            candidates: evolved.candidates,
          },
        }),
      };
      model.history.push(ended);
      model.atEdge = true;
      const edits = before?.map((pattern, l) =>
        comparePatterns(pattern, network.layers[l].pattern(), evolved?.layers[l]?.drawn),
      );
      yield edits === undefined ? ended : { ...ended, edits };
      if (last) return;
    }
  } finally {
    region.free();
  }
}

function loadValidation(region: Region, rows: RowList, validation: Job['validation']): RowList | undefined {
  if (validation === undefined) return undefined;
  return validation instanceof Int32Array
    ? new RowList(region, rows.samples, rows.labels, validation)
    : loadRows(region, validation.x, validation.labels);
}
