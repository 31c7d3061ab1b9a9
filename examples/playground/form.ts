// The settings of the next experiment: a draft, until it is started.
import { find, make, setText } from '../shared/page.ts';
import { widths } from './address.ts';
import type { Experiment, NetworkName, NetworkSettings, Preset } from './experiment.ts';
import { NETWORKS } from './experiment.ts';
import { PLAIN } from './plainNames.ts';
import type { MethodFacts } from './protocol.ts';

const PRESETS: Readonly<Record<Preset, string>> = { default: 'this package’s', paper: 'as published' };

const input = (id: string): HTMLInputElement => find(id, HTMLInputElement);
const number = (id: string): number => input(id).valueAsNumber;

/** The form, with the methods that there are. */
export class ExperimentForm {
  readonly element = find('settings', HTMLFormElement);
  readonly #methods = new Map<string, MethodFacts>();

  /** Fills the lists to choose from. */
  setMethods(methods: readonly MethodFacts[]): void {
    if (this.#methods.size > 0) return;
    for (const method of methods) this.#methods.set(method.name, method);
    for (const network of NETWORKS) {
      const select = find(`method-${network}`, HTMLSelectElement);
      const chosen = select.value;
      const options = methods.map(({ name }) => new Option(`${PLAIN[name]} (${name})`, name));
      if (network === 'b') options.push(new Option('is left out', ''));
      select.replaceChildren(...options);
      select.value = chosen;
      select.addEventListener('change', () => this.#explain(network));
      this.#explain(network);
    }
    const hidden = input('hidden');
    hidden.addEventListener('input', () => {
      const isRight = widths(hidden.value) !== undefined;
      hidden.setCustomValidity(
        isRight ? '' : 'One to eight widths with commas between them, such as 200, 100, 50',
      );
    });
  }

  #explain(network: NetworkName): void {
    const { value } = find(`method-${network}`, HTMLSelectElement);
    const method = this.#methods.get(value);
    const about = find(`about-${network}`, HTMLElement);
    setText(about, method?.about ?? 'The other network trains alone.');
    about.title = method === undefined ? '' : `${method.name}: ${method.source}`;
    input(`density-${network}`).disabled = method === undefined || method.keepsAll;
    find(`preset-${network}`, HTMLSelectElement).disabled = method === undefined;
  }

  /** Shows an experiment. */
  fill({ data, most, hidden, epochs, batchSize, seed, ...networks }: Experiment): void {
    const radio = this.element.querySelector<HTMLInputElement>(`[name=source][value=${data}]`);
    if (radio) radio.checked = true;
    input('most').value = String(most);
    input('hidden').value = hidden.join(', ');
    input('epochs').value = String(epochs);
    input('batch-size').value = String(batchSize);
    input('seed').value = String(seed);
    for (const network of NETWORKS) {
      const settings = networks[network];
      const select = find(`method-${network}`, HTMLSelectElement);
      const name = settings?.method ?? '';
      if (![...select.options].some((option) => option.value === name)) select.append(new Option(name, name));
      select.value = name;
      if (settings !== undefined) {
        input(`density-${network}`).value = String(settings.density);
        find(`preset-${network}`, HTMLSelectElement).value = settings.preset;
      }
      this.#explain(network);
    }
  }

  /** The experiment that is set; undefined where something is out of range, which the form shows then. */
  read(): Experiment | undefined {
    if (!this.element.reportValidity()) return undefined;
    const hidden = widths(input('hidden').value);
    const a = this.#network('a');
    if (hidden === undefined || a === undefined) return undefined;
    const source = this.element.querySelector<HTMLInputElement>('[name=source]:checked')?.value;
    return {
      data: source === 'digits' || source === 'own' ? source : 'needles',
      ...{ most: number('most'), hidden, epochs: number('epochs') },
      ...{ batchSize: number('batch-size'), seed: number('seed') },
      ...{ a, b: this.#network('b') },
    };
  }

  /** Threads to train with. */
  get threads(): number {
    return globalThis.crossOriginIsolated ? number('threads') : 1;
  }

  #network(network: NetworkName): NetworkSettings | undefined {
    const method = this.#methods.get(find(`method-${network}`, HTMLSelectElement).value);
    if (method === undefined) return undefined;
    // The list holds nothing but these names.
    const preset = find(`preset-${network}`, HTMLSelectElement).value as Preset;
    return { method: method.name, preset, density: method.keepsAll ? 100 : number(`density-${network}`) };
  }
}

/** The lists that never change. */
export function prepareForm(): void {
  for (const network of NETWORKS) {
    const preset = find(`preset-${network}`, HTMLSelectElement);
    for (const [key, name] of Object.entries(PRESETS)) preset.append(new Option(name, key));
  }
  const threads = input('threads');
  threads.max = String(Math.max(1, Math.min(8, navigator.hardwareConcurrency ?? 1)));
  threads.disabled = !globalThis.crossOriginIsolated;
  if (threads.disabled) {
    const why = 'One: this server does not isolate the page, and threads need that.';
    threads.closest('label')?.append(make('small', 'hint', why));
  }
}
