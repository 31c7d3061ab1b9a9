// Puts the page together: rows come, both heads learn, and what came of it is shown.
import { duration, grouped, percent } from '../shared/numbers.ts';
import { fillTable, find, inTurns, make, setText, sizeOf, watchSizes } from '../shared/page.ts';
import { drawCurves, type Joined } from './curves.ts';
import { COLS, classRows } from './embeddings.ts';
import { Head } from './head.ts';
import { RowStream } from './rowStream.ts';

/** Classes at the start, and the rows of each. */
const CLASSES = 20;
const TRAIN_ROWS = 500;
const HELD_OUT_ROWS = 100;
/** More classes than this would be too many to show. */
const MOST_CLASSES = 30;
/** Rows that come at a time. */
const PIECE = 500;
/** Passes over all rows, at first and after a class has joined or the visitor wants more. */
const PASSES = 10;
const MORE_PASSES = 4;
/** Pieces from one look at the held-out rows to the next. */
const LOOK_EVERY = 4;
/** Milliseconds from one picture to the next. */
const SHOW_EVERY = 80;
/** Classes that an answer names. */
const ANSWERS = 3;

const buttons = { start: find('start', HTMLButtonElement), add: find('add', HTMLButtonElement) };
const rowInput = find('row', HTMLInputElement);
const curves = find('curves', HTMLElement);

const names: string[] = [];
const training = new RowStream();
const heldOut = new RowStream();
let heads: { readonly sparse: Head; readonly dense: Head } | undefined;
const joined: Joined[] = [];
/** Rows that the heads have learnt from, and those that they shall have learnt from at the end. */
let seen = 0;
let goal = 0;
let isRunning = false;
/** Whether the training ends behind the piece at hand. */
let isPausing = false;
/** Classes that wait for the end of the piece at hand. */
let waiting = 0;
/** What the page says in the place of how far the training is. */
let notice = 'Making embeddings …';

const inOrder = (): Head[] => (heads === undefined ? [] : [heads.sparse, heads.dense]);

// ---- what is shown ----

const show = inTurns([showState, showCurves, showNumbers, showClasses], SHOW_EVERY);

function showState(): void {
  buttons.start.disabled = heads === undefined || isPausing;
  setText(buttons.start, isRunning ? 'Pause' : seen === 0 ? 'Start' : 'Go on');
  buttons.add.disabled = heads === undefined || names.length + waiting >= MOST_CLASSES;
  find('progress', HTMLProgressElement).value = goal === 0 ? 0 : seen / goal;
  setText(find('status', HTMLElement), status());
}

function status(): string {
  const isDone = seen > 0 && seen >= goal;
  const far = seen === 0 ? 'Ready' : `${grouped(seen)} of ${grouped(goal)} rows learnt from`;
  const state = isRunning || seen === 0 ? '' : isDone ? ', done' : ', paused';
  return [`${far}${state}`, notice].filter((text) => text !== '').join('. ');
}

function showCurves(): void {
  const drawn = inOrder().map(({ looks, kind }) => ({ colour: colourOf(kind), name: kind, looks }));
  drawCurves(curves, sizeOf(curves), drawn, joined, Math.max(goal, 1));
  curves.setAttribute('aria-label', `Learning curves. ${summary()}`);
}

const colourOf = (kind: Head['kind']): 'a' | 'b' => (kind === 'sparse' ? 'a' : 'b');

function summary(): string {
  return inOrder()
    .flatMap(({ kind, looks }) => {
      const last = looks.at(-1);
      return last ? [`${kind}: ${percent(last.accuracy)} of held-out rows right`] : [];
    })
    .join(', ');
}

/** The share of rows that is right among classes, each of which has as many rows. */
function mean(recall: readonly number[]): number {
  return recall.reduce((sum, value) => sum + value, 0) / recall.length;
}

function showNumbers(): void {
  const added = names.length - CLASSES;
  const later = added > 1 ? `Classes ${CLASSES + 1}–${names.length}` : `Class ${CLASSES + 1}`;
  const columns = inOrder().map(({ kind, connections, looks, seconds }) => {
    const last = looks.at(-1);
    const share = (value: number | undefined): string => (value === undefined ? '–' : percent(value));
    const recall = last?.recall ?? [];
    return [
      kind === 'sparse' ? 'Sparse head' : 'Dense layer',
      grouped(connections),
      share(last?.accuracy),
      share(last && mean(recall.slice(0, CLASSES))),
      share(recall.length > CLASSES ? mean(recall.slice(CLASSES)) : undefined),
      seen === 0 ? '–' : duration((1000 * seconds) / seen),
    ];
  });
  const about = ['', 'Connections', 'All classes', `First ${CLASSES}`, later, 'For 1,000 rows'];
  const table = columns.length === 0 ? [] : about.map((text, at) => [text, ...columns.map((own) => own[at])]);
  if (table.length > 0) fillTable(find('numbers', HTMLTableElement), table, ['', 'a', 'b']);
  const facts =
    `${grouped(training.rows)} embeddings of ${COLS} numbers to learn from, ${grouped(heldOut.rows)} held ` +
    `out; ${names.length} classes. The embeddings are made up, from a seed. Each head has a worker.`;
  if (heads !== undefined) setText(find('facts', HTMLElement), facts);
}

