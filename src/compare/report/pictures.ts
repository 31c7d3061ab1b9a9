import type { Looks } from '../cell.ts';
import type { MethodSummary } from '../summary.ts';
import { chip, escapeHtml } from './html.ts';
import type { Plotter } from './plots.ts';
import { GRADIENT, pngUrl } from './png.ts';

/** Where the inputs are pixels: how many connections each has, epoch by epoch. */
export function pictures(methods: readonly MethodSummary[], plotter: Plotter): string {
  // With every connection all pixels are alike.
  const sparse = methods.filter(({ density }) => density !== undefined && density < 1);
  const shown = sparse.flatMap(({ finished }) =>
    finished
      .flatMap(({ method, seed, looks: { picture } }) =>
        picture === undefined ? [] : { method, seed, picture },
      )
      .slice(0, 1),
  );
  const all = shown.flatMap(({ picture }) => picture.connections.flat()).sort((a, b) => a - b);
  if (all.length === 0) return '';
  // One pixel with many connections would darken all the others.
  const most = Math.max(1, all[Math.floor(0.995 * (all.length - 1))]);
  return `<h3>Where the network looks</h3>
<p class="note">Connections of every input pixel, seed ${shown[0].seed}, at the epochs below each picture.
All pictures have one scale: <span class="scale"><span>0</span>
<i style="background:linear-gradient(to right, ${GRADIENT})"></i><span>${most} or more</span></span></p>
${shown.map(({ method, picture }) => filmStrip(method, picture, most, plotter)).join('')}`;
}

function filmStrip(
  method: string,
  { width, height, epochs, connections }: NonNullable<Looks['picture']>,
  most: number,
  plotter: Plotter,
): string {
  const frames = epochs.map((epoch, index) => {
    const levels = Uint8Array.from(connections[index], (count) =>
      Math.round(255 * Math.min(1, count / most)),
    );
    const words = `Connections of every input of ${method}, epoch ${epoch}`;
    const source = pngUrl(width, height, levels);
    const size = `width="${width}" height="${height}"`;
    const picture = `<img src="${source}" ${size} alt="${escapeHtml(words)}">`;
    const caption = `<figcaption>${epoch === 0 ? 'before' : epoch}</figcaption>`;
    return `<figure class="frame">${picture}${caption}</figure>`;
  });
  const title = `<h4>${chip(method, plotter)}</h4>`;
  return `<div class="strip">${title}<div class="frames">${frames.join('')}</div></div>`;
}
