// The network's picture, and what makes one of its neurons fire.
import { grouped, percent } from '../shared/numbers.ts';
import { contextOf, find, make, setText, sizeOf, styleColour } from '../shared/page.ts';
import type { NetworkName } from './experiment.ts';
import { pixelAt } from './inputPicture.ts';
import type { Network } from './lab.ts';
import type { Place } from './networkDrawing.ts';
import { describeNetwork, NetworkPicture } from './networkPicture.ts';
import { complain } from './problems.ts';
import type { DataFacts, NeuronFacts } from './protocol.ts';

/** Milliseconds that a pointer rests on a neuron before the worker is asked about it. */
const REST = 60;

export interface InsideSource {
  facts(): DataFacts | undefined;
  network(name: NetworkName): Network | undefined;
  epoch(): number;
  isStill(): boolean;
  /** Keeps the size of the picture's canvas. */
  watch(canvas: HTMLCanvasElement): void;
  explain(network: NetworkName, layer: number, neuron: number): Promise<NeuronFacts>;
}

export function prepareInside(source: InsideSource) {
  let canvas = find('network', HTMLCanvasElement);
  // From now on it takes keys; before, it was a picture.
  canvas.setAttribute('role', 'application');
  const about = find('network-about', HTMLElement);
  const panel = find('neuron', HTMLElement);
  const picture = new NetworkPicture(canvas, source.isStill, ({ message }) =>
    complain('picture', `${message}. The training goes on.`, { text: 'Draw again', act: restart }),
  );
  /** The neuron that was chosen, by its number: its place changes. */
  let chosen: { readonly layer: number; readonly neuron: number } | undefined;
  /** Whether it was clicked, so that the pointer may go. */
  let isFixed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const name = (): NetworkName =>
    document.querySelector<HTMLInputElement>('[name=inside]:checked')?.value === 'b' ? 'b' : 'a';

  function show(): void {
    const other = document.querySelector<HTMLInputElement>('[name=inside][value=b]');
    if (other) other.disabled = source.network('b') === undefined && source.network('a') !== undefined;
    if (other?.checked && other.disabled) {
      const first = document.querySelector<HTMLInputElement>('[name=inside][value=a]');
      if (first) first.checked = true;
    }
    const network = source.network(name());
    const frame = network?.frames.at(source.epoch());
    if (network === undefined || frame === undefined) return;
    if (frame.look === undefined) {
      picture.clear();
      setText(about, `${grouped(network.facts.connections)} connections are too many to look into.`);
      return;
    }
    picture.show(frame.look, sizeOf(canvas));
    picture.choose(placeOf(chosen));
    setText(about, describeNetwork(frame.look, network.facts.connections, frame.epoch));
  }

  function placeOf(wanted: typeof chosen): Place | undefined {
    if (wanted === undefined) return undefined;
    const at =
      picture.look?.layers[wanted.layer]?.neurons.findIndex(({ neuron }) => neuron === wanted.neuron) ?? -1;
    return at < 0 ? undefined : { layer: wanted.layer, at };
  }

  function choose(place: Place | undefined): void {
    const neuron = place && picture.look?.layers[place.layer].neurons[place.at].neuron;
    const next = place === undefined || neuron === undefined ? undefined : { layer: place.layer, neuron };
    if (next?.layer === chosen?.layer && next?.neuron === chosen?.neuron) return;
    chosen = next;
    picture.choose(place);
    clearTimeout(timer);
    if (next === undefined) empty();
    else timer = setTimeout(() => void explain(next), REST);
  }

  function empty(): void {
    panel.replaceChildren(make('p', 'hint', 'Choose a neuron to read here what makes it fire.'));
  }

  async function explain(wanted: NonNullable<typeof chosen>): Promise<void> {
    const facts = source.facts();
    const layers = picture.look?.layers.length ?? 0;
    if (facts === undefined) return;
    try {
      const told = await source.explain(name(), wanted.layer, wanted.neuron);
      if (chosen === wanted) panel.replaceChildren(...describe(wanted, layers, told, facts));
    } catch {
      if (chosen === wanted) {
        panel.replaceChildren(make('p', 'hint', 'This network is gone. Train it again to ask it.'));
      }
    }
  }

  function listen(): void {
    canvas.addEventListener('pointermove', (event) => {
      if (event.pointerType === 'mouse' && !isFixed) choose(picture.neuronAt(event.offsetX, event.offsetY));
    });
    canvas.addEventListener('pointerleave', () => {
      if (!isFixed) choose(undefined);
    });
    canvas.addEventListener('click', (event) => {
      const place = picture.neuronAt(event.offsetX, event.offsetY);
      isFixed = place !== undefined;
      choose(place);
    });
    canvas.addEventListener('keydown', (event) => {
      const { look, chosen: place } = picture;
      if (look === undefined) return;
      if (event.key === 'Escape') {
        isFixed = false;
        choose(undefined);
        event.preventDefault();
        return;
      }
      const next = neighbour(event.key, place, look.layers);
      if (next === undefined) return;
      event.preventDefault();
      isFixed = true;
      choose(next);
    });
  }

  /** Draws on a new canvas, since the one before belongs to the thread that has ended. */
  function restart(): void {
    const next = canvas.cloneNode() as HTMLCanvasElement;
    canvas.replaceWith(next);
    canvas = next;
    listen();
    source.watch(next);
    picture.restart(next);
  }

  listen();
  for (const radio of document.querySelectorAll('[name=inside]')) {
    radio.addEventListener('change', () => {
      [chosen, isFixed] = [undefined, false];
      picture.clear();
      empty();
      show();
    });
  }

  return {
    show,
    redraw: () => picture.redraw(),
    /** Another training begins. */
    reset(): void {
      [chosen, isFixed] = [undefined, false];
      picture.choose(undefined);
      empty();
    },
  };
}

