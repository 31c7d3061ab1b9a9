import { readField } from '../base/checks.ts';
import { CtreError, show, tagOf } from '../base/errors.ts';
import type { UrlObject } from '../base/hostTypes.ts';
import { checkJson } from '../base/json.ts';
import type { Recipe } from '../files/modelFile.ts';
import { topologyByName } from '../topology/methods.ts';
import type { Topology } from '../topology/topology.ts';
import { sendPart } from './recipe.ts';

/**
 * A topology method of one's own for a worker, by the module that exports it by default as `{ name, create
 * }`. The worker imports the module, and calls `create(options)`.
 */
export interface MethodByUrl {
  /** The module's address, absolute: `new URL('./mine.js', import.meta.url)`. */
  readonly module: string | UrlObject;
  /** What `create` is called with; {} by default. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Options of a model in a worker: its topology may be a module. */
export type WithMethodByUrl<O> = Omit<O, 'topology'> & {
  /** How the topology evolves: a method of the package, or the address of a module with one of one's own. */
  readonly topology?: Topology | MethodByUrl;
};

/** A method as a message holds it. */
export type SentTopology = Recipe | { readonly module: string; readonly options: Recipe['options'] };

/** @throws CtreError `E_ARGUMENT` for a method of one's own that is no module, or an address that is none. */
export function sendTopology(value: unknown): SentTopology | undefined {
  if (typeof value !== 'object' || value === null || !('module' in value)) {
    return sendPart('topology', value, topologyByName);
  }
  const unknown = Object.keys(value).find((key) => key !== 'module' && key !== 'options');
  if (unknown !== undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      `topology has module and ${show(unknown)}; expected module and options alone`,
    );
  }
  const options = checkJson('topology.options', readField('topology', value, 'options') ?? {});
  return { module: checkAddress(value.module), options };
}

/** The worker's file is elsewhere than the caller's, so an address from here would lead it astray. */
function checkAddress(module: unknown): string {
  const isUrl = tagOf(module) === 'URL';
  if (typeof module === 'string' || isUrl) {
    try {
      // What Turbopack gives in the place of a URL begins at the root of the site.
      const base = isUrl ? globalThis.location?.href : undefined;
      return new URL(String(module), base).href;
    } catch {
      // A relative one.
    }
  }
  throw new CtreError(
    'E_ARGUMENT',
    `topology.module is ${show(module)}; expected an absolute URL, as new URL('./mine.js', ` +
      'import.meta.url) is',
  );
}
