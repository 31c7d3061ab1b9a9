// Draws a network on any canvas, in a worker or on the page: its strongest neurons from left to right, and how
// strongly they are connected. Neurons glide to their new places; new connections come, and pruned ones go.
import { grouped } from '../shared/numbers.ts';
import type { DrawnLink, NetworkLook } from './protocol.ts';

/** Colours of the page, and its font: no style sheet reaches a worker. */
export type Palette = Readonly<
  Record<'kept' | 'pruned' | 'scored' | 'random' | 'bundle' | 'text' | 'muted' | 'a' | 'font', string>
>;

/** A size in CSS pixels, and how many pixels of the screen one of them has. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

/** A canvas of the page or of a worker. */
type AnyCanvas = HTMLCanvasElement | OffscreenCanvas;
type AnyContext = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Room around the neurons, in CSS pixels: names above, and on both sides. */
export const ROOM = { top: 30, bottom: 10, side: 16 };
/** Milliseconds of a change. */
const GLIDE = 420;

/** A drawn neuron: its layer and its position in the layer's list. */
export interface Place {
  readonly layer: number;
  readonly at: number;
}

interface Shown {
  readonly look: NetworkLook;
  /** Heights of the neurons before the change, by layer. */
  readonly from: readonly (readonly number[])[];
}

/** Draws looks at a network on a canvas. */
export class NetworkDrawing {
  readonly #canvas: AnyCanvas;
  readonly #context: AnyContext;
  #size: PictureSize = { width: 0, height: 0, scale: 1 };
  #palette: Palette | undefined;
  #isStill = false;
  #shown: Shown | undefined;
  #begun = 0;
  #isDrawing = false;
  #chosen: Place | undefined;

