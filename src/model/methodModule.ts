import { CtreError, reasonOf, show } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import type { OwnMethod } from '../topology/method.ts';
import { METHOD_NAMES } from '../topology/methods.ts';
import type { Topology } from '../topology/topology.ts';
import { checkTopology } from './parts.ts';

/** What lists of names, files and reports take. */
const METHOD_NAME = /^\w[\w.-]*$/;

/** Names that mean something else on the command line. */
const TAKEN: readonly string[] = [...METHOD_NAMES, 'all'];

/**
 * Imports a module, whose code runs then.
 * @param where the module as errors name it.
 * @throws CtreError `E_ARGUMENT` for one that cannot be loaded, or exports no method by default.
 */
export async function importMethod(url: string, where: string): Promise<OwnMethod> {
  let module: unknown;
  try {
    // The one import of what a caller names. Bundlers leave it as it is.
    module = await import(/* webpackIgnore: true */ /* @vite-ignore */ url);
  } catch (cause) {
    throw new CtreError('E_ARGUMENT', `${where} cannot be loaded: ${reasonOf(cause)}`, { cause });
  }
  return readMethodModule(where, module);
}

/** The method that a module exports by default, every property read once. @throws CtreError `E_ARGUMENT`. */
export function readMethodModule(where: string, module: unknown): OwnMethod {
  const given: unknown = isRecord(module) ? module.default : undefined;
  const convention = 'expected export default { name, create(options) }, where create gives the method';
  if (given === undefined) throw new CtreError('E_ARGUMENT', `${where} has no default export; ${convention}`);
  if (!isRecord(given)) {
    throw new CtreError('E_ARGUMENT', `${where} exports ${show(given)} by default; ${convention}`);
  }
  const { name, create, about, source, options = {}, published } = given;
  if (typeof create !== 'function') {
    throw new CtreError('E_ARGUMENT', `${where} exports an object without create by default; ${convention}`);
  }
  if (typeof name !== 'string' || !METHOD_NAME.test(name)) {
    throw new CtreError(
      'E_ARGUMENT',
      `the method of ${where} has the name ${show(name)}; expected letters, digits, ".", "_" and "-"`,
    );
  }
  if (TAKEN.includes(name)) {
    throw new CtreError(
      'E_ARGUMENT',
      `the method of ${where} has the name ${show(name)}, which is taken; give it another one`,
    );
  }
  if (!isRecord(options) || !Object.values(options).every(isRecord)) {
    throw new CtreError(
      'E_ARGUMENT',
      `the options of the method of ${where} are ${show(options)}; expected an object for each, by name`,
    );
  }
  if (published !== undefined && !isRecord(published)) {
    throw new CtreError(
      'E_ARGUMENT',
      `the published options of the method of ${where} are ${show(published)}; expected an object`,
    );
  }
  return Object.freeze<OwnMethod>({
    name,
    about: String(about ?? ''),
    source: String(source ?? ''),
    options: options as OwnMethod['options'],
    ...(published && { published }),
    create: (...args: unknown[]) => Reflect.apply(create, given, args),
  });
}

/**
 * Makes a method of one's own, and checks it.
 * @param where its module as errors name it.
 * @throws CtreError `E_ARGUMENT` where `create` throws, or gives anything but a method of its name.
 */
export function createMethod(
  where: string,
  { name, create }: OwnMethod,
  options: Readonly<Record<string, unknown>>,
): Topology {
  let topology: Topology;
  try {
    const created: unknown = create(options as never);
    if (created instanceof Promise) {
      created.catch(() => {});
      throw new CtreError('E_ARGUMENT', 'create gives a promise; expected the method itself');
    }
    topology = checkTopology(created);
  } catch (cause) {
    throw new CtreError('E_ARGUMENT', `${where} cannot create ${name}: ${reasonOf(cause)}`, { cause });
  }
  if (topology.name === name) return topology;
  throw new CtreError(
    'E_ARGUMENT',
    `${where} creates a method of the name ${show(topology.name)}; expected ${show(name)}, as it exports`,
  );
}
