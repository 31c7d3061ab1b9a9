import type { Random } from '../base/random.ts';
import type { Positions } from '../matrix/pattern.ts';

// Which pairs of neurons are scored together. The scores of a pass are the only buffer that grows with the
// pairs.

/** Pairs scored in a pass: 1 MiB of scores, which stays in the cache. */
const BLOCK_PAIRS = 1 << 18;
/** Pairs scored in all by a bounded search: 64 MiB of scores. */
export const MAX_PAIRS = 1 << 24;
/** A pass of many blocks is cut into at least so many jobs: between two the event loop has its turn. */
const MIN_JOBS = 16;
/** And into so many more for each thread: jobs differ in size, and no thread shall wait for the last. */
const JOBS_PER_THREAD = 4;

/**
 * All pairs of some output and some input neurons: ranges of the pass's lists, and where their scores begin.
 */
export interface PairBlock {
  readonly outputs: number;
  readonly rows: number;
  readonly inputs: number;
  readonly cols: number;
  readonly scores: number;
}

/** What is scored at once: lists of neurons, and blocks of their pairs. */
export interface PairPass {
  readonly outputs: Int32Array;
  readonly inputs: Int32Array;
  readonly blocks: readonly PairBlock[];
  /** Scores of all blocks. */
  readonly pairs: number;
}

/**
 * All pairs of the neurons, a block of output neurons in each pass.
 * @param groupRandom where there are more than MAX_PAIRS pairs, it draws groups of neurons, and one pass goes
 *   over the pairs within groups. Each output and each input neuron is in one group. Absent: all pairs,
 *   however many.
 */
export function planPasses(
  outputs: Int32Array,
  inputs: Int32Array,
  groupRandom: Random | undefined,
): PairPass[] {
  const pairs = outputs.length * inputs.length;
  if (pairs === 0) return [];
  if (groupRandom !== undefined && pairs > MAX_PAIRS) return [planGroups(outputs, inputs, groupRandom)];
  const rowsAtOnce = Math.max(1, Math.floor(BLOCK_PAIRS / inputs.length));
  return Array.from({ length: Math.ceil(outputs.length / rowsAtOnce) }, (_, pass) => {
    const chosen = outputs.subarray(pass * rowsAtOnce, (pass + 1) * rowsAtOnce);
    const block = { outputs: 0, rows: chosen.length, inputs: 0, cols: inputs.length, scores: 0 };
    return { outputs: chosen, inputs, blocks: [block], pairs: chosen.length * inputs.length };
  });
}

function planGroups(outputs: Int32Array, inputs: Int32Array, random: Random): PairPass {
  const wanted = Math.ceil((outputs.length * inputs.length) / MAX_PAIRS);
  const groups = Math.min(wanted, outputs.length, inputs.length);
  const [shuffledOutputs, shuffledInputs] = [outputs.slice(), inputs.slice()];
  random.shuffle(shuffledOutputs);
  random.shuffle(shuffledInputs);
  const blocks: PairBlock[] = [];
  let scores = 0;
  const bound = (neurons: Int32Array, group: number): number => Math.floor((neurons.length * group) / groups);
  for (let group = 0; group < groups; group++) {
    const [firstOutput, firstInput] = [bound(outputs, group), bound(inputs, group)];
    const rows = bound(outputs, group + 1) - firstOutput;
    // Rounding, or many more neurons on one side, may pass the bound. Then the last inputs wait for another
    // update.
    const room = Math.floor((MAX_PAIRS - scores) / rows);
    const cols = Math.min(bound(inputs, group + 1) - firstInput, room);
    blocks.push({ outputs: firstOutput, rows, inputs: firstInput, cols, scores });
    scores += rows * cols;
  }
  return { outputs: shuffledOutputs, inputs: shuffledInputs, blocks, pairs: scores };
}

/** The blocks in about equal parts: a single block is cut by its rows, several stay as they are. */
export function splitBlocks(blocks: readonly PairBlock[], threads: number): PairBlock[][] {
  const [first] = blocks;
  const parts =
    blocks.length === 1
      ? Math.min(threads, first.rows)
      : Math.min(JOBS_PER_THREAD * threads + MIN_JOBS, blocks.length);
  return Array.from({ length: parts }, (_, part) => {
    const share = (total: number): [begin: number, end: number] => [
      Math.floor((total * part) / parts),
      Math.floor((total * (part + 1)) / parts),
    ];
    if (blocks.length > 1) return blocks.slice(...share(blocks.length));
    const [begin, end] = share(first.rows);
    return [{ ...first, outputs: begin, rows: end - begin, scores: begin * first.cols }];
  });
}

/** The pairs of neurons at the given places (ascending) among a pass's scores. */
export function positionsAt({ outputs, inputs, blocks }: PairPass, places: Int32Array): Positions {
  const found = { rows: new Int32Array(places.length), cols: new Int32Array(places.length) };
  let at = 0;
  places.forEach((place, e) => {
    while (place >= blocks[at].scores + blocks[at].rows * blocks[at].cols) at++;
    const block = blocks[at];
    const within = place - block.scores;
    found.rows[e] = outputs[block.outputs + Math.floor(within / block.cols)];
    found.cols[e] = inputs[block.inputs + (within % block.cols)];
  });
  return found;
}
