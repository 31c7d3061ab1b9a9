// The network as a picture: its strongest neurons from left to right, and how strongly they are connected.
// Neurons glide to their new places; new connections come, and pruned ones go.
import { contextOf, grouped, type Size, styleValue } from '../shared/page.ts';
import type { DrawnLink, NetworkLook } from './protocol.ts';

/** Room around the neurons, in CSS pixels: names above, and on both sides. */
const ROOM = { top: 30, bottom: 10, side: 16 };
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

/** Draws looks at a network on a canvas, and knows which neuron is where. */
export class NetworkPicture {
  readonly #canvas: HTMLCanvasElement;
  readonly #isStill: () => boolean;
  #size: Size = { width: 0, height: 0 };
  #shown: Shown | undefined;
  #begun = 0;
  #isDrawing = false;
  #chosen: Place | undefined;

  /** @param isStill whether nothing may move. */
  constructor(canvas: HTMLCanvasElement, isStill: () => boolean) {
    [this.#canvas, this.#isStill] = [canvas, isStill];
  }

  get look(): NetworkLook | undefined {
    return this.#shown?.look;
  }

  get chosen(): Place | undefined {
    return this.#chosen;
  }

  /** Shows a look; the neurons glide there from where they are. */
  show(look: NetworkLook, size: Size): void {
    if (this.#shown?.look === look && this.#size.width === size.width && this.#size.height === size.height)
      return;
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
    const context = contextOf(this.#canvas);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** Marks a neuron and its connections; none without a place. */
  choose(place: Place | undefined): void {
    this.#chosen = place;
    this.redraw();
  }

  /** The neuron at a point of the canvas, in CSS pixels. */
  neuronAt(x: number, y: number): Place | undefined {
    const shown = this.#shown;
    if (shown === undefined) return undefined;
    const { layers } = shown.look;
    const layer = Math.round(
      ((x - ROOM.side) / Math.max(1, this.#size.width - 2 * ROOM.side)) * (layers.length - 1),
    );
    const own = layers[Math.min(layers.length - 1, Math.max(0, layer))];
    if (Math.abs(this.#x(layer) - x) > 24) return undefined;
    const share = (y - ROOM.top) / Math.max(1, this.#size.height - ROOM.top - ROOM.bottom);
    const at = Math.min(own.neurons.length - 1, Math.max(0, Math.floor(share * own.neurons.length)));
    return own.neurons[at].neuron < 0 ? undefined : { layer, at };
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
    if (this.#isStill()) return 1;
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
    const { width, height } = this.#size;
    if (shown === undefined || width === 0) return;
    const scale = Math.min(2, window.devicePixelRatio);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.#canvas.width !== w || this.#canvas.height !== h) {
      [this.#canvas.width, this.#canvas.height] = [w, h];
    }
    const context = contextOf(this.#canvas);
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
    context: CanvasRenderingContext2D,
    links: readonly DrawnLink[],
    l: number,
    y: (layer: number, at: number) => number,
    progress: number,
  ): void {
    const look = this.#shown?.look;
    if (look === undefined) return;
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
      context.strokeStyle = styleValue(group ? '--bundle' : `--${link.state}`);
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

  #drawNeurons(
    context: CanvasRenderingContext2D,
    look: NetworkLook,
    y: (layer: number, at: number) => number,
  ): void {
    const last = look.layers.length - 1;
    context.font = `12px ${styleValue('font-family')}`;
    look.layers.forEach(({ neurons, size }, layer) => {
      const x = this.#x(layer);
      neurons.forEach(({ neuron, strength }, at) => {
        const isChosen = this.#chosen?.layer === layer && this.#chosen.at === at;
        context.beginPath();
        if (neuron < 0) {
          context.fillStyle = styleValue('--bundle');
          context.roundRect(x - 4, y(layer, at) - 5, 8, 10, 3);
        } else {
          context.fillStyle = styleValue(isChosen ? '--a' : '--text');
          context.arc(x, y(layer, at), isChosen ? 6.5 : 2 + 3 * Math.sqrt(strength), 0, 2 * Math.PI);
        }
        context.fill();
      });
      context.fillStyle = styleValue('--muted');
      context.textAlign = layer === 0 ? 'left' : layer === last ? 'right' : 'center';
      const name = layer === 0 ? 'inputs' : layer === last ? 'answers' : 'neurons';
      const isNarrow = this.#size.width / look.layers.length < 70;
      const text = isNarrow && layer > 0 && layer < last ? grouped(size) : `${grouped(size)} ${name}`;
      const edge = layer === 0 ? -ROOM.side : layer === last ? ROOM.side : 0;
      context.fillText(text, x + edge, 13);
    });
  }
}

const heightOf = (at: number, count: number): number => (at + 0.5) / count;

/** What the picture shows, in words. */
export function describeNetwork(look: NetworkLook, connections: number, epoch: number): string {
  const { pruned, grown, random } = look.changes;
  const scored = grown - random;
  const how = [
    ...(scored > 0 ? [`${grouped(scored)} where neurons are likely to work together`] : []),
    ...(random > 0 ? [`${grouped(random)} at random`] : []),
  ];
  const update =
    grown === 0
      ? ''
      : ` The last change removed the ${grouped(pruned)} weakest and grew ${grouped(grown)}: ${how.join(', ')}.`;
  return `Epoch ${grouped(epoch)}: ${grouped(connections)} connections.${update}`;
}
