import type { Spread } from '../statistics.ts';
import type { Group } from '../summary.ts';
import type { Plotter } from './plots.ts';

// The small pieces of a report's HTML.

/** Text that means nothing to a browser, also within quotes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}

/** A plot with its title and what it shows. */
export function figure(title: string, svg: string, caption: string): string {
  const below = `<figcaption>${escapeHtml(caption)}</figcaption>`;
  return `<figure><h4>${escapeHtml(title)}</h4>${svg}${below}</figure>`;
}

/** The colours of methods, in a list. */
export function legend(methods: readonly string[], plotter: Plotter): string {
  return `<ul class="legend">${methods.map((method) => `<li>${chip(method, plotter)}</li>`).join('')}</ul>`;
}

/** A method by its colour and name. */
export function chip(method: string, plotter: Plotter): string {
  return `<i class="chip" style="background:${plotter.colour(method)}"></i>${escapeHtml(method)}`;
}

/** What the cells of a group share, in words. */
export function groupTitle({ cell }: Group): string {
  const { dataset, hidden, epsilon } = cell;
  const layers = hidden.length === 0 ? 'no hidden layer' : `hidden layers ${hidden.join(' – ')}`;
  return `${dataset}, ${layers}${epsilon === null ? '' : `, ε = ${epsilon}`}`;
}

/** Mean ± standard deviation. */
export function spreadText({ mean, deviation }: Spread): string {
  return `${mean.toFixed(4)}${deviation === undefined ? '' : ` ± ${deviation.toFixed(4)}`}`;
}

/** A number of things: 1 seed, 2 seeds. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A large number with three digits: 7.21M. */
export function siNumber(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
}
