// The first screen: what is trained, and how it goes. All the rest of the page is in lab.ts, which is loaded
// once there is something to see.
import { LiveWorker, type WorkerProblem } from '../shared/liveWorker.ts';
import { duration, grouped, percent } from '../shared/numbers.ts';
import { find, inTurns, onNewColours, setText, sizeOf, watchSizes } from '../shared/page.ts';
import { fromAddress, toAddress } from './address.ts';
import { type Experiment, FIRST, NETWORKS, type NetworkName } from './experiment.ts';
import { Frames } from './frames.ts';
import { buffersOf } from './handOver.ts';
import { describeInputs, drawInputs } from './inputPicture.ts';
import type { Lab, Network } from './lab.ts';
import { complain, settle } from './problems.ts';
import type { DataFacts, PreparedData, RunQuestion, RunTold } from './protocol.ts';
import { startRunWorker } from './startRunWorker.ts';
import { prepareTimeline } from './timeline.ts';

/** Milliseconds from one picture of a training to the next. */
const SHOW_EVERY = 60;
/** Milliseconds between two announcements for screen readers, and between two questions to the networks. */
const [ANNOUNCE_EVERY, ASK_EVERY] = [5000, 400];
/** Milliseconds after which the rest of the page is loaded, even if nothing was learnt yet. */
const LAB_WITHIN = 4000;
/** A network is called sparse up to so many percent of the connections. */
const SPARSE = 20;

const stillness = matchMedia('(prefers-reduced-motion: reduce)');
const go = find('go', HTMLButtonElement);
const canvases = { a: find('inputs-a', HTMLCanvasElement), b: find('inputs-b', HTMLCanvasElement) };

let experiment: Experiment = FIRST;
let facts: DataFacts | undefined;
let networks: Partial<Record<NetworkName, Network>> = {};
/** What the page is busy with; empty where nothing is going on. */
let doing = '';
let isTraining = false;
/** Whether Stop was pressed: pressed again, it ends the thread. */
let isStopping = false;
/** Whether what was trained can still be asked: its worker is there. */
let isAlive = false;
/** The number of the training: how an earlier one ends is not shown. */
let round = 0;
let lab: Promise<Lab> | undefined;
let loadedLab: Lab | undefined;

const worker = new LiveWorker<RunQuestion, RunTold>(
  'The thread that trains',
  startRunWorker,
  onWorkerEnd,
  hear,
);

const timeline = prepareTimeline(
  () => Math.max(0, ...each().map(({ network }) => network.frames.last?.epoch ?? 0)),
  () => show(),
  () => stillness.matches,
);

/** The rest of the page, loaded by the first call. */
function openLab(): Promise<Lab> {
  lab ??= import('./lab.ts').then(async ({ prepareLab }) => {
    loadedLab = await prepareLab({
      ask: (question, transfer) => worker.ask(question, transfer),
      facts: () => facts,
      networks: () => networks,
      experiment: () => experiment,
      isAlive: () => isAlive,
      isStill: () => stillness.matches,
      shownEpoch: () => timeline.shown,
      isFollowing: () => timeline.isFollowing,
      start,
      takeLoaded,
      announce,
      show,
    });
    show();
    return loadedLab;
  });
  return lab;
}

/** As `openLab`, where nobody waits for it. What cannot be loaded is told, and asked for again. */
function prepareRest(): void {
  openLab().catch(() => {
    lab = undefined;
    complain('lab', 'A part of the page could not be loaded. Is the connection cut?', {
      text: 'Try again',
      act: prepareRest,
    });
  });
}

// ---- what the worker tells ----

function hear(told: RunTold): void {
  if (told.kind === 'data') {
    facts = told.facts;
    loadedLab?.setData(told.facts);
  } else if (told.kind === 'network') {
    networks = { ...networks, [told.network]: { facts: told.facts, frames: new Frames() } };
    isAlive = true;
    if (!isStopping) doing = '';
  } else if (told.kind === 'frame') {
    networks[told.network]?.frames.add(told.frame);
    if (told.frame.epoch > 0 && lab === undefined) prepareRest();
    follow();
  } else if (told.kind === 'outcome') {
    const network = networks[told.network];
    if (network) networks = { ...networks, [told.network]: { ...network, outcome: told.outcome } };
  }
  show();
}

