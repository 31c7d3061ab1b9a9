// Where a network looks: the strength of every input, over the mean picture for pixels, as a field of dots for
// the columns of a table.
import { grouped, percent } from '../shared/numbers.ts';
import { contextOf, styleColour, styleValue } from '../shared/page.ts';
import type { DataFacts, Frame } from './protocol.ts';

/** How strong the mean picture is at its brightest, of 1. */
const MEAN_STRENGTH = 0.4;
/** Dots at most; of more columns the strongest are drawn. */
const MOST_DOTS = 1200;

/** Columns that are known to matter. One is found where it is among as many of the strongest. */
interface Found {
  readonly known: number;
  readonly found: ReadonlySet<number>;
  /** The share of all strength that is on columns which matter, 0 to 1. */
  readonly share: number;
}

function foundOf(strengths: Float32Array | undefined, known: DataFacts['known']): Found | undefined {
  if (strengths === undefined || known === undefined) return undefined;
  const matter = new Set([...known.informative, ...known.redundant]);
  const strongest = [...strengths.keys()]
    .sort((one, other) => strengths[other] - strengths[one])
    .slice(0, matter.size);
  const sum = strengths.reduce((total, value) => total + value, 0);
  const on = [...matter].reduce((total, column) => total + strengths[column], 0);
  return {
    known: matter.size,
    found: new Set(strongest.filter((column) => matter.has(column) && strengths[column] > 0)),
    share: on / Math.max(sum, 1e-30),
  };
}

/** What the picture shows, in words. */
export function describeInputs(frame: Frame | undefined, facts: DataFacts | undefined): string {
  if (frame === undefined || facts === undefined) return '';
  if (frame.strengths === undefined) return 'This network is too large to look into.';
  const found = foundOf(frame.strengths, facts.known);
  if (found !== undefined) {
    const where = `They get ${percent(found.share, 0).replace(' ', '\u00a0')} of the weight.`;
    return `${found.found.size} of ${found.known} found. ${where}`;
  }
  const kind = facts.picture ? 'pixels' : 'columns';
  return `It looks at ${grouped(frame.connected ?? 0)} of ${grouped(facts.cols)} ${kind}.`;
}

/** How the dots of a table's columns are laid out: as many in a row as make the field as wide as high. */
export function dotGrid(count: number, width: number, height: number): { across: number; down: number } {
  const across = Math.max(1, Math.min(count, Math.round(Math.sqrt((count * width) / height))));
  return { across, down: Math.ceil(count / across) };
}

/** Draws where a network looks. @param scale pixels of the screen for a CSS pixel. */
export function drawInputs(
  canvas: HTMLCanvasElement,
  frame: Frame | undefined,
  facts: DataFacts | undefined,
  colour: string,
  width: number,
  height: number,
): void {
  if (facts?.picture !== undefined) {
    drawPixels(canvas, frame?.strengths, facts.picture, colour);
    return;
  }
  const scale = Math.min(2, window.devicePixelRatio);
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = contextOf(canvas);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const count = Math.min(facts?.cols ?? 500, MOST_DOTS);
  drawDots(context, frame?.strengths, facts, count, colour, width, height);
}

function drawDots(
  context: CanvasRenderingContext2D,
  strengths: Float32Array | undefined,
  facts: DataFacts | undefined,
  count: number,
  colour: string,
  width: number,
  height: number,
): void {
  const { across, down } = dotGrid(count, width, height);
  const step = Math.min(width / across, height / down);
  const [left, top] = [(width - across * step) / 2, (height - down * step) / 2];
  const columns = dotColumns(strengths, facts?.cols ?? count, count);
  const most = strengths?.reduce((high, value) => Math.max(high, value), 1e-30) ?? 1;
  const matter = new Set([...(facts?.known?.informative ?? []), ...(facts?.known?.redundant ?? [])]);
  const circle = (at: number, radius: number): void => {
    const [x, y] = [left + step * ((at % across) + 0.5), top + step * (Math.floor(at / across) + 0.5)];
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  };
  const paint = (style: string, draw: () => void): void => {
    context.fillStyle = style;
    context.beginPath();
    draw();
    context.fill();
  };
  const sizeOf = (column: number): number =>
    step * (0.1 + 0.38 * Math.sqrt((strengths?.[column] ?? 0) / most));
  paint(styleValue('--dot'), () => {
    columns.forEach((column, at) => {
      if (strengths === undefined || strengths[column] === 0) circle(at, step * 0.1);
    });
  });
  const found = foundOf(strengths, facts?.known)?.found;
  // Where nobody knows what matters, all columns have the colour.
  const isColoured = (column: number): boolean => matter.size === 0 || found?.has(column) === true;
  for (const coloured of [false, true]) {
    paint(styleValue(coloured ? colour : '--faint'), () => {
      columns.forEach((column, at) => {
        if ((strengths?.[column] ?? 0) > 0 && isColoured(column) === coloured) circle(at, sizeOf(column));
      });
    });
  }
  // A ring where something is to be found.
  context.strokeStyle = styleValue('--text');
  context.lineWidth = 1;
  context.beginPath();
  columns.forEach((column, at) => {
    if (matter.has(column)) circle(at, step * 0.47);
  });
  context.stroke();
}

/** The columns that are drawn, ascending: all, or the strongest. */
export function dotColumns(strengths: Float32Array | undefined, cols: number, count: number): Int32Array {
  const all = Int32Array.from({ length: cols }, (_, column) => column);
  if (cols <= count) return all;
  if (strengths === undefined) return all.slice(0, count);
  return all
    .sort((one, other) => strengths[other] - strengths[one])
    .slice(0, count)
    .sort();
}

function drawPixels(
  canvas: HTMLCanvasElement,
  strengths: Float32Array | undefined,
  { side, mean, columnsFirst }: NonNullable<DataFacts['picture']>,
  colour: string,
): void {
  if (canvas.width !== side || canvas.height !== side) [canvas.width, canvas.height] = [side, side];
  const context = contextOf(canvas);
  const most = strengths?.reduce((high, value) => Math.max(high, value), 1e-30) ?? 1;
  const [paper, ink, own] = ['--paper', '--kept', colour].map(styleColour);
  const brightest = mean.reduce((high, value) => Math.max(high, value), 1e-9);
  const image = context.createImageData(side, side);
  mean.forEach((value, j) => {
    // The mean picture is faint. The stronger a pixel is, the more of the colour covers it.
    const faint = MEAN_STRENGTH * (value / brightest);
    const heat = Math.min(1, 1.2 * ((strengths?.[j] ?? 0) / most));
    const at = 4 * pixelAt(j, side, columnsFirst);
    own.forEach((channel, c) => {
      const below = paper[c] + (ink[c] - paper[c]) * faint;
      image.data[at + c] = below + (channel - below) * heat;
    });
    image.data[at + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}

/** Where an input is drawn: pictures whose columns come first are turned upright. */
export function pixelAt(input: number, side: number, columnsFirst: boolean): number {
  return columnsFirst ? (input % side) * side + Math.floor(input / side) : input;
}
