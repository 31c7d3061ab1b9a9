import { CtreError } from '../base/errors.ts';
import type { Positions } from '../matrix/pattern.ts';
import { noPositions } from '../matrix/pattern.ts';
import type { Edit, EvolvingLayer } from './topology.ts';

/** The weakest connections go, the candidates come. */
export function growCandidates(layer: EvolvingLayer): Edit {
  return { prune: layer.weakest, grow: candidatesOf(layer), random: noPositions };
}

/** The candidates that training collected for the layer. */
export function candidatesOf({ candidates }: EvolvingLayer): Positions {
  if (candidates === undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      'this topology method grows from candidates, and training collected none',
    );
  }
  return candidates;
}