let [announced, asked] = [0, 0];
/** What is done at every epoch besides showing it. */
function follow(): void {
  const now = performance.now();
  if (now - asked > ASK_EVERY) {
    asked = now;
    loadedLab?.askNetworks();
  }
  if (now - announced > ANNOUNCE_EVERY) {
    announced = now;
    announce(summary());
  }
}

function onWorkerEnd(problem: WorkerProblem): void {
  [isAlive, doing] = [false, ''];
  const outcome = { state: 'failed', message: 'its thread has ended' } as const;
  for (const { name, network } of each()) {
    if (network.outcome === undefined) networks = { ...networks, [name]: { ...network, outcome } };
  }
  complain('run', `${problem.message}. What it has shown stays here; the networks are gone.`, {
    text: 'Train again',
    act: () => void start(experiment),
  });
  show();
}

// ---- what is shown ----

const each = (): { name: NetworkName; network: Network }[] =>
  NETWORKS.flatMap((name) => {
    const network = networks[name];
    return network ? [{ name, network }] : [];
  });

const show = inTurns(
  [
    showState,
    () => showCard('a'),
    () => showCard('b'),
    () => loadedLab?.showInside(),
    () => loadedLab?.showCurves(),
    () => loadedLab?.showNumbers(),
  ],
  SHOW_EVERY,
);

function showState(): void {
  setText(go, isTraining ? 'Stop' : each().length > 0 ? 'Train again' : 'Train');
  timeline.show(experiment.epochs, isTraining);
  setText(find('status', HTMLElement), doing === '' ? summary() : doing);
  setText(find('lede', HTMLElement), lede());
}

/** What is going on, in a sentence or two. */
function summary(): string {
  const all = each();
  if (all.length === 0) return 'Ready.';
  const failed = all.find(({ network }) => network.outcome?.state === 'failed');
  if (failed) return `${failed.name.toUpperCase()} has failed: ${failed.network.outcome?.message ?? ''}.`;
  const outcomes = all.map(({ network }) => network.outcome?.state);
  const epoch = grouped(Math.max(...all.map(({ network }) => network.frames.last?.epoch ?? 0)));
  if (outcomes.includes(undefined)) {
    const epochs = all.map(({ name, network }) => {
      const at = grouped(network.frames.last?.epoch ?? 0);
      return all.length === 1 ? at : `${at} (${name.toUpperCase()})`;
    });
    return `Learning: epoch ${epochs.join(' and ')} of ${grouped(experiment.epochs)}.${soonerText()}`;
  }
  const how = outcomes.includes('stopped') ? 'Stopped' : 'Done';
  return `${how} after ${epoch} epochs.${soonerText()}`;
}

/** How much sooner the quicker network has learnt an epoch, as measured. */
function soonerText(): string {
  const [a, b] = [networks.a?.frames.secondsPerEpoch, networks.b?.frames.secondsPerEpoch];
  if (a === undefined || b === undefined) return '';
  const [quick, ratio] = a <= b ? ['A', b / a] : ['B', a / b];
  if (!(ratio > 1.05) || !Number.isFinite(ratio)) return '';
  const times = ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1);
  const both = `A: ${unbroken(duration(a))}, B: ${unbroken(duration(b))}`;
  return ` ${quick} learns an epoch ${times} × sooner (${both}).`;
}

