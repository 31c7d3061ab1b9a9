// One sample, drawn or taken from the held-out rows, and what the networks say about it.

import { contextOf, find, inTurns, make, percent, setText, styleValue } from '../shared/page.ts';
import { type DataFacts, sampleRow } from './data.ts';
import { SIDE, toPixels } from './digits.ts';
import type { Run } from './run.ts';

/** Classes shown at most; of more, the likeliest. */
const MOST_CLASSES = 12;

type Runs = { readonly a: Run | undefined; readonly b: Run | undefined };

/** Makes pad, row and bars work. @param current the present data and runs. */
export function prepareTryOut(current: () => { facts: DataFacts | undefined; runs: Runs }) {
  const pad = find('pad', HTMLCanvasElement);
  const row = find('row', HTMLInputElement);
  let strokes: number[][] = [];
  let sample: { readonly values: Float32Array; readonly about: string } | undefined;
  let asking = false;
  let again = false;

  /** Asks the networks. Calls that come meanwhile lead to one more question afterwards. */
  async function ask(): Promise<void> {
    again = asking;
    if (asking) return;
    asking = true;
    const { facts, runs } = current();
    try {
      if (facts !== undefined && sample !== undefined) {
        const { values } = sample;
        const [a, b] = await Promise.all([runs.a?.predict(values), runs.b?.predict(values)]);
        showProbabilities(facts, a, b);
      }
    } catch {
      // The network was disposed of meanwhile. The next one is asked in its turn.
    } finally {
      asking = false;
      if (again) void ask();
    }
  }

  function showSample(next: typeof sample): void {
    sample = next;
    const { facts } = current();
    const side = facts?.picture?.side;
    find('seen', HTMLCanvasElement).hidden = side === undefined;
    if (side !== undefined && next !== undefined) drawPixels(next.values, side);
    setText(find('seen-about', HTMLElement), next?.about ?? '');
    void ask();
  }

  const drawPad = inTurns([inkPad, seeDrawing], 16);

  function inkPad(): void {
    const context = contextOf(pad);
    context.clearRect(0, 0, pad.width, pad.height);
    context.strokeStyle = styleValue('--ink');
    context.lineWidth = 30;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    for (const stroke of strokes) {
      context.beginPath();
      for (let at = 0; at < stroke.length; at += 2) context.lineTo(stroke[at], stroke[at + 1]);
      // This makes a dot visible: a line to where it is already.
      context.lineTo(stroke[stroke.length - 2], stroke[stroke.length - 1]);
      context.stroke();
    }
  }

  function seeDrawing(): void {
    if (strokes.length === 0) return;
    showSample({ values: toPixels(strokes), about: 'Your drawing, as the network sees it' });
  }

  const place = ({ offsetX, offsetY }: PointerEvent): [number, number] => [
    (offsetX * pad.width) / pad.clientWidth,
    (offsetY * pad.height) / pad.clientHeight,
  ];
  pad.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    pad.setPointerCapture(event.pointerId);
    strokes.push(place(event));
    drawPad();
  });
  pad.addEventListener('pointermove', (event) => {
    if (!pad.hasPointerCapture(event.pointerId)) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) strokes.at(-1)?.push(...place(one));
    drawPad();
  });
  function clear(): void {
    strokes = [];
    drawPad();
  }
  find('clear', HTMLButtonElement).addEventListener('click', clear);

  async function takeRow(): Promise<void> {
    const { facts } = current();
    if (facts === undefined || !row.checkValidity() || row.value === '') return;
    const at = row.valueAsNumber;
    const { values, label } = await sampleRow(at);
    clear();
    showSample({ values, about: `Held-out row ${at}: class ${facts.labelNames[label]}` });
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

function drawPixels(values: Float32Array, side: number): void {
  const canvas = find('seen', HTMLCanvasElement);
  [canvas.width, canvas.height] = [side, side];
  const context = contextOf(canvas);
  const image = context.createImageData(side, side);
  values.forEach((value, pixel) => {
    image.data.fill(255 * value, 4 * pixel, 4 * pixel + 3);
    image.data[4 * pixel + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}

function showProbabilities({ labelNames }: DataFacts, a?: Float32Array, b?: Float32Array): void {
  const given = [a, b].flatMap((probabilities, at) =>
    probabilities ? [{ run: 'ab'[at], probabilities }] : [],
  );
  const box = find('probabilities', HTMLElement);
  if (given.length === 0) {
    box.replaceChildren();
    setText(find('prediction', HTMLElement), 'Train a network first, or load one.');
    return;
  }
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
    for (const { run, probabilities } of given) {
      const bar = make('div', `bar ${run}`);
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
  const said = given.map(({ run, probabilities }) => {
    const label = likeliest(probabilities);
    return `${run.toUpperCase()} says ${labelNames[label]} (${percent(probabilities[label], 0)})`;
  });
  setText(find('prediction', HTMLElement), `${said.join(', ')}.`);
}
