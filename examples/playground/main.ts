// Puts the page together: what is chosen, what is trained, what is shown.

import type { Epoch } from 'ctre';
import {
  brief,
  duration,
  fillTable,
  find,
  grouped,
  inTurns,
  make,
  onNewColours,
  percent,
  setText,
  sizeOf,
  watchSizes,
} from '../shared/page.ts';
import { drawCurves, type Measure } from './curves.ts';
import { type DataFacts, loadData, type Source } from './data.ts';
import { droppedFiles } from './droppedFiles.ts';
import { prepareForm, runSettings, sharedSettings } from './form.ts';
import { showInputs } from './inputPicture.ts';
import { type DenseSpeed, measureDense, Run, type SharedSettings } from './run.ts';
import { describeTopology, drawTopology, handOverCanvas } from './topologyPicture.ts';
import { prepareTryOut } from './tryOut.ts';

const NAMES = ['a', 'b'] as const;
type Name = (typeof NAMES)[number];

/** Milliseconds from one picture of a training to the next. */
const SHOW_EVERY = 80;
/**
 * Milliseconds between two announcements for screen readers, and between two predictions of networks in
 * training.
 */
const ANNOUNCE_EVERY = 5000;
const ASK_EVERY = 400;

const form = find('settings', HTMLFormElement);
const buttons = Object.fromEntries(
  ['start', 'stop', 'reset', 'save-a', 'save-b'].map((id) => [id, find(id, HTMLButtonElement)]),
);
const problem = find('problem', HTMLElement);

let facts: DataFacts | undefined;
let source: Source = { kind: 'digits' };
let runs: Partial<Record<Name, Run>> = {};
let shared: SharedSettings | undefined;
let dense: DenseSpeed | undefined;
/** Ends the training that runs; undefined while none does. */
let stopper: AbortController | undefined;
/** The training that runs, or the last one; it ends when the training has. */
let training: Promise<void> = Promise.resolve();
/** What the page is busy with before or between trainings. */
let doing = '';

const tryOut = prepareTryOut(() => ({ facts, runs: { a: runs.a, b: runs.b } }));

// ---- what is shown ----

const each = (): { name: Name; run: Run }[] =>
  NAMES.flatMap((name) => {
    const run = runs[name];
    return run ? [{ name, run }] : [];
  });

const show = inTurns(
  [showState, showCurves, showNumbers, () => showRun('a'), () => showRun('b')],
  SHOW_EVERY,
);

function showState(): void {
  const isTraining = stopper !== undefined;
  buttons.start.disabled = isTraining || facts === undefined;
  buttons.stop.disabled = !isTraining;
  buttons.reset.disabled = each().length === 0;
  for (const name of NAMES) buttons[`save-${name}`].disabled = runs[name] === undefined;
  find('nothing', HTMLElement).hidden = each().length > 0;
  find('changes', HTMLElement).hidden = each().length === 0;
  const progress = find('progress', HTMLProgressElement);
  progress.value = Math.max(0, ...each().map(({ run }) => run.epochs.length / (shared?.epochs ?? 1)));
  setText(find('status', HTMLElement), doing === '' ? summary() : doing);
}

function summary(): string {
  const states = { training: '', ended: ', done', stopped: ', stopped', failed: ', failed' };
  const parts = each().map(({ name, run }) => {
    const last = run.epochs.at(-1);
    const epoch = last ? `epoch ${last.epoch}` : run.state === 'training' ? 'starting' : 'loaded';
    const accuracy = last?.valAccuracy === undefined ? '' : `, ${percent(last.valAccuracy)}`;
    return `${name.toUpperCase()}: ${epoch}${accuracy}${states[run.state]}`;
  });
  return parts.length === 0 ? 'Ready' : parts.join(' · ');
}

function showCurves(): void {
  const measure = form.ownerDocument.querySelector<HTMLInputElement>('[name=curve]:checked')?.value;
  const box = find('curves', HTMLElement);
  const most = Math.max(shared?.epochs ?? 100, 2);
  drawCurves(
    box,
    sizeOf(box),
    each().map(({ name, run }) => ({ run: name, epochs: run.epochs })),
    measure as Measure,
    most,
  );
  box.setAttribute('aria-label', `Learning curves. ${summary()}`);
}