function lede(): string {
  const isAlone = each().length > 0 ? networks.b === undefined : experiment.b === undefined;
  const who = isAlone ? 'A neural network learns' : 'Two neural networks learn';
  const where = 'now, in this page';
  const kind =
    facts === undefined
      ? experiment.data
      : facts.known
        ? 'needles'
        : facts.picture?.side === 28
          ? 'digits'
          : 'own';
  const isSparseToDense =
    experiment.b?.method === 'dense' && experiment.a.method !== 'dense' && experiment.a.density <= SPARSE;
  if (kind === 'needles') {
    const table = 'A table has 500 columns, and 20 of them matter.';
    if (!isSparseToDense) return `${table} ${who} which ones, ${where}.`;
    return (
      `${table} Two neural networks look for them ${where}. One has every connection. ` +
      'The other has few, and moves them while it learns.'
    );
  }
  if (kind === 'digits') {
    return `${who} to read pictures of 28 × 28 pixels, ${where}. The colour shows where each of them looks.`;
  }
  const size = facts ? `: ${grouped(facts.rows)} rows of ${grouped(facts.cols)} columns` : '';
  return `${who} ${facts?.name ?? 'your data'}${size}, ${where}.`;
}

function showCard(name: NetworkName): void {
  const [network, settings] = [networks[name], experiment[name]];
  const isAbsent = each().length > 0 ? network === undefined : settings === undefined;
  find(`card-${name}`, HTMLElement).hidden = isAbsent;
  if (isAbsent) return;
  const frame = network?.frames.at(timeline.shown);
  const accuracy = frame?.scores?.valAccuracy;
  const density =
    network?.facts.density ?? (settings?.method === 'dense' ? 1 : (settings?.density ?? 0) / 100);
  const title = find(`title-${name}`, HTMLElement);
  const connected = density === 1 ? 'fully connected' : `${shortPercent(density)} connected`;
  setText(title, `${name.toUpperCase()}: ${connected}`);
  title.title = network?.facts.title ?? '';
  setText(find(`big-${name}`, HTMLElement), accuracy === undefined ? '–' : percent(accuracy));
  setText(find(`unit-${name}`, HTMLElement), unitText(frame?.scores?.accuracy));
  const count = network ? `${grouped(network.facts.connections)} connections` : '\u00a0';
  setText(find(`count-${name}`, HTMLElement), count);
  const about = describeInputs(frame, facts);
  setText(find(`found-${name}`, HTMLElement), about === '' ? '\u00a0' : about);
  const canvas = canvases[name];
  canvas.classList.toggle('pixels', facts?.picture !== undefined);
  canvas.setAttribute('aria-label', `Where network ${name.toUpperCase()} looks. ${about}`);
  const { width, height } = sizeOf(canvas);
  if (width > 0) drawInputs(canvas, frame, facts, `--${name}`, width, height);
  find('dots-key', HTMLElement).hidden = facts !== undefined && facts.known === undefined;
}

/** A number and its unit on one line. */
const unbroken = (text: string): string => text.replaceAll(' ', '\u00a0');

/** What the large number counts, and what is right on the rows that the network learns from. */
function unitText(accuracy: number | undefined): string {
  // The page's own data have as many rows of each class.
  const classes = experiment.data === 'own' ? undefined : facts?.labelNames.length;
  const guessing = classes === undefined ? '' : ` (guessing: ${unbroken(percent(1 / classes, 0))})`;
  const learnt = unbroken(percent(accuracy ?? 0, 0));
  return `right on new rows${guessing}${Number.isFinite(accuracy) ? `, ${learnt} on those it learns from` : ''}`;
}

/** 2 %, 0.5 %, 0.02 %: no more digits than it takes. */
const shortPercent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

/** Draws everything anew, after the colours or the sizes have changed. */
function redraw(): void {
  loadedLab?.redraw();
  show();
}

function announce(text: string): void {
  setText(find('announcement', HTMLElement), text);
}

// ---- what is done ----