  constructor(canvas: AnyCanvas) {
    // The context is asked for once: a canvas that was handed over is not to be asked again.
    const context = canvas.getContext('2d') as AnyContext | null;
    if (context === null) throw new Error('this browser draws no canvas');
    [this.#canvas, this.#context] = [canvas, context];
  }

  /** Shows a look; the neurons glide there from where they are. */
  show(look: NetworkLook, size: PictureSize, palette: Palette, isStill: boolean): void {
    [this.#palette, this.#isStill] = [palette, isStill];
    const before = this.#shown;
    const isResized = this.#size.width !== size.width || this.#size.height !== size.height;
    this.#size = size;
    const from = look.layers.map(({ neurons }, layer) =>
      neurons.map(({ neuron }, at) => {
        const to = heightOf(at, neurons.length);
        if (before === undefined || isResized) return to;
        const old = before.look.layers[layer]?.neurons.findIndex((one) => one.neuron === neuron) ?? -1;
        return old < 0 ? to : this.#height(before, layer, old, this.#progress());
      }),
    );
    const isOther = before?.look.layers.some((layer, l) => layer.size !== look.layers[l]?.size) ?? false;
    if (isOther) this.#chosen = undefined;
    this.#shown = { look, from };
    this.#begun = performance.now();
    this.redraw();
  }

  clear(): void {
    [this.#shown, this.#chosen] = [undefined, undefined];
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** Marks a neuron and its connections; none without a place. */
  choose(place: Place | undefined): void {
    this.#chosen = place;
    this.redraw();
  }

  redraw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.#draw();
      if (this.#progress() < 1) this.redraw();
    });
  }

  #progress(): number {
    if (this.#isStill) return 1;
    return Math.min(1, (performance.now() - this.#begun) / GLIDE);
  }

  #x(layer: number): number {
    const layers = this.#shown?.look.layers.length ?? 2;
    return ROOM.side + ((this.#size.width - 2 * ROOM.side) * layer) / (layers - 1);
  }

  /** Height of a neuron from 0 to 1. */
  #height({ look, from }: Shown, layer: number, at: number, progress: number): number {
    const to = heightOf(at, look.layers[layer].neurons.length);
    const eased = 1 - (1 - progress) ** 3;
    return from[layer][at] + (to - from[layer][at]) * eased;
  }

  #draw(): void {
    const shown = this.#shown;
    const { width, height, scale } = this.#size;
    if (shown === undefined || width === 0) return;
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.#canvas.width !== w || this.#canvas.height !== h) {
      [this.#canvas.width, this.#canvas.height] = [w, h];
    }
    const context = this.#context;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const progress = this.#progress();
    const y = (layer: number, at: number): number =>
      ROOM.top + (height - ROOM.top - ROOM.bottom) * this.#height(shown, layer, at, progress);
    shown.look.links.forEach((links, l) => {
      this.#drawLinks(context, links, l, y, progress);
    });
    this.#drawNeurons(context, shown.look, y);
  }

  #drawLinks(
    context: AnyContext,
    links: readonly DrawnLink[],
    l: number,
    y: (layer: number, at: number) => number,
    progress: number,
  ): void {
    const [look, palette] = [this.#shown?.look, this.#palette];
    if (look === undefined || palette === undefined) return;
    const isGroup = ({ from, to }: DrawnLink): boolean =>
      look.layers[l].neurons[from].neuron < 0 || look.layers[l + 1].neurons[to].neuron < 0;
    const most = (group: boolean): number =>
      links.reduce(
        (high, link) => (isGroup(link) === group ? Math.max(high, Math.abs(link.weight)) : high),
        1e-30,
      );
    const tops = { single: most(false), group: most(true) };
    const chosen = this.#chosen;
    const [x0, x1] = [this.#x(l), this.#x(l + 1)];
    const bend = (x1 - x0) * 0.45;
    for (const link of links) {
      const group = isGroup(link);
      const share = Math.abs(link.weight) / (group ? tops.group : tops.single);
      const isChosen =
        chosen !== undefined &&
        ((chosen.layer === l && chosen.at === link.from) ||
          (chosen.layer === l + 1 && chosen.at === link.to));
      const isNew = link.state === 'scored' || link.state === 'random';
      const dim = chosen !== undefined && !isChosen ? 0.25 : 1;
      context.strokeStyle = palette[group ? 'bundle' : link.state];
      context.lineWidth = group ? 1 + 13 * share : link.state === 'pruned' ? 1.2 : 0.8 + 4.2 * share;
      const strength = group ? 0.5 : link.state === 'pruned' ? 0.9 * (1 - progress) : 0.35 + 0.6 * share;
      context.globalAlpha = dim * (isChosen ? Math.max(strength, 0.9) : strength);
      if (context.globalAlpha < 0.01) continue;
      const [from, to] = [y(l, link.from), y(l + 1, link.to)];
      // A new connection grows from its input.
      const reach = isNew ? Math.max(0.02, progress) : 1;
      if (reach < 1) context.setLineDash([reach * (x1 - x0) * 1.2, 10_000]);
      else context.setLineDash(link.state === 'pruned' ? [4, 3] : []);
      context.beginPath();
      context.moveTo(x0, from);
      context.bezierCurveTo(x0 + bend, from, x1 - bend, to, x1, to);
      context.stroke();
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  #drawNeurons(context: AnyContext, look: NetworkLook, y: (layer: number, at: number) => number): void {
    const [last, palette] = [look.layers.length - 1, this.#palette];
    if (palette === undefined) return;
    context.font = `12px ${palette.font}`;
    look.layers.forEach(({ neurons, size }, layer) => {
      const x = this.#x(layer);
      neurons.forEach(({ neuron, strength }, at) => {
        const isChosen = this.#chosen?.layer === layer && this.#chosen.at === at;
        context.beginPath();
        if (neuron < 0) {
          context.fillStyle = palette.bundle;
          context.roundRect(x - 4, y(layer, at) - 5, 8, 10, 3);
        } else {
          context.fillStyle = palette[isChosen ? 'a' : 'text'];
          context.arc(x, y(layer, at), isChosen ? 6.5 : 2 + 3 * Math.sqrt(strength), 0, 2 * Math.PI);
        }
        context.fill();
      });
      context.fillStyle = palette.muted;
      context.textAlign = layer === 0 ? 'left' : layer === last ? 'right' : 'center';
      const name = layer === 0 ? 'inputs' : layer === last ? 'answers' : 'neurons';
      const isNarrow = this.#size.width / look.layers.length < 92;
      const text = isNarrow && layer > 0 && layer < last ? grouped(size) : `${grouped(size)} ${name}`;
      const edge = layer === 0 ? -ROOM.side : layer === last ? ROOM.side : 0;
      context.fillText(text, x + edge, 13);
    });
  }
}

const heightOf = (at: number, count: number): number => (at + 0.5) / count;
