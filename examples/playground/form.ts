// The settings that the visitor chooses.
import { find, setText } from './page.ts';
import type { Method, Preset, RunSettings, SharedSettings } from './run.ts';

/** Every method: its name on the command line, and what it does in a sentence. */
const METHODS: Readonly<Record<Method, readonly [name: string, about: string]>> = {
  cteRigl: ['cte-rigl', 'The default: wired by what fires together, then grown by gradient.'],
  ctreSim: ['ctre-sim', 'Grows where two neurons fire alike (cosine), the rest at random.'],
  ctreSeq: ['ctre-seq', 'Grows by cosine, and at random once that no longer helps.'],
  cte: ['cte', 'Grows by cosine similarity alone.'],
  set: ['set', 'Grows at random.'],
  rigl: ['rigl', 'Grows where the dense gradient is largest.'],
  momentum: ['momentum', 'Grows where the gradient over several mini-batches is largest.'],
  snip: ['snip', 'Chooses once, by the gradient before the first step.'],
  prune: ['prune', 'Starts dense, and prunes down to ε.'],
  fixed: ['static', 'Stays with its first random pattern.'],
  dense: ['dense', 'Has every connection; ε does not matter.'],
};

const PRESETS: Readonly<Record<Preset, string>> = { default: 'default', paper: 'as published' };

const number = (id: string): number => find(id, HTMLInputElement).valueAsNumber;

/** Fills the lists to choose from. */
export function prepareForm(): void {
  for (const run of ['a', 'b'] as const) {
    const method = find(`method-${run}`, HTMLSelectElement);
    if (run === 'b') method.append(new Option('off', ''));
    for (const [key, [name]] of Object.entries(METHODS)) method.append(new Option(name, key));
    method.value = run === 'a' ? 'ctreSim' : 'set';
    for (const [key, name] of Object.entries(PRESETS)) {
      find(`preset-${run}`, HTMLSelectElement).append(new Option(name, key));
    }
    const explain = (): void => {
      const about = method.value === '' ? 'Trains A alone.' : METHODS[method.value as Method][1];
      setText(find(`about-${run}`, HTMLElement), about);
      find(`epsilon-${run}`, HTMLInputElement).disabled = ['', 'dense'].includes(method.value);
    };
    method.addEventListener('change', explain);
    explain();
  }
}

/** What both runs have in common. @param runs how many there are: they share the processor. */
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
  const method = find(`method-${run}`, HTMLSelectElement).value;
  if (method === '') return undefined;
  const preset = find(`preset-${run}`, HTMLSelectElement).value;
  // The lists hold nothing but these names.
  return { method: method as Method, epsilon: number(`epsilon-${run}`), preset: preset as Preset };
}
