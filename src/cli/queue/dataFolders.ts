import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { show } from '../../base/errors.ts';
import type { CellTask } from '../cellTask.ts';
import { datasetPaths, unpackedName } from '../dataset.ts';
import type { LoadedMethod } from '../methodModules.ts';
import type { TrainArguments } from '../trainSyntax.ts';
import type { QueueNeeds } from './sweepStore.ts';

/** Folders within folders that are looked through. */
const DEPTH = 4;
/** Files and folders that are looked at. */
const MOST_ENTRIES = 10_000;
/** Files that are read to find one of another name. */
const MOST_TRIES = 50;

/** Where a queue's data and module are on this machine. */
export interface Place {
  readonly path: string | undefined;
  readonly split: string | undefined;
  /** The file of --test. */
  readonly test: string | undefined;
  readonly modules: readonly string[] | undefined;
  /** Tells one state of these files from another. */
  readonly state: string;
}

/** Why a queue cannot be served here. */
export interface NoPlace {
  readonly reason: string;
}

/** The fingerprint of the data that arguments name, or why there is none. */
export type Fingerprint = (args: TrainArguments) => Promise<{ data: string } | { reason: string }>;

/** Finds data sets by their fingerprint, and methods by the hash of their module. */
export class DataFolders {
  readonly #folders: readonly string[];
  readonly #modules: readonly LoadedMethod[];
  /** Fingerprints by arguments and state of their files: large files are read once. */
  readonly #known = new Map<string, string>();

  constructor(folders: readonly string[], modules: readonly LoadedMethod[]) {
    this.#folders = folders;
    this.#modules = modules;
  }

  /** Looks for what a queue needs. Files of the same name come first, then others of the same kind. */
  async find(needs: QueueNeeds, fingerprint: Fingerprint): Promise<Place | NoPlace> {
    const { args, dataset, data, module } = needs;
    const own = module && this.#modules.find(({ hash }) => hash === module.hash);
    if (module !== undefined && own === undefined) {
      return {
        reason:
          `its method ${module.method} is of a module that is not here; give the same file with ` +
          '--method-module',
      };
    }
    const modules = own && [own.path];
    const [typed] = args.positionals;
    const entries = await this.#entries();
    const { split, test } = args.options;
    const splits = split === undefined ? [undefined] : entriesNamed(entries, basename(split));
    if (splits.length === 0)
      return { reason: `its split ${basename(String(split))} is in no folder of --data` };
    const tests = test === undefined ? [undefined] : entriesNamed(entries, basename(test));
    if (tests.length === 0)
      return { reason: `its test rows ${basename(String(test))} are in no folder of --data` };
    const beside = splits.flatMap((chosen) => tests.map((rows) => ({ split: chosen, test: rows })));
    const paths = typed === undefined ? [undefined] : candidates(entries, basename(typed));
    let mistake: string | undefined;
    let other = false;
    for (const path of paths) {
      for (const others of beside) {
        const place = { path, ...others, modules, state: await stateOf([path, others.test], others.split) };
        const found = await this.#fingerprintOf(argumentsHere(args, place, undefined), place, fingerprint);
        if ('data' in found && found.data === data) return place;
        if (path !== undefined && basename(path) !== basename(String(typed))) continue;
        if ('reason' in found) mistake ??= found.reason;
        else other = true;
      }
    }
    if (mistake !== undefined) return { reason: `${show(dataset)} cannot be read here: ${mistake}` };
    if (other) return { reason: `${show(dataset)} has another content here (expected fingerprint ${data})` };
    return { reason: `${show(dataset)} (fingerprint ${data}) is in no folder of --data` };
  }

  async #fingerprintOf(
    args: TrainArguments,
    { state }: Place,
    fingerprint: Fingerprint,
  ): ReturnType<Fingerprint> {
    const key = JSON.stringify([args, state]);
    const known = this.#known.get(key);
    if (known !== undefined) return { data: known };
    const found = await fingerprint(args);
    if ('data' in found) this.#known.set(key, found.data);
    return found;
  }

  /** All files and folders, each path once. */
  async #entries(): Promise<readonly string[]> {
    const found = new Set<string>();
    let level = [...this.#folders];
    for (const folder of level) found.add(folder);
    for (let depth = 0; depth <= DEPTH && level.length > 0; depth++) {
      const next: string[] = [];
      for (const folder of level) {
        for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
          if (entry.name.startsWith('.') || found.size >= MOST_ENTRIES) continue;
          const path = join(folder, entry.name);
          found.add(path);
          if (entry.isDirectory()) next.push(path);
        }
      }
      level = next;
    }
    return [...found];
  }
}

/** Whether the files of a place are as they were when it was found. */
export async function isUnchanged({ path, split, test, state }: Place): Promise<boolean> {
  return (await stateOf([path, test], split)) === state;
}

/** A task with the files of this machine. */
export function taskHere(task: CellTask, place: Place, threads: number | 'auto' | undefined): CellTask {
  return { ...task, args: argumentsHere(task.args, place, threads) };
}

function argumentsHere(
  { options }: TrainArguments,
  { path, split, test, modules }: Place,
  threads: number | 'auto' | undefined,
): TrainArguments {
  return {
    // No path of another machine is read here.
    positionals: path === undefined ? [] : [path],
    options: {
      ...options,
      split,
      test,
      methodModule: modules,
      ...(threads !== undefined && { threads }),
    },
  };
}

function entriesNamed(entries: readonly string[], name: string): readonly string[] {
  return entries.filter((path) => unpackedName(basename(path)) === unpackedName(name));
}

/** Those of the same name, and then some that end in the same way. */
function candidates(entries: readonly string[], name: string): readonly string[] {
  const same = entriesNamed(entries, name);
  const [ending] = /\.[^.]+$/.exec(unpackedName(name)) ?? [];
  const others = entries.filter(
    (path) => ending !== undefined && unpackedName(path).endsWith(ending) && !same.includes(path),
  );
  return [...same, ...others.slice(0, MOST_TRIES)];
}

/** Sizes and times of the files that these datasets are read from, and of a split. */
async function stateOf(
  datasets: readonly (string | undefined)[],
  split: string | undefined,
): Promise<string> {
  const parts: string[] = [];
  const given = datasets.filter((path) => path !== undefined);
  const lists = await Promise.all(given.map((path) => datasetPaths(path).catch(() => [path])));
  for (const path of [...lists.flat(), ...(split === undefined ? [] : [split])]) {
    const found = await stat(path).catch(() => undefined);
    parts.push(`${path} ${found?.size} ${found?.mtimeMs}`);
  }
  return parts.join('\n');
}
