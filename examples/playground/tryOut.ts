// One sample, drawn or taken from the held-out rows, and what the networks say about it.

import { percent } from '../shared/numbers.ts';
import { contextOf, find, inTurns, make, setText, styleValue } from '../shared/page.ts';
import { SIDE, toPixels } from './digits.ts';
import { NETWORKS } from './experiment.ts';
import { pixelAt } from './inputPicture.ts';
import { isMove, moved } from './keys.ts';
import type { DataFacts, SampleRow } from './protocol.ts';

/** Classes shown at most; of more, the likeliest. */
const MOST_CLASSES = 12;
/** Pixels of the pad that an arrow key moves the pen by, and the pen's width. */
const [STEP, PEN_WIDTH] = [16, 30];

type Probabilities = readonly (Float32Array | undefined)[];

/** What the try-out asks of the networks. */
export interface Oracle {
  facts(): DataFacts | undefined;
  row(at: number): Promise<SampleRow>;
  predict(values: Float32Array): Promise<Probabilities>;
}

/** Makes pad, row and bars work. */
export function prepareTryOut(oracle: Oracle) {
  const pad = find('pad', HTMLCanvasElement);
  // From now on it takes keys; before, it was a picture.
  pad.setAttribute('role', 'application');
  const row = find('row', HTMLInputElement);
  let strokes: number[][] = [];
  /** Where the keyboard's pen is, and whether it draws. */
  let pen = { x: pad.width / 2, y: pad.height / 2 };
  let isPenDown = false;
  let sample: { readonly values: Float32Array; readonly about: string } | undefined;
  let asking = false;
  let again = false;

  /** Asks the networks. Calls that come meanwhile lead to one more question afterwards. */
  async function ask(): Promise<void> {
    again = asking;
    if (asking) return;
    asking = true;
    const facts = oracle.facts();
    const asked = sample;
    try {
      const answers = facts !== undefined && asked !== undefined ? await oracle.predict(asked.values) : [];
      if (asked === sample) showProbabilities(facts, answers);
    } catch {
      // The network was given up meanwhile. The next one is asked in its turn.
    } finally {
      asking = false;
      if (again) void ask();
    }
  }

  function showSample(next: typeof sample): void {
    sample = next;
    const picture = oracle.facts()?.picture;
    find('seen', HTMLCanvasElement).hidden = picture === undefined || next === undefined;
    if (picture !== undefined && next !== undefined) drawSample(next.values, picture);
    setText(find('seen-about', HTMLElement), next?.about ?? '');
    void ask();
  }

  const drawPad = inTurns([inkPad, seeDrawing], 16);

  function inkPad(): void {
    const context = contextOf(pad);
    context.clearRect(0, 0, pad.width, pad.height);
    context.fillStyle = styleValue('--ink');
    context.strokeStyle = styleValue('--ink');
    context.lineWidth = PEN_WIDTH;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    for (const stroke of strokes) {
      context.beginPath();
      if (stroke.length === 2) {
        // A tap: a line without a length is not drawn by every browser.
        context.arc(stroke[0], stroke[1], PEN_WIDTH / 2, 0, 2 * Math.PI);
        context.fill();
        continue;
      }
      for (let at = 0; at < stroke.length; at += 2) context.lineTo(stroke[at], stroke[at + 1]);
      context.stroke();
    }
    if (document.activeElement !== pad || !pad.matches(':focus-visible')) return;
    context.beginPath();
    context.arc(pen.x, pen.y, PEN_WIDTH / 2, 0, 2 * Math.PI);
    context.lineWidth = 3;
    context.strokeStyle = styleValue('--a');
    context.stroke();
  }

  function seeDrawing(): void {
    if (strokes.length === 0) return;
    const picture = oracle.facts()?.picture;
    if (picture?.side !== SIDE) return;
    const drawn = toPixels(strokes);
    const values = picture.columnsFirst ? drawn.map((_, input) => drawn[pixelAt(input, SIDE, true)]) : drawn;
    showSample({ values, about: 'Your drawing, as the network sees it' });
  }

  const place = ({ offsetX, offsetY }: PointerEvent): [number, number] => [
    (offsetX * pad.width) / pad.clientWidth,
    (offsetY * pad.height) / pad.clientHeight,
  ];
  /** The stroke of the one finger, pen or mouse that draws; a second finger draws nothing. */
  let drawing: { readonly pointer: number; readonly stroke: number[] } | undefined;
  pad.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || drawing !== undefined) return;
    pad.setPointerCapture(event.pointerId);
    drawing = { pointer: event.pointerId, stroke: place(event) };
    strokes.push(drawing.stroke);
    drawPad();
  });
  pad.addEventListener('pointermove', (event) => {
    if (drawing?.pointer !== event.pointerId) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) drawing.stroke.push(...place(one));
    drawPad();
  });
  for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) {
    pad.addEventListener(end, (event) => {
      if (drawing?.pointer === event.pointerId) drawing = undefined;
    });
  }
  pad.addEventListener('keydown', (event) => {
    if (event.key === ' ' || event.key === 'Enter') {
      isPenDown = !isPenDown;
      if (isPenDown) strokes.push([pen.x, pen.y]);
    } else if (event.key === 'Escape' || event.key === 'Delete') {
      clear();
    } else if (isMove(event.key)) {
      pen = moved(pen, event.key, STEP, PEN_WIDTH / 2, pad.width - PEN_WIDTH / 2);
      if (isPenDown) strokes.at(-1)?.push(pen.x, pen.y);
    } else return;
    event.preventDefault();
    setText(find('pad-state', HTMLElement), isPenDown ? 'The pen is down.' : 'The pen is up.');
    drawPad();
  });
  for (const event of ['focus', 'blur']) {
    pad.addEventListener(event, () => {
      isPenDown = false;
      drawPad();
    });
  }

  /** Forgets the drawing, and what the networks said of it. */
  function clear(): void {
    [strokes, isPenDown] = [[], false];
    inkPad();
    showSample(undefined);
  }
  find('clear', HTMLButtonElement).addEventListener('click', clear);

  async function takeRow(): Promise<void> {
    const facts = oracle.facts();
    if (facts === undefined || !row.checkValidity() || row.value === '') return;
    const at = row.valueAsNumber;
    try {
      const { values, label } = await oracle.row(at);
      if (row.valueAsNumber !== at) return;
      [strokes, isPenDown] = [[], false];
      inkPad();
      showSample({ values, about: `Held-out row ${at}: class ${facts.labelNames[label]}` });
    } catch {
      // The worker has ended; the page says so.
    }
  }
  row.addEventListener('change', takeRow);
  find('next-row', HTMLButtonElement).addEventListener('click', () => {
    row.value = String((Number(row.value) + 1) % (Number(row.max) + 1));
    void takeRow();
  });

  return {
    /** Starts over with new data: what was drawn does not fit them. */
    async reset(facts: DataFacts): Promise<void> {
      find('pad-side', HTMLElement).hidden = facts.picture?.side !== SIDE;
      row.max = String(facts.validationRows - 1);
      row.value = '0';
      await takeRow();
    },
    /** The networks have changed. */
    ask,
    /** The page's colours have changed. */
    redraw: drawPad,
  };
}

