// All of the page below the first screen: settings, the network's inside, curves, numbers, asking the networks,
// data of the visitor's own, files of models.
import { duration, grouped, percent } from '../shared/numbers.ts';
import { fillTable, find, make, setText, sizeOf, watchSizes } from '../shared/page.ts';
import { drawCurves, type Measure } from './curves.ts';
import { type DroppedItem, droppedFiles } from './droppedFiles.ts';
import { type Experiment, FIRST, NETWORKS, type NetworkName } from './experiment.ts';
import { ExperimentForm, prepareForm } from './form.ts';
import type { Frames } from './frames.ts';
import { prepareInside } from './inside.ts';
import { prepareOwnData } from './ownData.ts';
import { preparePoints } from './points.ts';
import { complain, settle } from './problems.ts';
import type {
  DataFacts,
  MethodFacts,
  NetworkFacts,
  NeuronFacts,
  Outcome,
  PreparedData,
  RunQuestion,
  SampleRow,
} from './protocol.ts';
import { prepareTryOut } from './tryOut.ts';

/** A network of the present training. */
export interface Network {
  readonly facts: NetworkFacts;
  readonly frames: Frames;
  readonly outcome?: Outcome | undefined;
}

/** What the lab has from the first screen. */
export interface LabSource {
  ask<T>(question: RunQuestion, transfer?: Transferable[]): Promise<T>;
  facts(): DataFacts | undefined;
  networks(): Partial<Record<NetworkName, Network>>;
  experiment(): Experiment;
  isAlive(): boolean;
  isStill(): boolean;
  shownEpoch(): number;
  isFollowing(): boolean;
  start(experiment: Experiment, own?: PreparedData): Promise<void>;
  takeLoaded(experiment: Experiment): void;
  announce(text: string): void;
  show(): void;
}

/** What the first screen has from the lab. */
export interface Lab {
  readonly threads: number;
  showInside(): void;
  showCurves(): void;
  showNumbers(): void;
  redraw(): void;
  setData(facts: DataFacts): void;
  askNetworks(): void;
  /** A training begins. */
  begin(experiment: Experiment): void;
  toggleSettings(): void;
  takeDropped(items: readonly DroppedItem[]): void;
  /** Reads the visitor's files again. */
  readOwn(): Promise<PreparedData>;
}

