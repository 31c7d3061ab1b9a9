// An experiment in the page's address: `#data=needles&hidden=200-100-50&epochs=40&…`. Only what differs from
// the first experiment is written.
import {
  type Experiment,
  FIRST,
  LIMITS,
  MOST_LAYERS,
  type NetworkSettings,
  type Preset,
} from './experiment.ts';

const PRESETS: readonly Preset[] = ['default', 'paper'];
/** Experiments on files are not for others: their address cannot bring the files along. */
const DATA = ['needles', 'digits'] as const;

/** The part of the address behind the #. */
export function toAddress(experiment: Experiment): string {
  const { data, most, hidden, epochs, batchSize, seed, a, b } = experiment;
  const all: [string, string, string][] = [
    ['data', data, FIRST.data],
    ['rows', String(most), String(FIRST.most)],
    ['hidden', hidden.join('-'), FIRST.hidden.join('-')],
    ['epochs', String(epochs), String(FIRST.epochs)],
    ['batch', String(batchSize), String(FIRST.batchSize)],
    ['seed', String(seed), String(FIRST.seed)],
    ['a', networkText(a), networkText(FIRST.a)],
    ['b', networkText(b), networkText(FIRST.b)],
  ];
  return all
    .filter(([, value, usual]) => value !== usual)
    .map(([key, value]) => `${key}=${value}`)
    .join('&');
}

const networkText = (network: NetworkSettings | undefined): string =>
  network === undefined
    ? 'off'
    : [network.method, network.density, ...(network.preset === 'default' ? [] : [network.preset])].join('_');

/**
 * The experiment of an address, and what of the address is not understood, in sentences. Whether a method exists
 * is said by the worker.
 */
export function fromAddress(text: string): { readonly experiment: Experiment; readonly problems: string[] } {
  const problems: string[] = [];
  const given = new URLSearchParams(text.replace(/^#/, ''));
  const known = ['data', 'rows', 'hidden', 'epochs', 'batch', 'seed', 'a', 'b'];
  for (const key of new Set(given.keys())) {
    if (!known.includes(key)) problems.push(`The address says ${key}, which nothing here is called.`);
  }
  const take = <T>(key: string, usual: T, read: (value: string) => T | undefined, expected: string): T => {
    const value = given.get(key);
    if (value === null) return usual;
    const taken = read(value);
    if (taken === undefined) problems.push(`The address says ${key}=${value}; expected ${expected}.`);
    return taken ?? usual;
  };
  const whole = (key: string, limits: keyof typeof LIMITS, usual: number): number => {
    const [least, most] = LIMITS[limits];
    const expected = `a whole number from ${least} to ${most}`;
    return take(key, usual, (value) => numberWithin(value, least, most, true), expected);
  };
  const network = (value: string): NetworkSettings | undefined => {
    const [method, density, preset = 'default', ...rest] = value.split('_');
    const share = numberWithin(density, LIMITS.density[0], LIMITS.density[1], false);
    const set = PRESETS.find((one) => one === preset);
    if (share === undefined || set === undefined || rest.length > 0 || !/^[a-z-]+$/.test(method)) {
      return undefined;
    }
    return { method: method as NetworkSettings['method'], density: share, preset: set };
  };
  const expectedNetwork = 'a method and a density in percent, such as set_2';
  const experiment: Experiment = {
    data: take('data', FIRST.data, (value) => DATA.find((one) => one === value), DATA.join(' or ')),
    most: whole('rows', 'most', FIRST.most),
    hidden: take('hidden', FIRST.hidden, widths, 'one to eight widths, such as 200-100-50'),
    epochs: whole('epochs', 'epochs', FIRST.epochs),
    batchSize: whole('batch', 'batchSize', FIRST.batchSize),
    seed: whole('seed', 'seed', FIRST.seed),
    a: take('a', FIRST.a, network, expectedNetwork),
    b:
      given.get('b') === 'off'
        ? undefined
        : take<NetworkSettings | undefined>('b', FIRST.b, network, `${expectedNetwork}, or off`),
  };
  return { experiment, problems };
}

/** Widths of hidden layers from text with commas, blanks or dashes between them. */
export function widths(text: string): readonly number[] | undefined {
  const parts = text.trim().split(/\s*[-,]\s*|\s+/);
  const [least, most] = LIMITS.width;
  const numbers = parts.map((part) => numberWithin(part, least, most, true));
  const all = numbers.filter((number) => number !== undefined);
  return all.length === parts.length && all.length <= MOST_LAYERS ? all : undefined;
}

function numberWithin(
  text: string | undefined,
  least: number,
  most: number,
  isWhole: boolean,
): number | undefined {
  if (text === undefined || !/^\d+(\.\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most && (!isWhole || Number.isInteger(value)) ? value : undefined;
}
