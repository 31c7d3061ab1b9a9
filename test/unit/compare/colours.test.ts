import { describe, expect, it } from 'vitest';
import { type Colour, colourAt } from '../../../src/compare/report/colours.ts';

/** Red, green and blue from 0 to 1, of #rrggbb or hsl(h s% l%). */
function channels(colour: string): number[] {
  const hex = /^#(..)(..)(..)$/.exec(colour);
  if (hex) return hex.slice(1).map((digits) => Number.parseInt(digits, 16) / 255);
  const [hue, saturation, lightness] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  // CSS Color 4, "HSL to RGB".
  const chroma = (saturation / 100) * Math.min(lightness / 100, 1 - lightness / 100);
  return [0, 8, 4].map((n) => {
    const k = (n + hue / 30) % 12;
    return lightness / 100 - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  });
}

const linear = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;

/** OKLab (Ottosson 2020): a distance of 0.02 is just to be seen. */
function oklab(colour: string): number[] {
  const [r, g, b] = channels(colour).map(linear);
  const [l, m, s] = [
    0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
    0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
    0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
  ].map(Math.cbrt);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** WCAG 2.2, contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [red, green, blue] = channels(colour).map(linear);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe.each<[keyof Colour, string]>([
  ['light', '#ffffff'],
  ['dark', '#14171b'],
])('the colours of methods on a %s page', (page, paper) => {
  const colours = Array.from({ length: 20 }, (_, place) => colourAt(place)[page]);

  it('are told apart, for many more methods than there are', () => {
    const distances = colours.flatMap((one, at) =>
      colours.slice(at + 1).map((other, step) => {
        const [a, b] = [oklab(one), oklab(other)];
        const distance = Math.hypot(...a.map((value, axis) => value - b[axis]));
        return { pair: `${at} ${one}, ${at + 1 + step} ${other}`, distance };
      }),
    );
    const nearest = distances.sort((a, b) => a.distance - b.distance)[0];
    expect(nearest.distance, nearest.pair).toBeGreaterThan(0.055);
  });

  it('are seen on the paper', () => {
    for (const colour of colours) expect(contrast(colour, paper), colour).toBeGreaterThan(3);
  });

  it('go on for any place', () => {
    expect(new Set(Array.from({ length: 200 }, (_, place) => colourAt(place)[page])).size).toBeGreaterThan(
      150,
    );
  });
});
