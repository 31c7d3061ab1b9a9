// The thread that trains: it has the data and both networks, and lets them learn in turns. The page shows what
// it tells. Points of the plane are learnt in a thread of the same file.
import { CsrMatrix, CtreError, type Epoch, type LayerEdit, methods, SparseMLP } from 'ctre';
import { syntheticDataset, takeRows } from 'ctre/data';
import { type Answered, answerQuestions, tell } from '../shared/liveWorkerScope.ts';
import { type Experiment, NETWORKS, type NetworkName, type NetworkSettings } from './experiment.ts';
import { lookAtNetwork } from './networkLook.ts';
import { type Matrix, prepare } from './preparedData.ts';
import type {
  Frame,
  MethodFacts,
  NetworkFacts,
  NeuronFacts,
  Outcome,
  PostedMatrix,
  PreparedData,
  RunQuestion,
  RunTold,
} from './protocol.ts';

/** Rows of drawn digits, and what they are drawn from. */
const [DIGITS, SEED] = [4000, 1];
/** Networks of more connections are not looked at: that would take longer than training them. */
const MOST_LOOKED_AT = 1e6;
/** Looks take at most this share of the time. */
const LOOK_SHARE = 0.25;

const say = (told: RunTold, transfer: Transferable[] = []): void => tell(told, transfer);

/** Data that were read from files, and the rows that the present networks learn from. */
let own: PreparedData | undefined;
let data: PreparedData | undefined;
/** The generated data that were asked for last. */
let made: { readonly key: string; readonly prepared: PreparedData } | undefined;
let networks: Partial<Record<NetworkName, SparseMLP>> = {};
let stopper: AbortController | undefined;
let training: Promise<unknown> = Promise.resolve();

function describeMethods(): MethodFacts[] {
  return Object.values(methods).map((method) => ({
    ...{ name: method.name as MethodFacts['name'], about: method.about, source: method.source },
    keepsAll: keepsAll(method.name as MethodFacts['name']),
  }));
}

/** Whether a method keeps every connection, whatever the density asked for. */
function keepsAll(name: MethodFacts['name']): boolean {
  const { startsFull, evolve } = methods[name].create();
  return startsFull === true && evolve === undefined;
}

async function prepared({ data: name, most }: Experiment): Promise<PreparedData> {
  if (name === 'own') {
    if (own === undefined) throw new CtreError('E_ARGUMENT', 'no file is open; open one first');
    return own;
  }
  const key = `${name} ${most}`;
  if (made?.key !== key) made = { key, prepared: name === 'digits' ? await digits(most) : needles(most) };
  return made.prepared;
}

// What only some experiments need is loaded for them.

async function digits(most: number): Promise<PreparedData> {
  const { drawDigits, SIDE } = await import('./digits.ts');
  const { data: pixels, labels } = drawDigits(DIGITS, SEED);
  const x = { rows: DIGITS, cols: SIDE * SIDE, data: pixels };
  return prepare('Drawn digits', { x, labels, labelNames: [...Array(10).keys()] }, most);
}

function needles(most: number): PreparedData {
  const dataset = syntheticDataset();
  return prepare('Needles in a haystack', dataset, most, {
    informative: [...dataset.informativeColumns],
    redundant: [...dataset.redundantColumns],
  });
}

/** @throws CtreError for a method of an address that does not exist. */
function checked(settings: NetworkSettings): NetworkSettings {
  if (Object.keys(methods).includes(settings.method)) return settings;
  const names = Object.keys(methods).join(', ');
  throw new CtreError('E_ARGUMENT', `there is no method ${settings.method}; expected any of ${names}`);
}

const revive = (x: PostedMatrix): Matrix => ('data' in x ? x : CsrMatrix.fromParts(x));

async function createNetwork(
  name: NetworkName,
  { method, density, preset }: NetworkSettings,
  { hidden, seed }: Experiment,
  { facts, notes }: PreparedData,
  threads: number,
): Promise<void> {
  const model = await SparseMLP.create({
    layers: [facts.cols, ...hidden, facts.labelNames.length],
    density: keepsAll(method) ? 1 : density / 100,
    ...{ preset, seed, threads, metadata: notes },
    topology: methods[method].create(),
  });
  networks[name] = model;
  const title = keepsAll(method) ? method : `${method}, ${density} %`;
  say({ kind: 'network', network: name, facts: networkFacts(title, model) });
  say({ kind: 'frame', network: name, frame: { epoch: 0, ...look(model, undefined) } });
}

