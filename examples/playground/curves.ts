// The learning curves of both networks, in one chart, with a mark at the epoch that is shown.
import { brief, grouped, percent } from '../shared/numbers.ts';
import type { Size } from '../shared/page.ts';
import { svgNode, svgText } from '../shared/svg.ts';
import type { NetworkName } from './experiment.ts';
import type { Frame } from './protocol.ts';

export type Measure = 'accuracy' | 'loss';

/** The frames of a network, and the class of its colour. */
export interface Curve {
  readonly network: NetworkName;
  readonly frames: readonly Frame[];
}

/** Room around the curves, in CSS pixels: numbers to the left and below, names to the right. */
const ROOM = { left: 48, right: 30, top: 8, bottom: 26 };
/** Pixels that a number on the axis takes, with some room. */
const TICK = 58;
/** A training up to so many epochs has its axis from the start; a longer one grows into it. */
const WHOLE_AXIS = 200;

/** The last epoch of the axis, for a training of `total` epochs that has come to `reached`. */
export function axisEnd(total: number, reached: number): number {
  if (total <= WHOLE_AXIS) return Math.max(total, reached, 2);
  return Math.max(reached, Math.min(total, Math.max(50, niceAbove(1.1 * reached))));
}

/** Draws the curves into a box. @param total epochs of the training. @param shown the epoch of the mark. */
export function drawCurves(
  box: HTMLElement,
  { width, height }: Size,
  curves: readonly Curve[],
  measure: Measure,
  total: number,
  shown: number | undefined,
): void {
  const svg = svgNode('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
  const scored = curves.map(({ network, frames }) => ({
    network,
    frames: frames.filter(({ scores }) => scores !== undefined),
  }));
  const value = ({ scores }: Frame, held: boolean): number | undefined =>
    scores?.[measure === 'loss' ? (held ? 'valLoss' : 'loss') : held ? 'valAccuracy' : 'accuracy'];
  const all = scored.flatMap(({ frames }) =>
    frames.flatMap((frame) => [value(frame, true), value(frame, false)].filter((one) => one !== undefined)),
  );
  const most = measure === 'accuracy' ? 1 : niceAbove(quantile(all.filter(Number.isFinite)));
  const reached = Math.max(0, ...scored.map(({ frames }) => frames.at(-1)?.epoch ?? 0));
  const end = axisEnd(total, reached);
  const x = (epoch: number): number =>
    ROOM.left + ((width - ROOM.left - ROOM.right) * (epoch - 1)) / Math.max(1, end - 1);
  const y = (one: number): number =>
    height - ROOM.bottom - ((height - ROOM.top - ROOM.bottom) * Math.min(one, most)) / most;

  for (const step of [0, 1, 2, 3, 4]) {
    const at = (most * step) / 4;
    svg.append(
      svgNode('line', { class: 'grid', x1: ROOM.left, x2: width - ROOM.right, y1: y(at), y2: y(at) }),
      svgText(ROOM.left - 8, y(at) + 4, 'end', measure === 'accuracy' ? percent(at, 0) : trim(at)),
    );
  }
  svg.append(svgText(ROOM.left, height - 6, 'start', 'epoch 1'));
  for (const epoch of epochTicks(end, Math.floor((width - ROOM.left - ROOM.right) / TICK))) {
    if (x(epoch) > x(1) + TICK + 20) {
      const text = epoch >= 10_000 ? brief(epoch) : grouped(epoch);
      svg.append(svgText(x(epoch), height - 6, 'middle', text));
    }
  }
  if (shown !== undefined && shown >= 1) {
    const at = x(shown);
    svg.append(svgNode('line', { class: 'mark', x1: at, x2: at, y1: ROOM.top, y2: height - ROOM.bottom }));
  }
  const ends: { network: string; at: number; to: number }[] = [];
  for (const { network, frames } of scored) {
    const last = frames.at(-1);
    if (last === undefined) continue;
    for (const held of [false, true]) {
      const points = frames.flatMap((frame) => {
        const own = value(frame, held);
        return own === undefined || Number.isNaN(own)
          ? []
          : [`${x(frame.epoch).toFixed(1)} ${y(own).toFixed(1)}`];
      });
      if (points.length === 0) continue;
      // A single point would not show: it becomes a line of two pixels.
      const d = points.length === 1 ? `M${points[0]}h2` : `M${points.join('L')}`;
      svg.append(svgNode('path', { class: held ? network : `${network} thin`, d }));
    }
    const own = value(last, true) ?? value(last, false);
    if (own !== undefined && !Number.isNaN(own)) ends.push({ network, at: x(last.epoch), to: y(own) });
  }
  for (const { network, at, to } of spaced(ends)) {
    const name = svgText(at + 7, to + 4, 'start', network.toUpperCase());
    name.setAttribute('class', network);
    svg.append(name);
  }
  box.replaceChildren(svg);
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

/** Epochs to name on an axis, at most so many. */
export function epochTicks(end: number, most: number): number[] {
  const step = [1, 10, 100, 1000, 10_000, 100_000]
    .flatMap((power) => [1, 2, 5].map((factor) => factor * power))
    .find((size) => end / size <= Math.max(1, Math.min(6, most)));
  const count = step === undefined ? 0 : Math.floor(end / step);
  return Array.from({ length: count }, (_, at) => (at + 1) * (step ?? 0));
}
