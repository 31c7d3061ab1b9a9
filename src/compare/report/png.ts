import { zlibSync } from 'fflate';
import { crc32 } from '../../base/crc32.ts';

/** From black over violet and orange to pale yellow, even steps of lightness (after matplotlib's inferno). */
const STOPS: readonly (readonly [number, number, number])[] = [
  [10, 7, 30],
  [74, 12, 107],
  [165, 44, 96],
  [237, 105, 37],
  [251, 180, 26],
  [252, 255, 164],
];

/** The colours of levels 0 to 255. */
const LEVEL_COLOURS = Uint8Array.from({ length: 3 * 256 }, (_, at) => {
  const place = (Math.floor(at / 3) / 255) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(place));
  const [from, to] = [STOPS[below][at % 3], STOPS[below + 1][at % 3]];
  return Math.round(from + (place - below) * (to - from));
});

/** The same colours for style sheets, from level 0 on. */
export const GRADIENT = STOPS.map((colour) => `rgb(${colour.join(' ')})`).join(', ');

/**
 * A picture as a PNG in a data URL: `levels` from 0 to 255, rows from the top (PNG specification, W3C 2003).
 */
export function pngUrl(width: number, height: number, levels: Uint8Array): string {
  const lines = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    lines.set(levels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3], 8);
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    chunk('PLTE', LEVEL_COLOURS),
    chunk('IDAT', zlibSync(lines)),
    chunk('IEND', new Uint8Array(0)),
  ];
  return `data:image/png;base64,${Buffer.concat(parts).toString('base64')}`;
}

function chunk(kind: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(kind), 4);
  bytes.set(content, 8);
  view.setUint32(content.length + 8, crc32(bytes.subarray(4, content.length + 8)));
  return bytes;
}
