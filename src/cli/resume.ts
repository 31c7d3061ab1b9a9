import { CtreError, show } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import type { Dataset } from '../data/index.ts';
import { SparseMLP } from '../index.ts';
import type { FoundCheckpoint } from './checkpointFolder.ts';
import type { CheckpointSettings } from './checkpoints.ts';
import type { TrainingSettings } from './settings.ts';

/**
 * What made a network, as checkpoints tell it: only a command that would make the same one may go on with it.
 */
export type Origin = Readonly<Record<string, unknown>>;

/** What makes the network of a training. */
export function originOf(
  { x, labelNames }: Dataset,
  name: string,
  settings: TrainingSettings,
  keep: 'best' | 'last',
): Origin {
  const { preset, hidden, density, topology, initializer, growInitializer, seed } = settings;
  return {
    dataset: name,
    preset,
    layers: [x.cols, ...hidden, labelNames.length],
    density,
    method: topology.name,
    topology: topology.options,
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
  threads: TrainingSettings['threads'],
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
  const found = await folder.read((bytes) => SparseMLP.resume(bytes, { threads }));
  if (found === undefined) return undefined;
  const { origin: saved } = found.content.metadata;
  const before = isRecord(saved) ? saved : {};
  const other = Object.keys(origin).find(
    (name) => JSON.stringify(origin[name]) !== JSON.stringify(before[name]),
  );
  if (other === undefined) return found;
  found.content.dispose();
  const [now, then] = [origin[other], before[other]].map((value) => JSON.stringify(value));
  throw new CtreError(
    'E_ARGUMENT',
    `the training in ${show(folder.path)} has ${other} ${then}, and this command has ${now}; give the ` +
      'same options to go on, or name another folder',
  );
}
