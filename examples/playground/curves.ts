// The learning curves of both runs, in one chart.
import type { Epoch } from 'ctre';
import { percent, type Size } from '../shared/page.ts';
import { svgNode, svgText } from '../shared/svg.ts';

export type Measure = 'accuracy' | 'loss';

/** The epochs of a run, and the class of its colour. */
export interface Curve {
  readonly run: 'a' | 'b';
  readonly epochs: readonly Epoch[];
}

/** Room around the curves, in CSS pixels: numbers to the left and below, names to the right. */
const ROOM = { left: 44, right: 30, top: 8, bottom: 26 };
/** Pixels that the name of the axis takes. */
const NAME = 66;
/** Points of a curve at most: more than there are pixels would not show. */
const MOST_POINTS = 600;

/** Draws the curves into a box, over an axis of so many epochs. */
export function drawCurves(
  box: HTMLElement,
  { width, height }: Size,
  curves: readonly Curve[],
  measure: Measure,
  epochs: number,
): void {
  const svg = svgNode('svg', { viewBox: `0 0 ${width} ${height}` });
  const values = (held: boolean, list: readonly Epoch[]) =>
    list.map(
      (epoch) => (held ? epoch[measure === 'loss' ? 'valLoss' : 'valAccuracy'] : epoch[measure]) ?? null,
    );
  const all = curves.flatMap(({ epochs: list }) => [...values(true, list), ...values(false, list)]);
  const most = measure === 'accuracy' ? 1 : niceAbove(quantile(all.filter((value) => value !== null)));
  const x = (epoch: number): number =>
    ROOM.left + ((width - ROOM.left - ROOM.right) * (epoch - 1)) / Math.max(1, epochs - 1);
  const y = (value: number): number =>
    height - ROOM.bottom - ((height - ROOM.top - ROOM.bottom) * Math.min(value, most)) / most;

  for (const step of [0, 1, 2, 3, 4]) {
    const value = (most * step) / 4;
    svg.append(
      svgNode('line', { class: 'grid', x1: ROOM.left, x2: width - ROOM.right, y1: y(value), y2: y(value) }),
      svgText(ROOM.left - 8, y(value) + 4, 'end', measure === 'accuracy' ? percent(value, 0) : trim(value)),
    );
  }
  svg.append(svgText(x(1), height - 6, 'start', 'epoch 1'));
  for (const epoch of epochTicks(epochs)) {
    if (x(epoch) > x(1) + NAME) svg.append(svgText(x(epoch), height - 6, 'middle', String(epoch)));
  }

  const ends: { run: string; at: number; to: number }[] = [];
  for (const { run, epochs: list } of curves) {
    if (list.length === 0) continue;
    for (const held of [false, true]) {
      const path = pathThrough(list, values(held, list), x, y);
      svg.append(svgNode('path', { class: held ? run : `${run} thin`, d: path }));
    }
    const last = list[list.length - 1];
    const value = values(true, list).at(-1) ?? last[measure];
    ends.push({ run, at: x(last.epoch), to: y(value) });
  }
  for (const { run, at, to } of spaced(ends)) {
    const name = svgText(at + 7, to + 4, 'start', run.toUpperCase());
    name.setAttribute('class', run);
    svg.append(name);
  }
  box.replaceChildren(svg);
}

function pathThrough(
  epochs: readonly Epoch[],
  values: readonly (number | null)[],
  x: (epoch: number) => number,
  y: (value: number) => number,
): string {
  const stride = Math.ceil(epochs.length / MOST_POINTS);
  const kept = epochs.flatMap(({ epoch }, at) => {
    const value = values[at];
    const drawn = at % stride === 0 || at === epochs.length - 1;
    return drawn && value !== null ? [`${x(epoch).toFixed(1)} ${y(value).toFixed(1)}`] : [];
  });
  // A single point would not show: it becomes a line of two pixels.
  return kept.length === 1 ? `M${kept[0]}h2` : `M${kept.join('L')}`;
}

/** The curves' ends, moved apart so that their names do not overlap. */
function spaced<E extends { to: number }>(ends: readonly E[]): E[] {
  const sorted = [...ends].sort((one, other) => one.to - other.to);
  sorted.forEach((end, at) => {
    if (at > 0) end.to = Math.max(end.to, sorted[at - 1].to + 14);
  });
  return sorted;
}

/** The value that 99 % are below: a first loss far above all others would flatten the rest. */
function quantile(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 1;
}

/** The next larger number whose quarters are short. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-6)));
  return power * ([1, 2, 4, 8].find((factor) => factor * power >= value) ?? 10);
}

const trim = (value: number): string => String(Number(value.toPrecision(2)));

function epochTicks(epochs: number): number[] {
  const step = [1, 2, 5]
    .flatMap((factor) => [1, 10, 100, 1000, 10_000, 100_000].map((power) => factor * power))
    .sort((one, other) => one - other)
    .find((size) => epochs / size <= 6);
  const count = step === undefined ? 0 : Math.floor(epochs / step);
  return Array.from({ length: count }, (_, at) => (at + 1) * (step ?? 0));
}