/** The rows of the table: what they say of a run, and of the dense network. */
const ROWS: readonly [title: string, ofRun: (run: Run) => string, ofDense?: (speed: DenseSpeed) => string][] =
  [
    ['Connections', ({ nnz }) => grouped(nnz), ({ connections }) => grouped(connections)],
    ['Density', ({ density }) => percent(density, 2), () => '100 %'],
    [
      'Accuracy, training rows',
      (run) => ofEpochs(run, (epochs) => percent(epochs[epochs.length - 1].accuracy)),
    ],
    [
      'Accuracy, held-out rows (best)',
      (run) =>
        ofEpochs(run, (epochs) => percent(Math.max(...epochs.map(({ valAccuracy }) => valAccuracy ?? 0)))),
    ],
    [
      'An epoch: training',
      (run) => ofEpochs(run, (epochs) => duration(mean(epochs, 'trainSeconds'))),
      ({ secondsPerEpoch }) => duration(secondsPerEpoch),
    ],
    ['An epoch: all of it', (run) => ofEpochs(run, (epochs) => duration(mean(epochs, 'seconds')))],
    [
      'Connections trained a second',
      (run) => ofEpochs(run, (epochs) => brief((run.nnz * run.trainRows) / mean(epochs, 'trainSeconds'))),
      ({ connections, trainRows, secondsPerEpoch }) => brief((connections * trainRows) / secondsPerEpoch),
    ],
    ['Threads', ({ threads }) => String(threads), ({ threads }) => String(threads)],
  ];

function ofEpochs({ epochs }: Run, text: (epochs: readonly Epoch[]) => string): string {
  return epochs.length === 0 ? '–' : text(epochs);
}

function mean(epochs: readonly Epoch[], part: 'seconds' | 'trainSeconds'): number {
  return epochs.reduce((sum, epoch) => sum + epoch[part], 0) / epochs.length;
}

function showNumbers(): void {
  const present = each();
  const heads = present.map(({ name, run }) => `${name.toUpperCase()}: ${run.title}`);
  const classes = present.map(({ name }) => name as string);
  const texts = (present.length === 0 ? [] : ROWS).map(([title, ofRun, ofDense]) => [
    title,
    ...present.map(({ run }) => ofRun(run)),
    ...(dense ? [ofDense?.(dense) ?? '–'] : []),
  ]);
  const table = find('numbers', HTMLTableElement);
  fillTable(table, [['', ...heads, ...(dense ? ['dense, measured'] : [])], ...texts], ['', ...classes]);
  const notes = [
    present.length === 2 ? 'A and B train at the same time and share the processor.' : '',
    dense
      ? `The dense network of the same shape was trained alone before, on ${dense.batches} batches. ` +
        'Its epoch is extrapolated from the fastest pass over them.'
      : '',
  ];
  setText(find('numbers-note', HTMLElement), notes.join(' ').trim());
}

/** Where a run is shown. */
const panels = Object.fromEntries(
  NAMES.map((name) => {
    const [canvas, caption] = [make('canvas', 'topology'), make('figcaption')];
    canvas.setAttribute('role', 'img');
    const parts = { title: make('h3'), inputs: make('figure', 'inputs'), message: make('p', 'hint') };
    const picture = make('figure', '', canvas, caption);
    find(`run-${name}`, HTMLElement).append(parts.title, picture, parts.inputs, parts.message);
    handOverCanvas(name, canvas);
    return [name, { ...parts, picture, canvas, caption }];
  }),
);
/** The looks that are shown. */
const shownLooks = new Map<Name, Run['look']>();

function showRun(name: Name): void {
  const panel = panels[name];
  const run = runs[name];
  find(`run-${name}`, HTMLElement).hidden = run === undefined;
  if (run === undefined || facts === undefined) return;
  const { look } = run;
  setText(panel.title, `${name.toUpperCase()}: ${run.title}`);
  const tooMany = look === undefined ? `${grouped(run.nnz)} connections are too many to draw.` : '';
  setText(panel.message, run.message ?? tooMany);
  panel.picture.hidden = look === undefined;
  panel.inputs.hidden = look === undefined;
  const { width, height } = sizeOf(panel.canvas);
  if (look === undefined || width === 0 || shownLooks.get(name) === look) return;
  shownLooks.set(name, look);
  const about = describeTopology(look);
  drawTopology(name, look, width, height);
  panel.canvas.setAttribute('aria-label', `The network's connections. ${about}`);
  setText(panel.caption, about);
  showInputs(panel.inputs, look, facts);
}

/** Draws everything anew, after the colours or the sizes have changed. */
function redraw(): void {
  shownLooks.clear();
  tryOut.redraw();
  show();
}

/** Shows what went wrong. Nothing else changes. */
function complain(error: unknown): void {
  problem.textContent = (error as Error).message;
  problem.hidden = false;
}

function announce(text: string): void {
  setText(find('announcement', HTMLElement), text);
}

// ---- what is done ----

async function choose(wanted: Source): Promise<void> {
  const most = find('most', HTMLInputElement);
  if (!most.reportValidity()) return;
  problem.hidden = true;
  doing = stopper === undefined ? 'Loading the data …' : '';
  show();
  try {
    const next = await loadData(wanted, most.valueAsNumber);
    await reset();
    [facts, source] = [next, wanted];
    await tryOut.reset(next);
    announce(`${next.name}: ${describe(next)}`);
  } catch (error) {
    complain(error);
  }
  doing = '';
  showSource();
  show();
}