function networkFacts(title: string, model: SparseMLP): NetworkFacts {
  const layers = model.layers;
  return {
    ...{ title, connections: model.nnz, density: model.density, threads: model.threads },
    layers: [layers[0].inDim, ...layers.map(({ outDim }) => outDim)],
  };
}

/** What is shown of a network besides its scores. */
function look(model: SparseMLP, edits: readonly LayerEdit[] | undefined): Omit<Frame, 'epoch' | 'scores'> {
  if (model.nnz > MOST_LOOKED_AT) return {};
  const weights = model.layers.map((layer) => layer.weights);
  const used = new Uint8Array(weights[0].cols);
  for (const j of weights[0].indices) used[j] = 1;
  return {
    strengths: Float32Array.from(model.inputImportance()),
    connected: used.reduce((sum, one) => sum + one, 0),
    look: lookAtNetwork(weights, edits),
  };
}

/** Trains both networks in turns of an epoch. The next turn is of the one that has trained for less time. */
async function train(experiment: Experiment, threads: number, stop: AbortController): Promise<void> {
  const wanted = NETWORKS.flatMap((name) => {
    const settings = experiment[name];
    return settings ? [{ name, settings: checked(settings) }] : [];
  });
  const present = await prepared(experiment);
  forget();
  data = present;
  say({ kind: 'data', facts: present.facts });
  for (const { name, settings } of wanted) {
    await createNetwork(name, settings, experiment, present, threads);
    // Stop is heard between two networks, too.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const { epochs, batchSize } = experiment;
  const x = revive(present.train.x);
  const validation = { x: revive(present.validation.x), y: present.validation.labels };
  let turns = wanted.flatMap(({ name }) => {
    const model = networks[name];
    if (model === undefined) return [];
    const options = { epochs, batchSize, validation, signal: stop.signal, edits: true };
    const epochsOf = model.train(x, present.train.labels, options);
    return [{ name, show: looker(name, model), epochs: epochsOf, spent: 0 }];
  });
  while (turns.length > 0) {
    const turn = turns.reduce((least, one) => (one.spent < least.spent ? one : least));
    const begin = performance.now();
    const outcome = await takeTurn(turn, stop.signal);
    turn.spent += performance.now() - begin;
    if (outcome === undefined) continue;
    turns = turns.filter((one) => one !== turn);
    say({ kind: 'outcome', network: turn.name, outcome });
  }
  stopper = undefined;
}

interface Turn {
  readonly epochs: AsyncIterator<Epoch>;
  readonly show: (epoch: Epoch) => void;
}

/** Trains for an epoch. @returns how the training has ended, where it has. */
async function takeTurn({ epochs, show }: Turn, signal: AbortSignal): Promise<Outcome | undefined> {
  try {
    const next = await epochs.next();
    if (next.done) return { state: 'ended' };
    show(next.value);
    return undefined;
  } catch (error) {
    if (signal.aborted) return { state: 'stopped' };
    return { state: 'failed', message: (error as Error).message };
  }
}

/** Tells of every epoch of a network, and of its look as often as the time allows. */
function looker(name: NetworkName, model: SparseMLP): (epoch: Epoch) => void {
  let [edits, next]: [readonly LayerEdit[] | undefined, number] = [undefined, 0];
  return ({ epoch, loss, accuracy, valLoss, valAccuracy, trainSeconds, seconds, edits: changed }) => {
    // An epoch without an update keeps the picture of the last one.
    if (changed?.some(({ grown }) => grown.rows.length > 0)) edits = changed;
    const scores = {
      ...{ loss, accuracy, trainSeconds, seconds },
      ...(valLoss !== undefined && { valLoss }),
      ...(valAccuracy !== undefined && { valAccuracy }),
    };
    const now = performance.now();
    const shown = now >= next ? look(model, edits) : {};
    if (now >= next) next = performance.now() + (performance.now() - now) / LOOK_SHARE;
    say({ kind: 'frame', network: name, frame: { epoch, scores, ...shown } });
  };
}

function forget(): void {
  for (const model of Object.values(networks)) model.dispose();
  networks = {};
}

function need(network: NetworkName): { model: SparseMLP; present: PreparedData } {
  const model = networks[network];
  if (model === undefined || data === undefined) {
    throw new CtreError('E_ARGUMENT', 'there is no such network; train one first');
  }
  return { model, present: data };
}

function needData(): PreparedData {
  if (data === undefined) throw new CtreError('E_ARGUMENT', 'there are no data yet; train a network first');
  return data;
}

/** A held-out row, dense. */
function row(at: number): { values: Float32Array; label: number } {
  const { x, labels } = needData().validation;
  const matrix = revive(x);
  if (!(matrix instanceof CsrMatrix)) {
    return { values: matrix.data.slice(at * matrix.cols, (at + 1) * matrix.cols), label: labels[at] };
  }
  return { values: takeRows(matrix, Int32Array.of(at)).toDense().data, label: labels[at] };
}

async function explain(network: NetworkName, layer: number, neuron: number): Promise<NeuronFacts> {
  const { neuronFacts } = await import('./neuronFacts.ts');
  const { model, present } = need(network);
  const held = revive(present.validation.x);
  const some = Int32Array.from({ length: Math.min(held.rows, 400) }, (_, at) => at);
  const rows = takeRows(held, some);
  const x = rows instanceof CsrMatrix ? rows.toDense() : rows;
  const layers = model.layers.map(({ weights, bias }) => ({ weights, bias }));
  const { labelNames, picture } = present.facts;
  const { labels } = present.validation;
  const kind = { isPicture: picture !== undefined, isRelu: model.activation.name === 'relu' };
  return neuronFacts(layers, layer, neuron, x, labels, labelNames.length, kind);
}

/** Takes a model from a file as A. @throws CtreError for a file that is no model, or one of other data. */
async function load(bytes: Uint8Array, name: string, experiment: Experiment): Promise<void> {
  // The page scales its rows itself.
  const model = await SparseMLP.load(bytes, { prepared: true });
  const layers = model.layers;
  const [inputs, classes] = [layers[0].inDim, layers[layers.length - 1].outDim];
  try {
    const present = await prepared(experiment);
    const { facts } = present;
    if (inputs !== facts.cols || classes !== facts.labelNames.length) {
      throw new CtreError(
        'E_SHAPE',
        `${name} has ${inputs} inputs and ${classes} classes; ${facts.name} has ${facts.cols} and ` +
          `${facts.labelNames.length}. Choose the data first that the model was trained on`,
      );
    }
    stopper?.abort();
    await training;
    // B goes on being asked where it is of the same data.
    if (data === present) networks.a?.dispose();
    else forget();
    data = present;
  } catch (error) {
    model.dispose();
    throw error;
  }
  networks.a = model;
  say({ kind: 'data', facts: data.facts });
  say({ kind: 'network', network: 'a', facts: networkFacts(`${model.method}, from ${name}`, model) });
  const scored = model.evaluate(revive(data.validation.x), data.validation.labels);
  const scores = {
    ...{ loss: Number.NaN, accuracy: Number.NaN, trainSeconds: Number.NaN, seconds: Number.NaN },
    ...{ valLoss: scored.loss, valAccuracy: scored.accuracy },
  };
  say({ kind: 'frame', network: 'a', frame: { epoch: model.epochs, scores, ...look(model, undefined) } });
  say({ kind: 'outcome', network: 'a', outcome: { state: 'ended' } });
}

async function answer(question: RunQuestion): Promise<Answered> {
  switch (question.kind) {
    case 'methods':
      return { value: describeMethods() };
    case 'own':
      own = question.data;
      return {};
    case 'train': {
      stopper?.abort();
      // It is there before the data are: whoever stops while they are made stops this one.
      const stop = new AbortController();
      stopper = stop;
      const before = training.catch(() => undefined);
      const next = before.then(() => train(question.experiment, question.threads, stop));
      training = next.catch(() => undefined);
      await next;
      return {};
    }
    case 'stop':
      stopper?.abort();
      await training;
      return {};
    case 'row': {
      const value = row(question.row);
      return { value };
    }
    case 'predict': {
      const { values } = question;
      const rows = { rows: 1, cols: values.length, data: values };
      return { value: NETWORKS.map((name) => networks[name]?.predict(rows)) };
    }
    case 'neuron':
      return { value: await explain(question.network, question.layer, question.neuron) };
    case 'save': {
      const value = need(question.network).model.save();
      return { value, transfer: [value.buffer] };
    }
    case 'load':
      return { value: await load(question.bytes, question.name, question.experiment) };
    case 'points': {
      const { learnPoints } = await import('./pointsModel.ts');
      await learnPoints(question.points, question.side, say);
      return {};
    }
  }
}

answerQuestions(answer);
