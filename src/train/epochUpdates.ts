import type { LayerUpdate, Update } from '../growth/update.ts';
import type { Positions } from '../matrix/pattern.ts';
import type { EditCounts } from '../topology/edit.ts';
import type { ScoreKind } from '../topology/topology.ts';
import type { Evolution } from './epoch.ts';

/** The updates of one epoch, summed up. */
export class EpochUpdates {
  count = 0;
  seconds = 0;
  #pairs = 0;
  #multiplyAdds = 0;
  #candidates: ScoreKind | null = null;
  readonly #layers: (LayerUpdate[] | undefined)[];

  constructor(layers: number) {
    this.#layers = Array.from({ length: layers });
  }

  add({ layers, candidates, cost }: Update, seconds: number): void {
    this.count++;
    this.seconds += seconds;
    this.#pairs += cost.pairs;
    this.#multiplyAdds += cost.multiplyAdds;
    this.#candidates = candidates;
    layers.forEach((layer, l) => {
      if (layer === null) return;
      this.#layers[l] = [...(this.#layers[l] ?? []), layer];
    });
  }

  get summary(): Evolution {
    return {
      updates: this.count,
      seconds: this.seconds,
      pairs: this.#pairs,
      multiplyAdds: this.#multiplyAdds,
      layers: this.#layers.map((updates) => (updates === undefined ? null : sumCounts(updates))),
      candidates: this.#candidates,
    };
  }

  /** The positions of a layer that its updates drew at random, in row-major order. */
  drawn(layer: number): Positions | undefined {
    const updates = this.#layers[layer];
    return updates && unite(updates.map(({ drawn }) => drawn));
  }
}

function sumCounts(updates: readonly LayerUpdate[]): EditCounts {
  const sum = (name: keyof EditCounts): number =>
    updates.reduce((total, { counts }) => total + counts[name], 0);
  return { pruned: sum('pruned'), regrown: sum('regrown'), grown: sum('grown'), random: sum('random') };
}

/** The positions of all lists, each once. */
function unite(lists: readonly Positions[]): Positions {
  if (lists.length === 1) return lists[0];
  const all = lists.flatMap(({ rows, cols }) => Array.from(rows, (row, e) => [row, cols[e]]));
  const ordered = all.sort(([r, c], [otherRow, otherCol]) => r - otherRow || c - otherCol);
  const distinct = ordered.filter(
    ([r, c], e) => e === 0 || r !== ordered[e - 1][0] || c !== ordered[e - 1][1],
  );
  return { rows: Int32Array.from(distinct, ([r]) => r), cols: Int32Array.from(distinct, ([, c]) => c) };
}