function drawSample(values: Float32Array, { side, columnsFirst }: NonNullable<DataFacts['picture']>): void {
  const canvas = find('seen', HTMLCanvasElement);
  [canvas.width, canvas.height] = [side, side];
  const context = contextOf(canvas);
  const image = context.createImageData(side, side);
  values.forEach((value, input) => {
    const at = 4 * pixelAt(input, side, columnsFirst);
    image.data.fill(255 * value, at, at + 3);
    image.data[at + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}

function showProbabilities(facts: DataFacts | undefined, answers: Probabilities): void {
  const given = answers.flatMap((probabilities, at) =>
    probabilities ? [{ network: NETWORKS[at], probabilities }] : [],
  );
  const box = find('probabilities', HTMLElement);
  if (given.length === 0 || facts === undefined) {
    box.replaceChildren();
    const isTrained = facts !== undefined;
    setText(
      find('prediction', HTMLElement),
      isTrained ? 'Draw something, or take a row.' : 'Train a network first, or load one.',
    );
    return;
  }
  const { labelNames } = facts;
  const likeliest = (probabilities: Float32Array): number =>
    probabilities.indexOf(Math.max(...probabilities));
  const highest = (label: number): number => Math.max(...given.map((one) => one.probabilities[label]));
  const classes = [...labelNames.keys()];
  const shown =
    classes.length <= MOST_CLASSES
      ? classes
      : classes.sort((one, other) => highest(other) - highest(one)).slice(0, MOST_CLASSES);
  const bars = make('div', 'bars');
  for (const label of shown) {
    const track = make('div', given.length === 2 ? 'track two' : 'track');
    for (const { network, probabilities } of given) {
      const bar = make('div', `bar ${network}`);
      bar.style.width = `${100 * probabilities[label]}%`;
      track.append(bar);
    }
    const values = given.map(({ probabilities }) => percent(probabilities[label], 0)).join(' · ');
    const isFirst = given.some(({ probabilities }) => likeliest(probabilities) === label);
    bars.append(
      make('div', isFirst ? 'name known' : 'name', labelNames[label]),
      track,
      make('div', 'value', values),
    );
  }
  box.replaceChildren(bars);
  const said = given.map(({ network, probabilities }) => {
    const label = likeliest(probabilities);
    return `${network.toUpperCase()} says ${labelNames[label]} (${percent(probabilities[label], 0)})`;
  });
  setText(find('prediction', HTMLElement), `${said.join(', ')}.`);
}
