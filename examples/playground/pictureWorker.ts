// The thread that draws networks: on the page's own, thousands of lines would block it. topologyPicture.ts is
// the other half.
import type { CsrPattern, LayerEdit, Positions } from 'ctre';
import { grouped } from '../shared/page.ts';
import { MOST_LINES, type Order, type Picture } from './topologyPicture.ts';

/** Room above and below, for the layers' names. */
const ROOM = 22;

type Line = readonly [i: number, j: number];

/** Draws a network from the inputs on the left to the classes on the right. */
function draw(
  canvas: OffscreenCanvas,
  { patterns, edits, width, height, scale, colours, font }: Picture,
): void {
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(scale, scale);
  const dims = [patterns[0].cols, ...patterns.map(({ rows }) => rows)];
  const x = (layer: number): number => 14 + ((width - 28) * layer) / (dims.length - 1);
  const y = (layer: number, neuron: number): number =>
    ROOM + ((height - 2 * ROOM) * (neuron + 0.5)) / dims[layer];

  patterns.forEach((pattern, l) => {
    const share = MOST_LINES / Math.max(MOST_LINES, pattern.indices.length);
    const stroke = (
      lines: readonly Line[],
      colour: keyof Picture['colours'],
      alpha: number,
      thickness: number,
    ): void => {
      context.strokeStyle = colours[colour];
      context.globalAlpha = alpha;
      context.lineWidth = thickness;
      context.beginPath();
      for (const [i, j] of lines) {
        context.moveTo(x(l), y(l, j));
        context.lineTo(x(l + 1), y(l + 1, i));
      }
      context.stroke();
    };
    const key = ([i, j]: Line): number => i * pattern.cols + j;
    const edited = (part: keyof LayerEdit): Line[] => sampleOf(edits?.[l][part], share);
    const grown = edited('grown');
    const random = new Set(edited('random').map(key));
    const isGrown = new Set(grown.map(key));
    stroke(
      sampleOfPattern(pattern, share).filter((line) => !isGrown.has(key(line))),
      'kept',
      0.5,
      0.75,
    );
    context.setLineDash([4, 3]);
    stroke(edited('pruned'), 'pruned', 0.75, 0.9);
    context.setLineDash([]);
    stroke(
      grown.filter((line) => !random.has(key(line))),
      'scored',
      0.85,
      1.1,
    );
    stroke(
      grown.filter((line) => random.has(key(line))),
      'random',
      0.85,
      1.1,
    );
  });

  context.globalAlpha = 1;
  context.fillStyle = colours.text;
  dims.forEach((neurons, layer) => {
    const room = height - 2 * ROOM;
    if (neurons > room) context.fillRect(x(layer) - 1.5, ROOM, 3, room);
    else {
      const size = Math.min(3, (0.7 * room) / neurons);
      for (let neuron = 0; neuron < neurons; neuron++) {
        context.fillRect(x(layer) - 1.5, y(layer, neuron) - size / 2, 3, size);
      }
    }
  });
  context.fillStyle = colours.muted;
  context.font = `12px ${font}`;
  dims.forEach((neurons, layer) => {
    context.textAlign = layer === 0 ? 'left' : layer === dims.length - 1 ? 'right' : 'center';
    const edge = layer === 0 ? -14 : layer === dims.length - 1 ? 14 : 0;
    context.fillText(grouped(neurons), x(layer) + edge, 12);
  });
}

function sampleOfPattern({ rows, indptr, indices }: CsrPattern, share: number): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < rows; i++) {
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      if (hash(i, indices[p]) < share) lines.push([i, indices[p]]);
    }
  }
  return lines;
}

function sampleOf(positions: Positions | undefined, share: number): Line[] {
  const lines: Line[] = [];
  positions?.rows.forEach((i, at) => {
    if (hash(i, positions.cols[at]) < share) lines.push([i, positions.cols[at]]);
  });
  return lines;
}

/**
 * A number in [0, 1) that is always the same for a connection, so that the same ones are drawn in every
 * picture.
 */
function hash(i: number, j: number): number {
  const mixed = Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ (j + 1), 0x85ebca6b);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}

const canvases = new Map<string, OffscreenCanvas>();
/** What the next frame draws: the latest picture of every name. */
const waiting = new Map<string, Picture>();

globalThis.onmessage = ({ data: { name, canvas, picture } }: MessageEvent<Order>) => {
  if (canvas) canvases.set(name, canvas);
  if (picture === undefined) return;
  if (waiting.size === 0) requestAnimationFrame(drawWaiting);
  waiting.set(name, picture);
};

function drawWaiting(): void {
  for (const [name, picture] of waiting) {
    const canvas = canvases.get(name);
    if (canvas) draw(canvas, picture);
  }
  waiting.clear();
}