/** The neuron that an arrow key leads to. */
function neighbour(
  key: string,
  place: Place | undefined,
  layers: readonly { readonly neurons: readonly { readonly neuron: number }[] }[],
): Place | undefined {
  const count = (layer: number): number => layers[layer].neurons.filter(({ neuron }) => neuron >= 0).length;
  if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].includes(key)) return undefined;
  if (place === undefined) return { layer: 0, at: 0 };
  const { layer, at } = place;
  if (key === 'ArrowUp') return { layer, at: Math.max(0, at - 1) };
  if (key === 'ArrowDown') return { layer, at: Math.min(count(layer) - 1, at + 1) };
  const next = Math.min(layers.length - 1, Math.max(0, layer + (key === 'ArrowLeft' ? -1 : 1)));
  return { layer: next, at: Math.min(count(next) - 1, Math.round((at / count(layer)) * count(next))) };
}

/** What is said of a neuron. */
function describe(
  { layer, neuron }: { readonly layer: number; readonly neuron: number },
  layers: number,
  { incoming, outgoing, fires, inputs, weights, classes }: NeuronFacts,
  facts: DataFacts,
): Node[] {
  const { labelNames } = facts;
  const isInput = layer === 0;
  const isAnswer = layer === layers - 1;
  const title = isInput
    ? inputName(neuron, facts)
    : isAnswer
      ? `The answer “${labelNames[neuron]}”`
      : `Neuron ${neuron} of hidden layer ${layer}`;
  const counts = [
    ...(isInput ? [] : [`${grouped(incoming)} connections come in`]),
    ...(isAnswer ? [] : [`${grouped(outgoing)} go out`]),
  ];
  const parts: Node[] = [make('h3', '', title), make('p', '', `${counts.join(', ')}.`)];
  if (isInput) {
    const kind = columnKind(neuron, facts);
    if (kind !== '') parts.push(make('p', '', kind));
    return parts;
  }
  if (fires !== undefined && classes !== undefined) {
    const [likeliest] = [...classes.keys()].sort((one, other) => classes[other] - classes[one]);
    const when = isAnswer ? '' : `It fires for ${percent(fires, 0)} of the held-out rows. `;
    const most = `Of the rows that excite it most, ${percent(classes[likeliest], 0)} are “${labelNames[likeliest]}”.`;
    parts.push(make('p', '', when + most));
  }
  if (weights !== undefined && facts.picture !== undefined) {
    const canvas = make('canvas', 'weights');
    const text = `The pixels that move it: blue raises it, red lowers it.`;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', text);
    drawWeights(canvas, weights, facts.picture);
    parts.push(canvas, make('p', 'hint', text));
  } else {
    parts.push(
      make('p', 'hint', 'What moves it most, by the weights on the way to it:'),
      inputBars(inputs, facts),
    );
  }
  return parts;
}

function inputName(input: number, { featureNames, picture }: DataFacts): string {
  if (picture !== undefined) {
    const at = pixelAt(input, picture.side, picture.columnsFirst);
    return `Pixel ${at % picture.side}, ${Math.floor(at / picture.side)}`;
  }
  return featureNames?.[input] ?? `Column ${input}`;
}

function columnKind(input: number, { known }: DataFacts): string {
  if (known === undefined) return '';
  if (known.informative.includes(input)) return 'This column carries the answer.';
  if (known.redundant.includes(input)) return 'This column repeats others that carry the answer.';
  return 'This column is noise.';
}

function inputBars(inputs: NeuronFacts['inputs'], facts: DataFacts): HTMLElement {
  const bars = make('div', 'bars');
  const most = inputs.reduce((high, { weight }) => Math.max(high, Math.abs(weight)), 1e-30);
  for (const { input, weight } of inputs) {
    const bar = make('div', weight < 0 ? 'bar negative' : 'bar');
    bar.style.width = `${(100 * Math.abs(weight)) / most}%`;
    const { known } = facts;
    const matters = known && [...known.informative, ...known.redundant].includes(input);
    bars.append(
      make('div', matters ? 'name known' : 'name', inputName(input, facts)),
      make('div', 'track', bar),
      make('div', 'value', known ? (matters ? 'matters' : 'noise') : weight < 0 ? 'lowers it' : 'raises it'),
    );
  }
  return bars;
}

function drawWeights(
  canvas: HTMLCanvasElement,
  weights: Float32Array,
  { side, columnsFirst }: NonNullable<DataFacts['picture']>,
): void {
  [canvas.width, canvas.height] = [side, side];
  const context = contextOf(canvas);
  const image = context.createImageData(side, side);
  const most = weights.reduce((high, weight) => Math.max(high, Math.abs(weight)), 1e-30);
  const [paper, plus, minus] = ['--paper', '--a', '--pruned'].map(styleColour);
  weights.forEach((weight, input) => {
    const at = 4 * pixelAt(input, side, columnsFirst);
    const heat = Math.sqrt(Math.abs(weight) / most);
    (weight < 0 ? minus : plus).forEach((channel, c) => {
      image.data[at + c] = paper[c] + (channel - paper[c]) * heat;
    });
    image.data[at + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}
