/** A colour on a light page and on a dark one, as style sheets write it. */
export interface Colour {
  readonly light: string;
  readonly dark: string;
}

/** Chosen by eye, so that the first lines of a plot are told apart best. */
const CHOSEN_COLOURS: readonly Colour[] = [
  { light: '#3451c6', dark: '#91a7ff' },
  { light: '#d9480f', dark: '#ffa94d' },
  { light: '#2b8a3e', dark: '#69db7c' },
  { light: '#9c36b5', dark: '#e599f7' },
  { light: '#c92a2a', dark: '#ff8787' },
  { light: '#0b7285', dark: '#66d9e8' },
  { light: '#8f5f00', dark: '#ffd43b' },
  { light: '#66707a', dark: '#ced4da' },
  { light: '#d6336c', dark: '#faa2c1' },
  { light: '#5c7a00', dark: '#c0eb75' },
  { light: '#7a4a21', dark: '#d9a77a' },
];

/** Degrees from one hue to the next: multiples of the golden angle never come together. */
const GOLDEN_ANGLE = 137.508;
/**
 * The hue of the first colour after the palette: the one that leaves the nearest two of 20 colours farthest
 * apart.
 */
const FIRST_HUE = 320;
/** Lightness in percent, by turns: a hue that comes near another one again is darker or lighter. */
const LIGHTNESSES = [
  { light: 20, dark: 68 },
  { light: 32, dark: 57 },
];

/** The colour at a place in a list of methods of any length, from 0. */
export function colourAt(place: number): Colour {
  if (place < CHOSEN_COLOURS.length) return CHOSEN_COLOURS[place];
  const turn = place - CHOSEN_COLOURS.length;
  const hue = Math.round((FIRST_HUE + turn * GOLDEN_ANGLE) % 360);
  const { light, dark } = LIGHTNESSES[turn % LIGHTNESSES.length];
  return { light: `hsl(${hue} 100% ${light}%)`, dark: `hsl(${hue} 100% ${dark}%)` };
}
