// Which inputs have connections: drawn over the mean picture for pixels, as bars for columns of a table.

import { contextOf, make, styleColour } from '../shared/page.ts';
import type { DataFacts } from './data.ts';
import type { Look } from './run.ts';

/** Bars at most. */
const BARS = 12;
/** How strong the mean picture is at its brightest, and the colour of a single connection at least, of 1. */
const [MEAN_STRENGTH, LEAST_HEAT] = [0.45, 0.25];

/** Shows which inputs have connections. */
export function showInputs(box: HTMLElement, look: Look, facts: DataFacts): void {
  if (facts.picture === undefined) box.replaceChildren(...importanceBars(look, facts));
  else {
    const canvas = box.querySelector('canvas') ?? make('canvas');
    const about = drawConnections(canvas, look, facts.picture);
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', about);
    box.replaceChildren(canvas, make('figcaption', '', about));
  }
}

/** Draws the picture. @returns what it shows, in words. */
function drawConnections(
  canvas: HTMLCanvasElement,
  { patterns }: Look,
  { side, mean }: NonNullable<DataFacts['picture']>,
): string {
  const { indices, cols } = patterns[0];
  const counts = new Int32Array(cols);
  for (const j of indices) counts[j]++;
  [canvas.width, canvas.height] = [side, side];
  const context = contextOf(canvas);
  const most = counts.reduce((largest, count) => Math.max(largest, count), 1);
  const [paper, ink, colour] = ['--paper', '--kept', '--heat'].map(styleColour);
  const brightest = mean.reduce((largest, value) => Math.max(largest, value), 1e-9);
  const image = context.createImageData(side, side);
  counts.forEach((count, j) => {
    // The mean picture is faint. The more connections a pixel has, the more of the colour covers it.
    const faint = MEAN_STRENGTH * (mean[j] / brightest);
    const heat = count === 0 ? 0 : LEAST_HEAT + (1 - LEAST_HEAT) * (count / most);
    colour.forEach((channel, c) => {
      const below = paper[c] + (ink[c] - paper[c]) * faint;
      image.data[4 * j + c] = below + (channel - below) * heat;
    });
    image.data[4 * j + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  const used = counts.filter((count) => count > 0).length;
  const about = 'Connections of every pixel, over the mean picture.';
  return `${about} ${used} of ${cols} pixels are connected, one has up to ${most}.`;
}

function importanceBars({ importance }: Look, { featureNames, known }: DataFacts): Node[] {
  const strongest = [...importance.keys()]
    .sort((one, other) => importance[other] - importance[one])
    .slice(0, BARS);
  const kinds = new Map<number, string>();
  for (const column of known?.informative ?? []) kinds.set(column, 'matters');
  for (const column of known?.redundant ?? []) kinds.set(column, 'repeats');
  const top = importance[strongest[0]];
  const bars = make('div', 'bars');
  for (const column of strongest) {
    const kind = kinds.get(column);
    const bar = make('div', kind === undefined && known ? 'bar faint' : 'bar');
    bar.style.width = `${(100 * importance[column]) / Math.max(top, 1e-9)}%`;
    bars.append(
      make('div', kind ? 'name known' : 'name', featureNames?.[column] ?? `column ${column}`),
      make('div', 'track', bar),
      make('div', 'value', kind ?? importance[column].toFixed(2)),
    );
  }
  const found = strongest.filter((column) => kinds.has(column)).length;
  const about = known ? ` ${found} of them carry information.` : '';
  const caption = make(
    'figcaption',
    '',
    `The ${strongest.length} strongest inputs: Σ|w| over their connections.${about}`,
  );
  return [caption, bars];
}