function showSource(): void {
  const isOwn = source.kind === 'files';
  find('own', HTMLElement).hidden = !isOwn;
  const name = find('own-name', HTMLElement);
  if (isOwn && facts) setText(name, facts.name);
  const chosen = form.querySelector<HTMLInputElement>(`[name=source][value=${source.kind}]`);
  if (chosen) chosen.checked = true;
  setText(find('facts', HTMLElement), facts ? describe(facts) : '');
}

function describe({ rows, validationRows, cols, labelNames, sparse, scaling }: DataFacts): string {
  const kind = sparse ? 'sparse rows' : 'rows';
  const counts = `${grouped(rows)} ${kind} to train on, ${grouped(validationRows)} held out`;
  return `${counts}; ${grouped(cols)} columns, ${labelNames.length} classes; ${scaling}.`;
}

async function start(): Promise<void> {
  if (facts === undefined) return;
  problem.hidden = true;
  const own = new AbortController();
  stopper = own;
  clear();
  const wanted = NAMES.flatMap((name) => {
    const settings = runSettings(name);
    return settings ? [{ name, settings }] : [];
  });
  const present = sharedSettings(wanted.length);
  shared = present;
  try {
    doing = 'Measuring a dense network of the same shape …';
    show();
    dense = await measureDense(present, facts, own.signal);
    doing = '';
    for (const { name, settings } of wanted) runs[name] = await Run.create(settings, present, facts);
    show();
    await Promise.all(each().map(({ run }) => run.train(present, own.signal, follow())));
    announce(summary());
  } catch (error) {
    clear();
    if (!own.signal.aborted) complain(error);
  }
  doing = '';
  stopper = undefined;
  show();
  void tryOut.ask();
}

/** What is done at every epoch of a run. */
function follow(): () => void {
  let [announced, asked] = [performance.now(), 0];
  return () => {
    show();
    const now = performance.now();
    if (now - asked > ASK_EVERY) {
      asked = now;
      void tryOut.ask();
    }
    if (now - announced > ANNOUNCE_EVERY) {
      announced = now;
      announce(summary());
    }
  };
}

/** Ends what is trained, and forgets it. */
async function reset(): Promise<void> {
  stopper?.abort();
  await training;
  clear();
  show();
  void tryOut.ask();
}

/** Forgets the runs; none of them trains. */
function clear(): void {
  for (const { run } of each()) run.dispose();
  [runs, dense, shared] = [{}, undefined, undefined];
}

async function save(name: Name): Promise<void> {
  const bytes = await runs[name]?.save();
  if (bytes === undefined) return;
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  link.download = 'model.safetensors';
  link.click();
  URL.revokeObjectURL(link.href);
}

async function loadModel(file: File): Promise<void> {
  if (facts === undefined) return;
  problem.hidden = true;
  try {
    const run = await Run.load(new Uint8Array(await file.arrayBuffer()), file.name, facts);
    await reset();
    runs.a = run;
    redraw();
    await tryOut.ask();
    announce(`${file.name} is loaded as A`);
  } catch (error) {
    complain(error);
  }
}

/** Takes files that were chosen or dropped: a model, or data. */
function take(files: readonly File[]): void {
  const [first] = files;
  if (first === undefined) return;
  if (files.length === 1 && /\.safetensors$/i.test(first.name)) void loadModel(first);
  else void choose({ kind: 'files', files });
}

// ---- what the visitor does ----

prepareForm();
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (stopper !== undefined) return;
  training = start();
});
buttons.stop.addEventListener('click', () => stopper?.abort());
buttons.reset.addEventListener('click', () => void reset());
for (const name of NAMES) buttons[`save-${name}`].addEventListener('click', () => void save(name));
for (const radio of document.querySelectorAll('[name=curve]')) radio.addEventListener('change', show);
for (const radio of form.querySelectorAll<HTMLInputElement>('[name=source]')) {
  radio.addEventListener('change', () => {
    if (radio.value !== 'files') void choose({ kind: radio.value === 'madelon' ? 'madelon' : 'digits' });
  });
}
find('most', HTMLInputElement).addEventListener('change', () => void choose(source));
for (const id of ['files', 'folder', 'load']) {
  const input = find(id, HTMLInputElement);
  input.addEventListener('change', () => {
    take([...(input.files ?? [])]);
    // Without this, choosing the same files again would be no change.
    input.value = '';
  });
}

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('dropping');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  if (event.dataTransfer) droppedFiles(event.dataTransfer).then(take, complain);
});

onNewColours(redraw);
watchSizes([find('curves', HTMLElement), panels.a.canvas, panels.b.canvas], redraw);
void choose(source);
