// The page's half of pictureWorker.ts: it hands over a canvas and what to draw there, and knows which neuron is
// where. On the page's own thread hundreds of lines would take too long.
import { LiveWorker, type WorkerProblem } from '../shared/liveWorker.ts';
import { grouped } from '../shared/numbers.ts';
import { type Size, styleValue } from '../shared/page.ts';
import { NetworkDrawing, type Palette, type PictureSize, type Place, ROOM } from './networkDrawing.ts';
import type { NetworkLook } from './protocol.ts';

/** How near to a layer a pointer has to be, in CSS pixels. */
const NEAR = 24;

/** What the worker is asked to do. */
export type PictureQuestion =
  | { readonly kind: 'canvas'; readonly canvas: OffscreenCanvas }
  | {
      readonly kind: 'look';
      readonly look: NetworkLook;
      readonly size: PictureSize;
      readonly palette: Palette;
      readonly isStill: boolean;
    }
  | { readonly kind: 'choose'; readonly place: Place | undefined }
  | { readonly kind: 'clear' };

/** A network's picture on a canvas, drawn by another thread where the browser can do that. */
export class NetworkPicture {
  #canvas: HTMLCanvasElement;
  readonly #isStill: () => boolean;
  readonly #worker: LiveWorker<PictureQuestion>;
  #drawing: NetworkDrawing | undefined;
  #size: Size = { width: 0, height: 0 };
  #look: NetworkLook | undefined;
  #chosen: Place | undefined;
  #isBusy = false;
  #isWaiting = false;

  /**
   * @param isStill whether nothing may move.
   * @param onEnd called when the thread that draws has ended. `restart` makes it draw again.
   */
  constructor(canvas: HTMLCanvasElement, isStill: () => boolean, onEnd: (problem: WorkerProblem) => void) {
    [this.#canvas, this.#isStill] = [canvas, isStill];
    this.#worker = new LiveWorker(
      'The thread that draws the network',
      () => new Worker(new URL('./pictureWorker.ts', import.meta.url), { type: 'module' }),
      onEnd,
    );
    this.#handOver();
  }

  get look(): NetworkLook | undefined {
    return this.#look;
  }

  get chosen(): Place | undefined {
    return this.#chosen;
  }

  /** Draws in a new thread. @param canvas the one before belongs to the thread that has ended. */
  restart(canvas: HTMLCanvasElement): void {
    [this.#canvas, this.#isBusy] = [canvas, false];
    this.#handOver();
    void this.#draw();
  }

  /** Shows a look; the neurons glide there from where they are. */
  show(look: NetworkLook, size: Size): void {
    const isSame = this.#size.width === size.width && this.#size.height === size.height;
    if ((this.#look === look && isSame) || size.width === 0) return;
    [this.#look, this.#size] = [look, size];
    void this.#draw();
  }

  redraw(): void {
    void this.#draw();
  }

  clear(): void {
    [this.#look, this.#chosen] = [undefined, undefined];
    this.#drawing?.clear();
    this.#ask({ kind: 'clear' });
  }

  /** Marks a neuron and its connections; none without a place. */
  choose(place: Place | undefined): void {
    if (place?.layer === this.#chosen?.layer && place?.at === this.#chosen?.at) return;
    this.#chosen = place;
    this.#drawing?.choose(place);
    this.#ask({ kind: 'choose', place });
  }

  /** The neuron at a point of the canvas, in CSS pixels. */
  neuronAt(x: number, y: number): Place | undefined {
    const layers = this.#look?.layers;
    if (layers === undefined) return undefined;
    const { width, height } = this.#size;
    const step = Math.max(1, width - 2 * ROOM.side) / (layers.length - 1);
    const layer = Math.min(layers.length - 1, Math.max(0, Math.round((x - ROOM.side) / step)));
    if (Math.abs(ROOM.side + step * layer - x) > NEAR) return undefined;
    const { neurons } = layers[layer];
    const share = (y - ROOM.top) / Math.max(1, height - ROOM.top - ROOM.bottom);
    const at = Math.min(neurons.length - 1, Math.max(0, Math.floor(share * neurons.length)));
    return neurons[at].neuron < 0 ? undefined : { layer, at };
  }

  #handOver(): void {
    if (typeof this.#canvas.transferControlToOffscreen !== 'function') {
      this.#drawing = new NetworkDrawing(this.#canvas);
      return;
    }
    const canvas = this.#canvas.transferControlToOffscreen();
    this.#ask({ kind: 'canvas', canvas }, [canvas]);
  }

  /** Draws the latest look. While the thread is busy with one, others wait, and only the latest is drawn. */
  async #draw(): Promise<void> {
    if (this.#look === undefined) return;
    const { width, height } = this.#size;
    const size = { width, height, scale: Math.min(2, window.devicePixelRatio) };
    const isStill = this.#isStill();
    if (this.#drawing !== undefined) {
      this.#drawing.show(this.#look, size, palette(), isStill);
      return;
    }
    this.#isWaiting = this.#isBusy;
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.#worker.ask({ kind: 'look', look: this.#look, size, palette: palette(), isStill });
      this.#isBusy = false;
      if (this.#isWaiting) void this.#draw();
    } catch {
      // Its end is told by itself; nothing is drawn until it is started again.
    }
  }

  #ask(question: PictureQuestion, transfer: Transferable[] = []): void {
    if (this.#drawing === undefined) this.#worker.ask(question, transfer).catch(() => undefined);
  }
}

function palette(): Palette {
  const [kept, pruned, scored, random] = ['--kept', '--pruned', '--scored', '--random'].map(styleValue);
  const [bundle, text, muted, a] = ['--bundle', '--text', '--muted', '--a'].map(styleValue);
  return { kept, pruned, scored, random, bundle, text, muted, a, font: styleValue('font-family') };
}

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