/** Trains an experiment; the networks before are given up. @param own data that were read from files. */
async function start(wanted: Experiment, own?: PreparedData): Promise<void> {
  const present = ++round;
  settle('run');
  experiment = wanted;
  if (wanted.data !== 'own') writeAddress(wanted);
  [networks, isTraining, isStopping, isAlive] = [{}, true, false, false];
  doing = 'Making the data …';
  timeline.follow();
  loadedLab?.begin(wanted);
  show();
  try {
    if (wanted.data === 'own') await giveOwn(own);
    const threads = loadedLab?.threads ?? 1;
    await worker.ask({ kind: 'train', experiment: wanted, threads });
    if (present !== round) return;
    announce(summary());
    const failed = each().find(({ network }) => network.outcome?.state === 'failed');
    const why = failed?.network.outcome?.message ?? '';
    if (failed) complain('run', `Network ${failed.name.toUpperCase()} has failed: ${why}`);
  } catch (error) {
    const { code, message } = error as WorkerProblem;
    if (code === 'E_ABORTED') isAlive = false;
    // The end of the worker is told by itself.
    if (present === round && code !== 'E_WORKER_DIED') complain('run', message);
  }
  if (present !== round) return;
  [isTraining, isStopping, doing] = [false, false, ''];
  show();
  loadedLab?.askNetworks();
}

/** Hands the visitor's data to the worker. They are read again where they were handed over before. */
async function giveOwn(own: PreparedData | undefined): Promise<void> {
  const data = own ?? (await (await openLab()).readOwn());
  await worker.ask({ kind: 'own', data }, buffersOf(data));
}

/** A model was loaded in the place of A: what is shown now is of this experiment. */
function takeLoaded(loaded: Experiment): void {
  experiment = loaded.b && networks.b ? loaded : { ...loaded, b: undefined };
  timeline.follow();
  redraw();
}

function writeAddress(wanted: Experiment): void {
  const text = toAddress(wanted);
  const { pathname, search, hash } = location;
  if (hash.slice(1) === text || (text === '' && !hash.includes('='))) return;
  history.replaceState(null, '', `${pathname}${search}${text === '' ? '' : `#${text}`}`);
}

/** The experiment of the address. Marks within the page are no experiments. */
function readAddress(): Experiment | undefined {
  settle('address');
  if (!location.hash.includes('=')) return undefined;
  const { experiment: given, problems } = fromAddress(location.hash);
  if (problems.length > 0) {
    complain('address', `${problems.join(' ')} What the first experiment has is taken instead.`);
  }
  return given;
}

/** The link to the present experiment; undefined where it is of the visitor's own data. */
function shareLink(): string | undefined {
  if (experiment.data === 'own') return undefined;
  const url = new URL(location.href);
  const text = toAddress(experiment);
  url.hash = text === '' ? `data=${FIRST.data}` : text;
  return url.href;
}

async function share(): Promise<void> {
  const about = find('share-about', HTMLElement);
  const link = shareLink();
  if (link === undefined) {
    setText(about, 'Your file stays in this page, so no link can bring it along. Save the network instead.');
    return;
  }
  try {
    await navigator.clipboard.writeText(link);
    setText(about, 'Copied. The link opens the same experiment, with the same bits in every browser.');
  } catch {
    setText(about, `This browser does not let the page copy. The link is ${link}`);
  }
}

go.addEventListener('click', () => {
  if (!isTraining) void start(experiment);
  else if (isStopping) worker.end('was ended at once. Train again to go on');
  else {
    [isStopping, doing] = [true, 'Stopping … Press again to end it at once.'];
    show();
    worker.ask({ kind: 'stop' }).catch(() => undefined);
  }
});
find('share', HTMLButtonElement).addEventListener('click', () => void share());
find('change', HTMLButtonElement).addEventListener('click', async () => (await openLab()).toggleSettings());
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('dropping');
});
document.addEventListener('drop', async (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  // The files have to be taken before the first pause.
  const { dataTransfer } = event;
  if (dataTransfer === null) return;
  const items = [...dataTransfer.items].map((item) => ({
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile(),
  }));
  (await openLab()).takeDropped(items);
});
onNewColours(redraw);
watchSizes([canvases.a, canvases.b], show);
addEventListener('hashchange', () => {
  const given = readAddress();
  if (given !== undefined) void start(given);
});

experiment = readAddress() ?? FIRST;
show();
// Whoever wants no motion starts it by a button.
if (stillness.matches) prepareRest();
else {
  void start(experiment);
  setTimeout(prepareRest, LAB_WITHIN);
}
for (const event of ['pointerdown', 'keydown']) {
  addEventListener(event, prepareRest, { once: true, capture: true, passive: true });
}
