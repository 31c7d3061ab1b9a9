import { newArray } from '../base/arrays.ts';
import { checkChoice, checkInteger } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { type Random, randomStream } from '../base/random.ts';
import { TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import { type CsrPattern, type Positions, transposePattern } from '../matrix/pattern.ts';
import type { Layer } from '../nn/layer.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import { drawRows, type RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';
import { countListed } from '../topology/countListed.ts';
import type {
  CarryingLayer,
  GrowthTools,
  Likelihood,
  NeuronSums,
  Neurons,
  RowSample,
  ScoreKind,
  Wanted,
} from '../topology/topology.ts';
import { carryingLayers } from './carrying.ts';
import { checkByLayer, checkLikelihood, checkListed, checkScoreKind, checkWanted } from './checkQuestion.ts';
import { chooseListed } from './chooseListed.ts';
import type { EvolvingModel } from './evolvingModel.ts';
import { searchCosines, searchMagnitudes } from './exactSearch.ts';
import { GrowthCost } from './growthCost.ts';
import { sumNeurons } from './neuronSums.ts';
import { activationPairs, firstRows, gradientPairs, type PairStream, streamTiles } from './pairStream.ts';
import {
  byProductOfNorms,
  type NeuronLists,
  neighboursOfNeighbours,
  type Proposal,
  proposePositions,
  whichAreSet,
} from './proposals.ts';
import { scoreLists } from './scoreLists.ts';
import type { SearchContext } from './searchContext.ts';
import { type LayerNorms, sumSquares } from './streamNorms.ts';
import { findWeakest } from './weakest.ts';

/** What tools work with. */
export interface ToolSetting {
  readonly model: EvolvingModel;
  readonly executor: Executor;
  readonly workspaces: readonly Workspace[];
  /** All rows trained on. */
  readonly rows: RowList;
  /** Tells the random streams of one update from those of another. */
  readonly moment: string;
}

/** Share of the listed positions that are neighbours of neighbours, where the method says nothing. */
const GUIDED = { cosine: 0.5, gradient: 0 } as const;

/** Rows that tell which neurons are active enough to be proposed. */
const ACTIVITY_ROWS = 128;

/** The tools of one update. They count what they cost. */
export class Tools implements GrowthTools {
  readonly cost = new GrowthCost();
  protected readonly setting: ToolSetting;
  /** Holds what was asked for until the update is over. */
  protected readonly region: Region;
  readonly #samples = new WeakMap<RowSample, RowList>();
  #questions = 0;
  /** The question whose work is under way. */
  #asked: Work<unknown> | undefined;
  #isOver = false;

  constructor(setting: ToolSetting) {
    this.setting = setting;
    this.region = new Region(setting.model.network.engine.arena);
  }

  /** Frees what the update has asked for, also what it left half done. The tools answer no more. */
  end(): void {
    this.#isOver = true;
    this.#asked?.return(undefined);
    this.region.free();
  }

  random(purpose: string): Random {
    const { model, moment } = this.setting;
    return randomStream(model.seed, `${purpose}/${moment}`);
  }

  weakest(layer: number, count: number, strengths?: Float32Array): Int32Array {
    const { network } = this.open;
    const at = checkInteger('layer', layer, { least: 0, most: network.layers.length - 1 });
    const { nnz } = network.layers[at];
    if (strengths !== undefined && !(strengths instanceof Float32Array && strengths.length === nnz)) {
      throw new CtreError(
        'E_ARGUMENT',
        `strengths is ${show(strengths)}; expected a Float32Array of ${nnz}, one for each connection`,
      );
    }
    const wanted = checkInteger('count', count, { least: 0, most: nnz });
    return findWeakest(network, network.layers[at], wanted, strengths);
  }

  sampleRows(count: number, purpose = 'rows'): RowSample {
    void this.open;
    const { rows } = this.setting;
    const wanted =
      count === Number.POSITIVE_INFINITY ? rows.length : checkInteger('count', count, { least: 1 });
    const drawn = drawRows(this.region, rows, wanted, this.random(purpose));
    const sample = Object.freeze({ length: drawn.length });
    this.#samples.set(sample, drawn);
    return sample;
  }

  carrying(rows: RowSample): Work<readonly CarryingLayer[]> {
    return this.ask(this.#carrying(rows));
  }

  activations(rows: RowSample): Work<readonly Float32Array[]> {
    return this.ask(this.#activations(rows));
  }

  gradients(rows: RowSample): Work<readonly Float32Array[]> {
    return this.ask(this.#gradients(rows));
  }

  neuronSums(rows: RowSample, kind: 'absolute' | 'signed'): Work<readonly NeuronSums[]> {
    return this.ask(this.#neuronSums(rows, kind));
  }

  scoreAt(
    positions: readonly (Positions | undefined)[],
    by: ScoreKind,
    rows: RowSample,
  ): Work<readonly (Float32Array | undefined)[]> {
    return this.ask(this.#scoreAt(positions, by, rows));
  }

  likeliest(
    wanted: readonly (Wanted | undefined)[],
    by: ScoreKind,
    rows: RowSample,
    how: Likelihood,
  ): Work<readonly (Positions | undefined)[]> {
    return this.ask(this.#likeliest(wanted, by, rows, how));
  }

  *#carrying(rows: RowSample): Work<readonly CarryingLayer[]> {
    const { network } = this.open;
    const region = new Region(network.engine.arena);
    try {
      const norms = yield* sumSquares(this.context, region, this.#stream('cosine', rows));
      return carryingLayers(network, norms);
    } finally {
      region.free();
    }
  }

  *#activations(rows: RowSample): Work<readonly Float32Array[]> {
    const { network } = this.open;
    const stream = this.#stream('cosine', rows);
    const found = network.dims.map((neurons) =>
      newArray(neurons * rows.length, Float32Array, 'the activations of all neurons'),
    );
    const { memory } = network.engine.arena;
    yield* streamTiles(this.context, stream, function* (begin, count) {
      stream.slots.slice(0, count).forEach(({ inputs, outputs }, slot) => {
        const first = (begin + slot) * TILE;
        const lanes = Math.min(TILE, rows.length - first);
        found.forEach((to, l) => {
          const pointer = l === 0 ? inputs[0] : outputs[l - 1];
          const tile = new Float32Array(memory.buffer, pointer, TILE * network.dims[l]);
          for (let i = 0; i < network.dims[l]; i++) {
            to.set(tile.subarray(i * TILE, i * TILE + lanes), i * rows.length + first);
          }
        });
      });
      yield;
    });
    return found;
  }

  *#gradients(rows: RowSample): Work<readonly Float32Array[]> {
    const { network } = this.open;
    const region = new Region(network.engine.arena);
    try {
      const patterns = network.layers.map((layer) => layer.pattern());
      const listed = yield* scoreLists(
        this.context,
        region,
        patterns,
        this.#stream('gradient', rows),
        'gradient',
      );
      return listed.map((layer) => layer?.scores.view.slice() ?? new Float32Array(0));
    } finally {
      region.free();
    }
  }

  *#neuronSums(rows: RowSample, kind: 'absolute' | 'signed'): Work<readonly NeuronSums[]> {
    void this.open;
    const signs = checkChoice('kind', kind, ['absolute', 'signed']) === 'signed';
    const random = signs ? this.random(`signs/${this.#count()}`) : undefined;
    return yield* sumNeurons(this.context, this.#stream('gradient', rows), random);
  }

  *#scoreAt(
    positions: readonly (Positions | undefined)[],
    by: ScoreKind,
    rows: RowSample,
  ): Work<readonly (Float32Array | undefined)[]> {
    const { network } = this.open;
    checkByLayer('positions', positions, network.layers.length);
    const lists = network.layers.map((layer, l) => {
      const listed = positions[l];
      return listed && checkListed(listed, layer);
    });
    const region = new Region(network.engine.arena);
    try {
      const stream = this.#stream(checkScoreKind(by), rows);
      const scored = yield* scoreLists(this.context, region, lists, stream, by);
      return scored.map((layer) => layer?.scores.view.slice());
    } finally {
      region.free();
    }
  }

  *#likeliest(
    wanted: readonly (Wanted | undefined)[],
    by: ScoreKind,
    rows: RowSample,
    how: Likelihood,
  ): Work<readonly (Positions | undefined)[]> {
    const { network } = this.open;
    const { context } = this;
    checkByLayer('wanted', wanted, network.layers.length);
    const requests = network.layers.map((layer, l) => {
      const request = wanted[l];
      return request && checkWanted(request, layer);
    });
    const stream = this.#stream(checkScoreKind(by), rows);
    const { search, pairs, guided = GUIDED[by], among } = checkLikelihood(how, network.layers);
    if (search === 'exact') {
      return by === 'cosine'
        ? yield* searchCosines(context, requests, stream)
        : yield* searchMagnitudes(context, requests, stream);
    }
    const question = this.#count();
    const region = new Region(network.engine.arena);
    try {
      const isGuidedByNorms = by === 'gradient' && guided > 0;
      const norms =
        among === undefined || isGuidedByNorms
          ? copyNorms(yield* sumSquares(context, region, firstRows(stream, ACTIVITY_ROWS)))
          : undefined;
      const lists = requests.map((request, l) => {
        if (request === undefined) return undefined;
        const layer = network.layers[l];
        const pattern = layer.patternNow();
        const along = request.along ?? pattern;
        const proposal: Proposal = {
          kept: request.kept,
          pattern,
          among: listNeurons(among?.[l] ?? norms?.[l] ?? allNeurons(layer)),
          // Some to choose from, however many are wanted.
          count: Math.max(2 * request.count, countListed(by, layer, { pairs })),
          guided,
          guide:
            norms !== undefined && isGuidedByNorms
              ? byProductOfNorms(norms[l])
              : neighboursOfNeighbours(pattern, along, () => byInputOf(layer, along)),
        };
        return proposePositions(proposal, this.random(`propose/${question}/${l}`));
      });
      yield;
      const scored = yield* scoreLists(context, region, lists, stream, by);
      return requests.map((request, l) => {
        const [list, layer] = [lists[l], scored[l]];
        if (request === undefined || list === undefined || layer === undefined) return undefined;
        const random = this.random(`fill/${question}/${l}`);
        return chooseListed(network.engine.kernels, region, list, layer, request, random);
      });
    } finally {
      region.free();
    }
  }

  protected get context(): SearchContext {
    const { model, executor } = this.setting;
    const { engine, dims } = model.network;
    return { engine, executor, dims, cost: this.cost };
  }

  /** The rows of a sample that these tools have drawn. */
  protected rowsOf(rows: RowSample): RowList {
    const drawn = this.#samples.get(rows);
    if (drawn !== undefined) return drawn;
    throw new CtreError(
      'E_ARGUMENT',
      `rows is ${show(rows)}; expected what tools.sampleRows() of the same update has returned`,
    );
  }

  #stream(by: ScoreKind, rows: RowSample): PairStream {
    const { model, workspaces } = this.setting;
    const drawn = this.rowsOf(rows);
    return by === 'cosine'
      ? activationPairs(model.network, workspaces, drawn)
      : gradientPairs(model.network, workspaces, drawn);
  }

  /**
   * The work of a question. Questions share the room for tiles, so one has to be over before the next.
   * @throws CtreError `E_ARGUMENT` where another one is under way, or the update is over.
   */
  protected *ask<T>(work: Work<T>): Work<T> {
    void this.open;
    if (this.#asked !== undefined) {
      throw new CtreError(
        'E_ARGUMENT',
        'another question to the tools is under way; finish its work (yield*) before the next',
      );
    }
    this.#asked = work;
    try {
      for (;;) {
        const { done, value } = work.next();
        if (done) return value;
        yield;
        void this.open;
      }
    } finally {
      if (this.#asked === work) this.#asked = undefined;
      work.return(undefined as never);
    }
  }

  /** What every question needs. @throws CtreError once the update is over. */
  protected get open(): EvolvingModel {
    if (this.#isOver) {
      throw new CtreError('E_ARGUMENT', 'the update is over; ask its tools before the method returns');
    }
    return this.setting.model;
  }

  /** Names a question: two questions of one update draw different numbers. */
  #count(): number {
    return this.#questions++;
  }
}

/** Out of the kernels' memory, which may grow. */
function copyNorms(norms: readonly LayerNorms[]): { inputs: Float64Array; outputs: Float64Array }[] {
  return norms.map(({ inputs, outputs }) => ({
    inputs: inputs.view.slice(),
    outputs: outputs.view.slice(),
  }));
}

function listNeurons({
  inputs,
  outputs,
}: Neurons | { inputs: Float64Array; outputs: Float64Array }): NeuronLists {
  return { inputs: whichAreSet(inputs), outputs: whichAreSet(outputs) };
}

/** Connections by input. Those of the layer lie in its memory already. */
function byInputOf(
  { structure }: Layer,
  along: CsrPattern,
): { readonly indptr: Int32Array; readonly indices: Int32Array } {
  if (along.indices !== structure?.indices.view) return transposePattern(along);
  return { indptr: structure.colPtr.view, indices: structure.rowIdx.view };
}

function allNeurons({ inDim, outDim }: LayerShape): Neurons {
  return { inputs: new Uint8Array(inDim).fill(1), outputs: new Uint8Array(outDim).fill(1) };
}
