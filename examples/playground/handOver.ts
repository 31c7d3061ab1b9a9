import type { PreparedData } from './protocol.ts';

/** The buffers of all arrays of some data, each once: they can be handed over to another thread. */
export function buffersOf({ train, validation }: PreparedData): ArrayBuffer[] {
  const arrays = [train, validation].flatMap(({ x, labels }) =>
    'data' in x ? [x.data, labels] : [x.indptr, x.indices, x.values, labels],
  );
  return [...new Set(arrays.map(({ buffer }) => buffer))].filter((buffer) => buffer instanceof ArrayBuffer);
}
