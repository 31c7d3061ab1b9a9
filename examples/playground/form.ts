// The settings that the visitor chooses.
import { type MethodName, methods } from 'ctre';
import { find, setText } from '../shared/page.ts';
import { ignoresDensity, type Preset, type RunSettings, type SharedSettings } from './run.ts';

const PRESETS: Readonly<Record<Preset, string>> = { default: 'default', paper: 'as published' };

const number = (id: string): number => find(id, HTMLInputElement).valueAsNumber;

/** Fills the lists to choose from. */
export function prepareForm(): void {
  for (const run of ['a', 'b'] as const) {
    const method = find(`method-${run}`, HTMLSelectElement);
    if (run === 'b') method.append(new Option('off', ''));
    for (const name of Object.keys(methods)) method.append(new Option(name));
    method.value = run === 'a' ? 'ctre-sim' : 'set';
    for (const [key, name] of Object.entries(PRESETS)) {
      find(`preset-${run}`, HTMLSelectElement).append(new Option(name, key));
    }
    const explain = (): void => {
      const name = chosenMethod(run);
      setText(
        find(`about-${run}`, HTMLElement),
        name === undefined ? 'Trains A alone.' : methods[name].about,
      );
      find(`epsilon-${run}`, HTMLInputElement).disabled = name === undefined || ignoresDensity(name);
    };
    method.addEventListener('change', explain);
    explain();
  }
}

/** What both runs have in common. @param runs how many there are, since they share the processor. */
export function sharedSettings(runs: number): SharedSettings {
  const threads = Math.floor((navigator.hardwareConcurrency ?? 1) / runs);
  return {
    hidden: find('hidden', HTMLInputElement).value.split(',').map(Number),
    epochs: number('epochs'),
    batchSize: number('batch-size'),
    seed: number('seed'),
    threads: globalThis.crossOriginIsolated ? Math.min(4, Math.max(1, threads)) : 1,
  };
}

/** The settings of a run; undefined where it is off. */
export function runSettings(run: 'a' | 'b'): RunSettings | undefined {
  const method = chosenMethod(run);
  if (method === undefined) return undefined;
  // The list holds nothing but these names.
  const preset = find(`preset-${run}`, HTMLSelectElement).value as Preset;
  return { method, epsilon: number(`epsilon-${run}`), preset };
}

/** The method of a run; undefined where it is off. */
function chosenMethod(run: 'a' | 'b'): MethodName | undefined {
  const { value } = find(`method-${run}`, HTMLSelectElement);
  return (Object.keys(methods) as MethodName[]).find((name) => name === value);
}