export async function prepareLab(source: LabSource): Promise<Lab> {
  const curves = find('curves', HTMLElement);
  const form = new ExperimentForm();
  /** Data that were read, until they are handed to the worker. */
  let own: PreparedData | undefined;
  const behavior = (): ScrollBehavior => (source.isStill() ? 'auto' : 'smooth');

  const inside = prepareInside({
    facts: source.facts,
    network: (name) => source.networks()[name],
    epoch: source.shownEpoch,
    isStill: source.isStill,
    watch: (canvas) => watchSizes([canvas], showInside),
    explain: (network, layer, neuron) => source.ask<NeuronFacts>({ kind: 'neuron', network, layer, neuron }),
  });
  const tryOut = prepareTryOut({
    facts: source.facts,
    row: (row) => source.ask<SampleRow>({ kind: 'row', row }),
    predict: (values) => source.ask({ kind: 'predict', values }),
  });
  const points = preparePoints((problem) =>
    complain('points', `${problem.message}. Your points are still there.`, {
      text: 'Start it again',
      act: () => points.restart(),
    }),
  );
  const ownData = prepareOwnData({
    most: () => find('most', HTMLInputElement).valueAsNumber,
    onRead: (data) => {
      own = data;
      find('own-choice', HTMLElement).hidden = false;
      setText(find('own-name', HTMLElement), data.facts.name);
      source.announce(`${data.facts.name} was read`);
    },
    train: () => {
      const draft = form.read();
      if (draft !== undefined) begin({ ...draft, data: 'own' });
    },
  });

  /** Starts a training, and shows where it can be seen. */
  function begin(experiment: Experiment): void {
    const data = experiment.data === 'own' ? own : undefined;
    if (data !== undefined) own = undefined;
    void source.start(experiment, data);
    scrollTo({ top: 0, behavior: behavior() });
    find('go', HTMLButtonElement).focus({ preventScroll: true });
  }

  function showCurves(): void {
    const measure = document.querySelector<HTMLInputElement>('[name=curve]:checked')?.value;
    const networks = present();
    drawCurves(
      curves,
      sizeOf(curves),
      networks.map(({ name, network }) => ({ network: name, frames: network.frames.all })),
      measure as Measure,
      source.experiment().epochs,
      source.isFollowing() ? undefined : source.shownEpoch(),
    );
    find('key-b', HTMLElement).hidden = source.networks().b === undefined;
    const ends = networks.map(({ name, network }) => {
      const scores = network.frames.last?.scores;
      if (scores?.valAccuracy === undefined) return '';
      return ` ${name.toUpperCase()}: ${percent(scores.valAccuracy)} right in the last epoch.`;
    });
    curves.setAttribute('aria-label', `Learning curves.${ends.join('')}`);
  }

  const present = (): { name: NetworkName; network: Network }[] =>
    NETWORKS.flatMap((name) => {
      const network = source.networks()[name];
      return network ? [{ name, network }] : [];
    });

  function showNumbers(): void {
    const networks = present();
    for (const name of NETWORKS) {
      const isThere = source.networks()[name] !== undefined && source.isAlive();
      find(`save-${name}`, HTMLButtonElement).disabled = !isThere;
    }
    if (networks.length === 0) return;
    const heads = networks.map(({ name }) => `Network ${name.toUpperCase()}`);
    const rows = ROWS.map(([title, text]) => [
      title,
      ...networks.map(({ network }) => text(network, source.shownEpoch()) ?? 'not yet'),
    ]);
    fillTable(
      find('numbers', HTMLTableElement),
      [['What', ...heads], ...rows],
      ['', ...networks.map(({ name }) => name)],
    );
  }

  async function save(name: NetworkName): Promise<void> {
    try {
      const bytes = await source.ask<Uint8Array<ArrayBuffer>>({ kind: 'save', network: name });
      const link = make('a');
      link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
      link.download = fileName(name, source.facts(), source.networks()[name]?.facts);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      complain('file', (error as Error).message);
    }
  }

  async function loadModel(file: File): Promise<void> {
    settle('file');
    const experiment = form.read() ?? source.experiment();
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      if (experiment.data === 'own' && own !== undefined) {
        await source.ask({ kind: 'own', data: own });
      }
      await source.ask({ kind: 'load', bytes, name: file.name, experiment }, [bytes.buffer]);
      inside.reset();
      source.takeLoaded(experiment);
      await tryOut.ask();
      source.announce(`${file.name} is loaded as A`);
    } catch (error) {
      complain('file', (error as Error).message);
    }
  }

  /** Takes files that were chosen or dropped: a model, or data. */
  function take(files: readonly File[]): void {
    const [first] = files;
    if (first === undefined) return;
    if (files.length === 1 && /\.safetensors$/i.test(first.name)) {
      void loadModel(first);
      return;
    }
    find('own-title', HTMLElement).scrollIntoView({ behavior: behavior() });
    void ownData.open(files);
  }

  prepareForm();
  form.element.addEventListener('submit', (event) => {
    event.preventDefault();
    const wanted = form.read();
    if (wanted !== undefined) begin(wanted);
  });
  find('reset', HTMLButtonElement).addEventListener('click', () => form.fill(FIRST));
  for (const name of NETWORKS) {
    find(`save-${name}`, HTMLButtonElement).addEventListener('click', () => void save(name));
  }
  for (const radio of document.querySelectorAll('[name=curve]'))
    radio.addEventListener('change', source.show);
  for (const id of ['files', 'folder', 'load']) {
    const input = find(id, HTMLInputElement);
    input.addEventListener('change', () => {
      take([...(input.files ?? [])]);
      // Without this, choosing the same files again would be no change.
      input.value = '';
    });
  }
  watchSizes([curves], source.show);
  watchSizes([find('network', HTMLCanvasElement)], showInside);

  function showInside(): void {
    inside.show();
  }

  function redraw(): void {
    tryOut.redraw();
    points.redraw();
    inside.redraw();
  }

  startOffline();
  form.fill(source.experiment());
  const facts = source.facts();
  if (facts !== undefined) void tryOut.reset(facts);
  source.ask<MethodFacts[]>({ kind: 'methods' }).then(
    (methods) => {
      form.setMethods(methods);
      form.fill(source.experiment());
    },
    // Its end is told by itself.
    () => undefined,
  );

  return {
    get threads() {
      return form.threads;
    },
    ...{ showInside: inside.show, showCurves, showNumbers, redraw },
    setData: (data) => void tryOut.reset(data),
    askNetworks: () => void tryOut.ask(),
    begin: (experiment) => {
      form.fill(experiment);
      inside.reset();
    },
    toggleSettings: () => {
      const isOpen = !form.element.hidden;
      form.element.hidden = isOpen;
      find('change', HTMLButtonElement).setAttribute('aria-expanded', String(!isOpen));
      if (isOpen) return;
      form.element.scrollIntoView({ behavior: behavior(), block: 'nearest' });
      form.element.querySelector<HTMLInputElement>(':checked')?.focus({ preventScroll: true });
    },
    takeDropped: (items) => {
      droppedFiles(items).then(take, (error: Error) => complain('file', error.message));
    },
    readOwn: ownData.read,
  };
}

/** From the second visit on, the built page starts without a network. */
function startOffline(): void {
  const file = document.querySelector<HTMLMetaElement>('meta[name=service-worker]')?.content;
  if (file === undefined) return;
  // Where there is none, or none is allowed, the page works all the same.
  navigator.serviceWorker?.register(file).catch(() => undefined);
}

/** The rows of the table: what they say of a network at an epoch. */
const ROWS: readonly [title: string, text: (network: Network, epoch: number) => string | undefined][] = [
  ['Method', ({ facts: { title } }) => title],
  ['Connections', ({ facts: { connections } }) => grouped(connections)],
  ['Density', ({ facts: { density } }) => percent(density, density < 1 ? 2 : 0)],
  ['Right answers, training rows', ({ frames }, epoch) => share(frames.at(epoch)?.scores?.accuracy)],
  ['Right answers, held-out rows', ({ frames }, epoch) => share(frames.at(epoch)?.scores?.valAccuracy)],
  [
    'The same, best epoch so far',
    ({ frames: { best } }) => best && `${percent(best.accuracy)} (epoch ${grouped(best.epoch)})`,
  ],
  [
    'An epoch of training takes',
    ({ frames: { secondsPerEpoch } }) =>
      secondsPerEpoch === undefined ? undefined : duration(secondsPerEpoch),
  ],
  ['Threads', ({ facts: { threads } }) => String(threads)],
];

const share = (value: number | undefined): string | undefined =>
  value === undefined || Number.isNaN(value) ? undefined : percent(value);

/** `drawn-digits-a-ctre-sim-2.safetensors`: says which network of which data it is. */
function fileName(name: NetworkName, data: DataFacts | undefined, network: NetworkFacts | undefined): string {
  const words = `${data?.name ?? 'model'} ${name} ${network?.title ?? ''}`.toLowerCase();
  const plain = words.replace(/[^a-z0-9.]+/g, '-').slice(0, 80);
  return `${plain.replace(/^-+|-+$/g, '')}.safetensors`;
}
