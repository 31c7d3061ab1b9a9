// The network as a picture: a column of neurons for every layer, a line for every connection, and the last
// update in colour.
import { grouped, styleValue } from '../shared/page.ts';
import type { Look } from './run.ts';

/** Lines of a layer at most. Of more connections a part is drawn, always the same ones. */
export const MOST_LINES = 320;

/** What is drawn, how large in CSS pixels and how sharp. */
export interface Picture extends Pick<Look, 'patterns' | 'edits'> {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly colours: Readonly<Record<'kept' | 'pruned' | 'scored' | 'random' | 'text' | 'muted', string>>;
  readonly font: string;
}

/** What pictureWorker.ts gets: the canvas of a name, or what to draw there. */
export interface Order {
  readonly name: string;
  readonly canvas?: OffscreenCanvas;
  readonly picture?: Picture;
}

const worker = new Worker(new URL('./pictureWorker.ts', import.meta.url), { type: 'module' });

/** Has another thread draw on a canvas. */
export function handOverCanvas(name: string, canvas: HTMLCanvasElement): void {
  const offscreen = canvas.transferControlToOffscreen();
  worker.postMessage({ name, canvas: offscreen } satisfies Order, [offscreen]);
}

/** Draws a look at a network on the canvas of a name. */
export function drawTopology(name: string, { patterns, edits }: Look, width: number, height: number): void {
  const [kept, pruned, scored] = ['--kept', '--pruned', '--scored'].map(styleValue);
  const [random, text, muted] = ['--random', '--text', '--muted'].map(styleValue);
  const picture: Picture = {
    ...{ patterns, edits, width, height },
    scale: Math.min(2, window.devicePixelRatio),
    colours: { kept, pruned, scored, random, text, muted },
    font: styleValue('font-family'),
  };
  worker.postMessage({ name, picture } satisfies Order);
}

/** What the picture shows, in words. */
export function describeTopology({ patterns, edits, epoch }: Look): string {
  const nnz = patterns.reduce((sum, { indices }) => sum + indices.length, 0);
  const sampled = patterns.some(({ indices }) => indices.length > MOST_LINES)
    ? ' (some of them are drawn)'
    : '';
  const count = (part: 'pruned' | 'grown' | 'random'): number =>
    (edits ?? []).reduce((sum, edit) => sum + edit[part].rows.length, 0);
  const update =
    edits === undefined
      ? ''
      : ` The last update pruned ${grouped(count('pruned'))} and grew ${grouped(count('grown'))}, ` +
        `${grouped(count('random'))} of them at random.`;
  return `Epoch ${epoch}: ${grouped(nnz)} connections${sampled}.${update}`;
}
