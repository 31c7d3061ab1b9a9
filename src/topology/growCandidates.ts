import { CtreError } from '../base/errors.ts';
import type { Positions } from '../matrix/pattern.ts';
import { noPositions } from '../matrix/pattern.ts';
import type { Edit, EvolvingLayer } from './topology.ts';

/** Prunes the weakest connections, and grows the candidates. */
export function growCandidates(layer: EvolvingLayer): Edit {
  return { prune: layer.weakest, grow: candidatesOf(layer), random: noPositions };
}

/**
 * The candidates that training found for the layer.
 * @throws CtreError `E_ARGUMENT` where it was not asked to find any.
 */
export function candidatesOf({ candidates }: EvolvingLayer): Positions {
  if (candidates !== undefined) return candidates;
  throw new CtreError(
    'E_ARGUMENT',
    'the layer has no candidates, and this topology method grows them; list what it needs in `needs`',
  );
}
