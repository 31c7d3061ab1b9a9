// How both heads do on held-out rows, over the rows that they have learnt from.
import { grouped, percent } from '../shared/numbers.ts';
import type { Size } from '../shared/page.ts';
import { svgNode, svgText } from '../shared/svg.ts';

/** What is drawn of a head, and the class of its colour. */
export interface Curve {
  readonly colour: 'a' | 'b';
  readonly name: string;
  readonly looks: readonly { readonly seen: number; readonly accuracy: number }[];
}

/** A class that joined after so many rows. */
export interface Joined {
  readonly name: string;
  readonly seen: number;
}

/** Room around the curves, in CSS pixels: numbers to the left and below. */
const ROOM = { left: 48, right: 12, top: 20, bottom: 26 };

/** The lowest share that is shown: where there are many classes, the difference is above it. */
const LOWEST = 0.5;

/** Draws the curves into a box, over an axis of so many rows. */
export function drawCurves(
  box: HTMLElement,
  { width, height }: Size,
  curves: readonly Curve[],
  joined: readonly Joined[],
  rows: number,
): void {
  const svg = svgNode('svg', { viewBox: `0 0 ${width} ${height}` });
  const x = (seen: number): number => ROOM.left + ((width - ROOM.left - ROOM.right) * seen) / rows;
  const y = (share: number): number => {
    const part = (Math.max(share, LOWEST) - LOWEST) / (1 - LOWEST);
    return height - ROOM.bottom - (height - ROOM.top - ROOM.bottom) * part;
  };
  for (const share of [0.5, 0.6, 0.7, 0.8, 0.9, 1]) {
    svg.append(
      svgNode('line', { class: 'grid', x1: ROOM.left, x2: width - ROOM.right, y1: y(share), y2: y(share) }),
      svgText(ROOM.left - 8, y(share) + 4, 'end', percent(share, 0)),
    );
  }
  svg.append(svgText(ROOM.left, height - 6, 'start', '0 rows'));
  svg.append(svgText(x(rows / 2), height - 6, 'middle', grouped(rows / 2)));
  svg.append(svgText(x(rows), height - 6, 'end', grouped(rows)));
  for (const { name, seen } of joined) {
    svg.append(
      svgNode('line', { class: 'joined', x1: x(seen), x2: x(seen), y1: y(LOWEST), y2: y(1) }),
      svgText(x(seen), ROOM.top - 6, seen > rows / 2 ? 'end' : 'start', name),
    );
  }
  for (const { colour, looks } of curves) {
    if (looks.length === 0) continue;
    const points = looks.map(({ seen, accuracy }) => `${x(seen).toFixed(1)} ${y(accuracy).toFixed(1)}`);
    svg.append(svgNode('path', { class: colour, d: `M${points.join('L')}` }));
  }
  box.replaceChildren(svg);
}