function showClasses(): void {
  const list = find('classes', HTMLElement);
  names.slice(list.children.length).forEach((name) => {
    const bars = [make('div', 'bar a'), make('div', 'bar b')];
    const row = [make('div', 'name', name), make('div', 'track two', ...bars), make('div', 'value')];
    list.append(make('li', '', make('div', 'bars', ...row)));
  });
  const recalls = inOrder().map(({ looks }) => looks.at(-1)?.recall ?? []);
  [...list.children].forEach((item, label) => {
    item.querySelectorAll<HTMLElement>('.bar').forEach((bar, at) => {
      bar.style.width = `${100 * (recalls[at]?.[label] ?? 0)}%`;
    });
    const values = recalls.map((recall) => (recall[label] === undefined ? '–' : percent(recall[label], 0)));
    setText(item.querySelector('.value') as Element, values.join(' · '));
  });
}

function announce(text: string): void {
  setText(find('announcement', HTMLElement), text);
}

/** Shows what went wrong. */
function complain(error: unknown): void {
  const problem = find('problem', HTMLElement);
  problem.textContent = (error as Error).message;
  problem.hidden = false;
}

// ---- what is done ----

/** The name of the next class; its rows are there when this is called. */
function addRows(): string {
  const label = names.length;
  const rows = classRows(label, TRAIN_ROWS, HELD_OUT_ROWS);
  training.add(label, rows.train);
  heldOut.add(label, rows.heldOut);
  const name = `Class ${label + 1}`;
  names.push(name);
  return name;
}

async function prepare(): Promise<void> {
  for (let label = 0; label < CLASSES; label++) {
    addRows();
    // The page stays free in between.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  rowInput.max = String(heldOut.rows - 1);
  const [sparse, dense] = await Promise.all([Head.create('sparse', names), Head.create('dense', names)]);
  heads = { sparse, dense };
  goal = PASSES * training.rows;
  notice = '';
}

async function lookAtBoth(): Promise<void> {
  const rows = heldOut.all();
  await Promise.all(inOrder().map((head) => head.lookAt(rows)));
  show();
  void ask();
}

/** A class joins both heads; what they knew of the others is measured before and after. */
async function join(): Promise<void> {
  await lookAtBoth();
  const before = mean(heads?.sparse.looks.at(-1)?.recall ?? []);
  const old = names.length;
  const name = addRows();
  rowInput.max = String(heldOut.rows - 1);
  await Promise.all(inOrder().map((head) => head.addClass(name)));
  joined.push({ name, seen });
  goal = Math.max(goal, seen + MORE_PASSES * training.rows);
  await lookAtBoth();
  const after = mean((heads?.sparse.looks.at(-1)?.recall ?? []).slice(0, old));
  notice = `${name} joined: of the others’ rows ${percent(before)} were right, and ${percent(after)} are now`;
  announce(notice);
}

async function run(): Promise<void> {
  isRunning = true;
  show();
  try {
    for (let piece = 1; !isPausing && (seen < goal || waiting > 0); piece++) {
      for (; waiting > 0; waiting--) await join();
      const rows = training.take(PIECE);
      await Promise.all(inOrder().map((head) => head.learn(rows)));
      seen += rows.y.length;
      if (piece % LOOK_EVERY === 0 || seen >= goal) await lookAtBoth();
      show();
    }
    announce(`${status()}. ${summary()}`);
  } catch (error) {
    complain(error);
  }
  isRunning = false;
  isPausing = false;
  show();
}

async function ask(): Promise<void> {
  if (heads === undefined || seen === 0 || !rowInput.checkValidity()) return;
  const at = rowInput.valueAsNumber;
  const { x, y } = heldOut.row(at);
  const begin = performance.now();
  const answers = await heads.sparse.ask(x.data, ANSWERS);
  const took = performance.now() - begin;
  const bars = answers.flatMap(({ label, probability }) => {
    const bar = make('div', 'bar');
    bar.style.width = `${100 * probability}%`;
    const isRight = label === names[y[0]];
    return [
      make('div', isRight ? 'name known' : 'name', String(label)),
      make('div', 'track', bar),
      make('div', 'value', percent(probability, 0)),
    ];
  });
  find('answer', HTMLElement).replaceChildren(make('div', 'bars', ...bars));
  const verdict = answers[0].label === names[y[0]] ? 'right' : 'wrong';
  const waited = `answered in ${duration(took / 1000)}`;
  setText(find('asked', HTMLElement), `Row ${at} is of ${names[y[0]]}: ${verdict}, ${waited}.`);
}

// ---- what the visitor does ----

buttons.start.addEventListener('click', () => {
  if (isRunning) {
    isPausing = true;
    show();
    return;
  }
  notice = '';
  if (seen >= goal) goal = seen + MORE_PASSES * training.rows;
  void run();
});
buttons.add.addEventListener('click', () => {
  waiting++;
  show();
  if (!isRunning) void run();
});
rowInput.addEventListener('change', () => void ask());
find('another-row', HTMLButtonElement).addEventListener('click', () => {
  // One of the next class.
  rowInput.value = String((Number(rowInput.value) + HELD_OUT_ROWS + 1) % (Number(rowInput.max) + 1));
  void ask();
});
watchSizes([curves], show);
prepare().then(show, complain);
