import { basename } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import type { Dataset } from '../data/index.ts';
import { SparseMLP } from '../index.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { FoundCheckpoint } from './checkpointFolder.ts';
import type { CheckpointSettings } from './checkpoints.ts';
import type { TrainingSettings } from './settings.ts';

/**
 * What made a network, as checkpoints tell it: only a command that would make the same one may go on with it.
 */
export type Origin = Readonly<Record<string, unknown>>;

/** What makes the network of a training. */
export function originOf(
  { x, labelNames }: Dataset<SampleMatrix>,
  name: string,
  settings: TrainingSettings,
  keep: 'best' | 'last',
  test: string | undefined,
): Origin {
  const { preset, loss, hidden, activation, density, topology, module, initializer, growInitializer, seed } =
    settings;
  return {
    dataset: name,
    test: test && basename(test),
    preset,
    loss: loss?.targets === 'labels' ? undefined : loss?.name,
    layers: [x.cols, ...hidden, labelNames.length],
    density,
    // Checkpoints of before have none.
    activation: activation.name === 'relu' ? undefined : { name: activation.name, ...activation.options },
    method: topology.name,
    topology: topology.options,
    methodModule: module?.hash,
    initializer: { name: initializer.name, ...initializer.options },
    growInitializer: growInitializer && { name: growInitializer.name, ...growInitializer.options },
    seed,
    keep,
  };
}

/**
 * Makes the folder ready, and reads the training that is to go on.
 * @returns the model in the middle of its training; undefined where there is none.
 * @throws CtreError `E_ARGUMENT` for a folder that holds another training, or one that nobody asked to go on
 *   with; `E_BUSY` for a folder that another process writes.
 */
export async function openCheckpoints(
  { folder, resume }: CheckpointSettings,
  origin: Origin,
  { threads, topology, module }: TrainingSettings,
): Promise<FoundCheckpoint<SparseMLP> | undefined> {
  await folder.prepare();
  if (!resume) {
    if (!(await folder.isUsed())) return undefined;
    throw new CtreError(
      'E_ARGUMENT',
      `${show(folder.path)} holds the checkpoints of a training; add --resume to go on with it, or name ` +
        'another folder',
    );
  }
  const found = await folder.read(async (bytes) => {
    const model = await SparseMLP.resume(bytes, { threads });
    // A method of another name or with other options would be refused as if the file were damaged.
    if (module === undefined || differingName(origin, model) !== undefined) return model;
    model.dispose();
    return SparseMLP.resume(bytes, { threads, topology });
  });
  if (found === undefined) return undefined;
  const other = differingName(origin, found.content);
  if (other === undefined) return found;
  const before = savedOrigin(found.content);
  found.content.dispose();
  if (other === 'methodModule') {
    throw new CtreError(
      'E_ARGUMENT',
      `the training in ${show(folder.path)} had another content of the module of ${topology.name}; give ` +
        'the same file to go on, or name another folder',
    );
  }
  const [now, then] = [origin[other], before[other]].map((value) => JSON.stringify(value) ?? 'none');
  throw new CtreError(
    'E_ARGUMENT',
    `the training in ${show(folder.path)} has ${other} ${then}, and this command has ${now}; give the ` +
      'same options to go on, or name another folder',
  );
}

function savedOrigin({ metadata: { origin } }: SparseMLP): Origin {
  return isRecord(origin) ? origin : {};
}

/** What another command made the network with. */
function differingName(origin: Origin, model: SparseMLP): string | undefined {
  const before = savedOrigin(model);
  return Object.keys(origin).find((name) => JSON.stringify(origin[name]) !== JSON.stringify(before[name]));
}
